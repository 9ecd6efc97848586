import type { Passwords } from './credentials/passwords.ts';
import type { Clock } from './domain/clock.ts';
import type { Events } from './events/writer.ts';
import type { Messages } from './messages/messages.ts';
import { createEmailChange, type EmailChange } from './operations/email-change.ts';
import { createEmailUndo, type EmailUndo } from './operations/email-undo.ts';
import type { Endings } from './operations/endings.ts';
import { createFormerProofs } from './operations/former-proofs.ts';
import type { Tell } from './operations/happenings.ts';
import { createPhoneChange, type PhoneChange } from './operations/phone-change.ts';
import type { FactorServices } from './services-factors.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about how people are reached: wiring, and nothing else. */
export interface ContactServices {
  emailChange: EmailChange;
  emailUndo: EmailUndo;
  phoneChange: PhoneChange;
}

export interface ContactServicesDeps extends FactorServices {
  records: Records;
  sealing: Sealing;
  passwords: Passwords;
  events: Events;
  endings: Endings;
  messages: Messages;
  clock: Clock;
  tell?: Tell | undefined;
}

export function openContact(deps: ContactServicesDeps): ContactServices {
  const { oneTimeCodes: codes, secondFactorGuessing: guessing } = deps;
  const inside = { ...deps, codes, guessing, formerProofs: createFormerProofs(deps) };

  return {
    emailChange: createEmailChange(inside),
    emailUndo: createEmailUndo(inside),
    phoneChange: createPhoneChange(inside),
  };
}
