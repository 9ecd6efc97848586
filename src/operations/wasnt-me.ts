import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { Account } from '../domain/account.ts';
import type { Origin } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import type { Endings } from './endings.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { OldPassword } from './old-password.ts';
import type { Recovery } from './recovery.ts';

/**
 * "This wasn't me", from a security mail: everybody is signed out at once, and a link to a new password goes to the
 * mailbox that the mail went to. Where the account has another address by now, that may be a thief's: then no link is
 * sent, and the change of the address is to be taken back first. The link of the mail opens nothing by itself: it lives
 * for days, and mails are handed on.
 */
export interface WasntMe {
  /** Whose mail a link or code is from: before the button is pressed, without effect. Undefined: it is over. */
  find(typed: string): Promise<Account | undefined>;
  /** Once; undefined: it is over. */
  disown(typed: string, from: Origin & { deviceId: string }): Promise<Disowned | undefined>;
}

export interface Disowned {
  /** Where the link went. Undefined: the account has another address by now. */
  sentTo: string | undefined;
}

export interface WasntMeDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'find' | 'take'>;
  oldPassword: OldPassword;
  endings: Pick<Endings, 'account'>;
}

export function createWasntMe(deps: WasntMeDeps & { recovery: Pick<Recovery, 'send'> }): WasntMe {
  const { records, oneTimeSecrets, endings } = deps;

  async function find(typed: string): Promise<Account | undefined> {
    const row = await oneTimeSecrets.find('wasnt-me', typed);
    const account = row?.accountId === undefined ? undefined : await records.accounts.get(row.accountId);

    return account?.status === 'active' ? account : undefined;
  }

  return {
    find,

    async disown(typed, from) {
      const account = await find(typed);
      if (!account) return undefined;

      const by = { actor: account.id, from };
      const told: Write[] = await tellingOf(deps, { ...by, account, what: { kind: 'account.disowned' } });
      const ending = { ...by, reason: 'disowned' };

      // First: whoever holds the link may do so, and should we be killed half-way, it can be pressed again.
      await endings.account(account, ending);
      await deps.oldPassword.forget(account.id);
      const taken = await oneTimeSecrets.take('wasnt-me', typed, () => told);
      if (!taken) return undefined;

      await endings.account(account, ending);

      // As it is now that nobody is inside any more.
      const now = (await records.accounts.get(account.id)) ?? account;
      if (now.emailKey !== taken.data['emailKey']) return { sentTo: undefined };

      await deps.recovery.send(now, from);

      return { sentTo: now.email };
    },
  };
}
