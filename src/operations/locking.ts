import { z } from 'zod';

import { isLockOver, type Account, type Lock } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Ended } from '../domain/receipt.ts';
import type { Events } from '../events/writer.ts';
import type { Records, Write } from '../storage/records.ts';
import { mailAbout, type AdministratorsMailDeps } from './administrators-mail.ts';
import { hold, type Condition, type Only } from './conditions.ts';
import type { Endings } from './endings.ts';
import { createLastAdministrator } from './last-administrator.ts';
import { problem, read as readInput, refused, type By, type Result } from './problems.ts';
import { neededLine, problemIs } from './text-rules.ts';
import { eachInTurn } from './turns.ts';

/**
 * Locking accounts: from that write on nothing of one works, on every node, and all that was given is ended (S30). Its
 * owner hears why by mail, and at the door once they have proved who they are. A lock that has an end opens by itself: at
 * the door at once, for everything else by `sweep`. Where `only` does not hold, Unmet is thrown.
 */
export interface Locking {
  /** `{reason, until?}`, `until` in milliseconds. One that is locked gets the new reason and end. Undefined: no such account. */
  lock(accountId: string, input: unknown, by: By, options?: Only<Account>): Promise<Result<Locked> | undefined>;
  /** Also where it was not locked. */
  unlock(accountId: string, by: By, options?: Only<Account>): Promise<Result<Account> | undefined>;
  /** The account as it is to whoever has proved that it is theirs: one whose time is over is opened. */
  settled(account: Account): Promise<Account>;
  /** Opens those whose time is over, of at most `limit` accounts; answers how many. Safe to repeat. */
  sweep(limit: number): Promise<number>;
}

export interface Locked {
  account: Account;
  ended: Ended;
}

export interface LockingDeps extends AdministratorsMailDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  endings: Pick<Endings, 'account'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

export const reasonLength = 200;

/** Milliseconds: what is longer has no end. */
const longestLock = 10 * 365 * 86_400_000;

export function createLocking(deps: LockingDeps): Locking {
  const { records, endings, events, clock } = deps;
  const { accounts } = records;
  const administrators = createLastAdministrator(deps);

  function read(input: unknown): Result<{ reason: string; until?: number | undefined }> {
    const now = clock.now();
    const until = z
      .number()
      .int()
      .refine((at) => at > now && at <= now + longestLock, problemIs('problem.notLater'))
      .optional();

    return readInput(z.strictObject({ reason: neededLine(reasonLength), until }), input);
  }

  async function open(
    account: Account,
    by: By,
    mayOpen: (old: Account) => boolean,
    only?: Condition<Account>,
  ): Promise<void> {
    hold(only, account);
    // What began in the very moment in which it was locked must not come back to life with it.
    await endings.account(account, { ...by, reason: 'account_disabled' });

    const updatedAt = clock.now();
    const change = (old: Account): Account => {
      hold(only, old);

      return mayOpen(old) ? { ...opened(old), updatedAt } : old;
    };
    const writes: Write[] = [{ in: 'accounts', update: account.id, change, decides: true }];
    await events.write('account.enabled', { ...by, account }, (create) => writes.push({ in: 'events', create }));

    await records.write([...writes, ...mailAbout(deps, account, { what: 'unlocked' })]);
  }

  async function settled(account: Account): Promise<Account> {
    if (!isLockOver(account, clock.now())) return account;
    await open(account, { actor: 'server' }, (old) => isLockOver(old, clock.now()));

    return (await accounts.get(account.id)) ?? account;
  }

  return {
    settled,

    async lock(accountId, input, by, { only } = {}) {
      const parsed = read(input);
      if (!parsed.ok) return (await accounts.get(accountId)) && parsed;

      const { reason, until } = parsed.value;
      const at = clock.now();
      const lock: Lock = { at, reason, ...(until !== undefined && { until }) };
      const change = (old: Account): Account => {
        hold(only, old);

        return old.status === 'closing' ? old : { ...old, status: 'disabled', lock, updatedAt: at };
      };

      const account = await administrators.change(accountId, change, async (seen) => {
        const told: Write[] = [];
        const changes = { reason: { before: seen.lock?.reason ?? null, after: reason } };
        const details = { ...(until !== undefined && { until }) };
        await events.write('account.disabled', { ...by, account: seen, changes, details }, (create) =>
          told.push({ in: 'events', create }),
        );

        return [...told, ...mailAbout(deps, seen, { what: 'locked', ...lock })];
      });

      if (account === undefined) return undefined;
      if (account === 'last-administrator') return refused(problem('', 'problem.lastAdministrator'));
      if (account.status === 'closing') return refused(problem('', 'problem.accountClosing'));

      const ended = await endings.account(account, { ...by, reason: 'account_disabled' });

      return { ok: true, value: { account, ended } };
    },

    async unlock(accountId, by, { only } = {}) {
      const account = await accounts.get(accountId);
      if (!account) return undefined;
      if (account.status === 'closing') return refused(problem('', 'problem.accountClosing'));
      if (account.status !== 'disabled') return { ok: true, value: account };

      await open(account, by, ({ status }) => status === 'disabled', only);

      return { ok: true, value: (await accounts.get(accountId)) ?? account };
    },

    async sweep(limit) {
      const { rows } = await accounts.list('locked', 'all', { limit });
      const due = rows.filter((account) => isLockOver(account, clock.now()));

      await eachInTurn(due, async (account) => {
        await settled(account);
      });

      return due.length;
    },
  };
}

function opened({ lock: _, leaving: __, ...account }: Account): Account {
  return { ...account, status: 'active' };
}
