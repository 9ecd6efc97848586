import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { AdministratorsDoing } from '../messages/account-mails.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Write } from '../storage/records.ts';

export interface AdministratorsMailDeps {
  messages: Pick<Messages, 'compose'>;
  clock: Clock;
}

/**
 * What a person hears of what an administrator did to their account, to be written in the same step. Not where that one
 * was. To a proved address alone: an unproved one may be a stranger's.
 */
export function mailAbout(
  { messages, clock }: AdministratorsMailDeps,
  account: Account,
  doing: AdministratorsDoing,
): readonly Write[] {
  if (!account.emailVerified) return [];

  return messages.compose('by-administrator', { ...toAccount(account), data: { at: clock.now(), ...doing } });
}
