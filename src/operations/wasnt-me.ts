import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { Account } from '../domain/account.ts';
import type { EndedKey } from '../domain/api-key.ts';
import type { Clock } from '../domain/clock.ts';
import type { AddedFactor, Passkey } from '../domain/factors.ts';
import type { Origin } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import type { ApiKeys } from './api-keys.ts';
import { addedIn, addedSince, shownOf, type AddedShown } from './added-factors.ts';
import type { Endings } from './endings.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { KeptPassword } from './kept-password.ts';
import { provedBehind, type MailedProof, type Proved } from './mailed-proof.ts';
import type { OldPassword } from './old-password.ts';
import type { Recovery } from './recovery.ts';
import { takeAway } from './taking-away.ts';

/**
 * "This wasn't me", from a security mail: everybody is signed out at once, and a link to a new password goes to the
 * mailbox that the mail went to. API keys that were made since go as every other access does. Where the account has another address by now, that may be a thief's: then no link is
 * sent, and the change of the address is to be taken back first. The link of the mail opens nothing by itself: it lives
 * for days, and mails are handed on.
 *
 * A mail about a factor that was added takes that one away as well, or whoever added it comes back by it, or keeps the
 * person out with it. It takes nothing else, and only with the password from before it was added: a mailbox is no reason to
 * lose a factor (S75), neither one that was there before nor one that is the person's own after all.
 */
export interface WasntMe {
  /** Whose mail a link or code is from: before the button is pressed, without effect. Undefined: it is over. */
  find(typed: string): Promise<Disputed | undefined>;
  /**
   * Once; undefined: it is over. Without `password` what was added stays. With one that is not right nothing is done;
   * `wait` in seconds: too many of these; `locked`: a hundred in a row.
   */
  disown(
    typed: string,
    given: { password?: string | undefined; from: Origin & { deviceId: string } },
  ): Promise<Disowned | undefined | 'wrong' | { wait: number } | 'locked'>;
}

export interface Disputed {
  account: Account;
  /** What the mail is about, if that can be taken away with the password from before. */
  added?: AddedShown;
  /** API keys that were made since: they are deleted. */
  keys: EndedKey[];
}

export interface Disowned {
  /** Where the link went. Undefined: the account has another address by now. */
  sentTo: string | undefined;
  /** What was taken away. */
  removed?: AddedShown;
  /** Deleted; not told to an address from before, either. */
  keys: EndedKey[];
  /** What else was added in the last days and is still there; not told to an address from before. */
  others: AddedShown[];
}

export interface WasntMeDeps extends HappeningsDeps {
  records: Pick<Records, 'accounts' | 'passkeys' | 'passwords'>;
  factors: FactorChanges;
  clock: Clock;
  oneTimeSecrets: Pick<OneTimeSecrets, 'find' | 'take'>;
  keptPassword: Pick<KeptPassword, 'fits'>;
  guessing: MailedProof['guessing'];
  oldPassword: OldPassword;
  endings: Pick<Endings, 'account'>;
  apiKeys: Pick<ApiKeys, 'list' | 'removeSuspect'>;
}

type Visited = Origin & { deviceId: string };

interface Seen {
  account: Account;
  added: AddedFactor | undefined;
  /** Milliseconds: when that happened what the mail is about. */
  since: number;
  /** The password from before, as it was kept. */
  before: string | undefined;
}

/** Milliseconds: what a mail tells of was made a moment before it was written. */
const moment = 5_000;
/** Milliseconds: as long as the link of a mail works. */
const newFor = 7 * 86_400_000;

export function createWasntMe(deps: WasntMeDeps & { recovery: Pick<Recovery, 'send'> }): WasntMe {
  const { records, factors, oneTimeSecrets, keptPassword, guessing, endings, apiKeys, clock } = deps;

  async function look(typed: string): Promise<Seen | undefined> {
    const row = await oneTimeSecrets.find('wasnt-me', typed);
    const account = row?.accountId === undefined ? undefined : await records.accounts.get(row.accountId);
    if (!row || account?.status !== 'active') return undefined;

    const { added, password } = row.data;

    const before = typeof password === 'string' ? password : undefined;

    return { account, added: addedIn(added), since: row.createdAt - moment, before };
  }

  function prove({ account: { id: accountId }, before = '' }: Seen, password: string, from: Visited): Promise<Proved> {
    return provedBehind('wasnt-me', { guessing, accountId, from }, () =>
      keptPassword.fits(accountId, before, password),
    );
  }

  async function passkeysOf(account: Account): Promise<Passkey[]> {
    return (await records.passkeys.list('account', account.id, { limit: 1000 })).rows;
  }

  async function find(typed: string): Promise<Disputed | undefined> {
    const seen = await look(typed);
    if (!seen) return undefined;

    const { account, since } = seen;
    const made = (await apiKeys.list(account.id)).filter(({ createdAt }) => createdAt >= since);
    const keys = made.map(({ name, prefix }) => ({ name, prefix }));
    if (!seen.added) return { account, keys };

    const [now, passkeys] = await Promise.all([factors.of(account.id), passkeysOf(account)]);
    const added = shownOf(now, passkeys, seen.added);

    return { account, keys, ...(added && { added }) };
  }

  return {
    find,

    async disown(typed, { password, from }) {
      const [seen, disputed] = await Promise.all([look(typed), find(typed)]);
      if (!seen || !disputed) return undefined;

      const proved = disputed.added && password !== undefined ? await prove(seen, password, from) : undefined;
      if (proved !== undefined && proved !== 'right') return proved;

      const { account, since } = seen;
      const added = proved && seen.added;
      const removed = proved && disputed.added && { removed: disputed.added };
      const by = { actor: account.id, from };
      const told: Write[] = await tellingOf(deps, { ...by, account, what: { kind: 'account.disowned' } });
      const ending = { ...by, reason: 'disowned' };

      // First: whoever holds the link may do so, and should we be killed half-way, it can be pressed again.
      await endings.account(account, ending);
      await deps.oldPassword.forget(account.id);
      const keys = await apiKeys.removeSuspect(account, { since }, by);
      if (added) await takeAway(deps, { account, by, which: () => [added] });
      const taken = await oneTimeSecrets.take('wasnt-me', typed, () => told);
      if (!taken) return undefined;

      await endings.account(account, ending);
      keys.push(...(await apiKeys.removeSuspect(account, { since }, by)));

      // As it is now that nobody is inside any more.
      const now = (await records.accounts.get(account.id)) ?? account;
      if (now.emailKey !== taken.data['emailKey']) return { sentTo: undefined, ...removed, keys: [], others: [] };

      await deps.recovery.send(now, from);

      const [left, passkeys] = await Promise.all([factors.of(account.id), passkeysOf(account)]);

      return { sentTo: now.email, ...removed, keys, others: addedSince(left, passkeys, clock.now() - newFor) };
    },
  };
}
