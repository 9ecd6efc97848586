import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { baresPassword, type AddedFactor, type Passkey } from '../domain/factors.ts';
import type { Origin } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import { addedIn, addedSince, shownOf, withoutAdded, type AddedShown } from './added-factors.ts';
import type { Endings } from './endings.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { OldPassword } from './old-password.ts';
import type { By } from './problems.ts';
import type { Recovery } from './recovery.ts';

/**
 * "This wasn't me", from a security mail: everybody is signed out at once, and a link to a new password goes to the
 * mailbox that the mail went to. Where the account has another address by now, that may be a thief's: then no link is
 * sent, and the change of the address is to be taken back first. The link of the mail opens nothing by itself: it lives
 * for days, and mails are handed on.
 *
 * A mail about a factor that was added takes that one away as well, or whoever added it comes back by it, or keeps the
 * person out with it. It takes nothing else: a mailbox is no reason to lose a factor that was there before.
 */
export interface WasntMe {
  /** Whose mail a link or code is from: before the button is pressed, without effect. Undefined: it is over. */
  find(typed: string): Promise<Disputed | undefined>;
  /** Once; undefined: it is over. */
  disown(typed: string, from: Origin & { deviceId: string }): Promise<Disowned | undefined>;
}

export interface Disputed {
  account: Account;
  /** What the mail is about, if that can be taken away. */
  added?: AddedShown;
}

export interface Disowned {
  /** Where the link went. Undefined: the account has another address by now. */
  sentTo: string | undefined;
  /** What was taken away. */
  removed?: AddedShown;
  /** What else was added in the last days and is still there; not told to an address from before. */
  others: AddedShown[];
}

export interface WasntMeDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts' | 'passkeys'>;
  factors: FactorChanges;
  clock: Clock;
  oneTimeSecrets: Pick<OneTimeSecrets, 'find' | 'take'>;
  oldPassword: OldPassword;
  endings: Pick<Endings, 'account'>;
}

/** Milliseconds: as long as the link of a mail works. */
const newFor = 7 * 86_400_000;

export function createWasntMe(deps: WasntMeDeps & { recovery: Pick<Recovery, 'send'> }): WasntMe {
  const { records, factors, oneTimeSecrets, endings, clock } = deps;

  async function look(typed: string): Promise<{ account: Account; added: AddedFactor | undefined } | undefined> {
    const row = await oneTimeSecrets.find('wasnt-me', typed);
    const account = row?.accountId === undefined ? undefined : await records.accounts.get(row.accountId);

    return row && account?.status === 'active' ? { account, added: addedIn(row.data['added']) } : undefined;
  }

  async function passkeysOf(account: Account): Promise<Passkey[]> {
    return (await records.passkeys.list('account', account.id, { limit: 1000 })).rows;
  }

  async function find(typed: string): Promise<Disputed | undefined> {
    const seen = await look(typed);
    if (!seen?.added) return seen && { account: seen.account };

    const { account } = seen;
    const [now, passkeys] = await Promise.all([factors.of(account.id), passkeysOf(account)]);
    const added = shownOf(now, passkeys, seen.added);

    return { account, ...(added && { added }) };
  }

  /**
   * Also an administrator's last strong one: setting one up is then the next step of signing in. A password that is too
   * short without it goes along (S61), or whoever added the factor could keep it by setting such a one.
   */
  async function takeAway(account: Account, added: AddedFactor, by: By): Promise<void> {
    await factors.make(account, by, (seen) => {
      const without = withoutAdded(seen, added);
      if (!without) return { refused: 'gone' };

      const { happened } = without;
      const { shortPassword, ...rest } = without.left;
      const isBare = baresPassword(without.left, seen);
      const also: Write[] = [];
      if (added.kind === 'passkey') also.push({ in: 'passkeys', remove: added.id });
      if (isBare) also.push({ in: 'passwords', remove: account.id });

      return {
        next: { ...rest, ...(!isBare && shortPassword && { shortPassword }), forgottenAt: clock.now() },
        happened,
        also,
        value: {},
      };
    });
  }

  return {
    find,

    async disown(typed, from) {
      const [seen, disputed] = await Promise.all([look(typed), find(typed)]);
      if (!seen || !disputed) return undefined;

      const { account, added } = seen;
      const removed = disputed.added && { removed: disputed.added };
      const by = { actor: account.id, from };
      const told: Write[] = await tellingOf(deps, { ...by, account, what: { kind: 'account.disowned' } });
      const ending = { ...by, reason: 'disowned' };

      // First: whoever holds the link may do so, and should we be killed half-way, it can be pressed again.
      await endings.account(account, ending);
      await deps.oldPassword.forget(account.id);
      if (added) await takeAway(account, added, by);
      const taken = await oneTimeSecrets.take('wasnt-me', typed, () => told);
      if (!taken) return undefined;

      await endings.account(account, ending);

      // As it is now that nobody is inside any more.
      const now = (await records.accounts.get(account.id)) ?? account;
      if (now.emailKey !== taken.data['emailKey']) return { sentTo: undefined, ...removed, others: [] };

      await deps.recovery.send(now, from);

      const [left, passkeys] = await Promise.all([factors.of(account.id), passkeysOf(account)]);

      return { sentTo: now.email, ...removed, others: addedSince(left, passkeys, clock.now() - newFor) };
    },
  };
}
