import type { Config } from './config/schema.ts';
import { createGuessing, type GuessingDeps } from './credentials/guessing.ts';
import type { PasswordPolicy } from './credentials/password-policy.ts';
import type { Passwords } from './credentials/passwords.ts';
import type { Clock } from './domain/clock.ts';
import type { Events } from './events/writer.ts';
import type { Messages } from './messages/messages.ts';
import { createAccountFiles, type AccountFiles } from './operations/account-import.ts';
import { createEmailVerification, type EmailVerification } from './operations/email-verification.ts';
import type { Tell } from './operations/happenings.ts';
import { createRegistration, type Registration } from './operations/registration.ts';
import type { FactorServices } from './services-factors.ts';
import type { Ephemera } from './storage/ephemera.ts';
import type { Reads } from './storage/reads.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about how accounts begin: wiring, and nothing else. */
export interface NewcomerServices {
  registration: Registration;
  emailVerification: EmailVerification;
  accountFiles: AccountFiles;
}

export interface NewcomerServicesDeps {
  config: Pick<Config, 'registration' | 'limits'> & { account: Pick<Config['account'], 'verify_email'> };
  records: Records;
  reads: Reads;
  ephemera: Ephemera;
  sealing: Sealing;
  passwords: Passwords;
  policy: PasswordPolicy;
  factors: Pick<FactorServices, 'oneTimeCodes' | 'proveCode'>;
  messages: Messages;
  events: Events;
  clock: Clock;
  tell?: Tell | undefined;
  /** See `GuessingDeps`. */
  takeOver?: GuessingDeps['takeOver'];
}

export function openNewcomers({ config, factors, ...deps }: NewcomerServicesDeps): NewcomerServices {
  const { registration, limits, account } = config;
  const { oneTimeCodes: codes, proveCode } = factors;
  const guessing = createGuessing({ ...deps, limits: limits.sign_in, at: 'registration' });
  const settings = { allowed: registration.allowed, perAddress: registration.per_address };

  return {
    registration: createRegistration({ ...deps, settings, codes, guessing }),
    accountFiles: createAccountFiles(deps),
    emailVerification: createEmailVerification({ ...deps, setting: account.verify_email, codes, proveCode }),
  };
}
