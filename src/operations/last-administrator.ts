import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import { everyRow, type Records, type Write } from '../storage/records.ts';

/**
 * Somebody must be able to administer (F12): the last administrator does not leave. Nothing spans two accounts, so whoever
 * wants to leave says so in their own row first and looks at the others behind it. Of all who do so at once, the last to
 * say it finds nobody left and stays; so may several, but never none.
 */
export interface LastAdministrator {
  /** Whether there is another one who works and is not leaving. */
  isLast(account: Account): Promise<boolean>;
  /** Says that this one leaves. Undefined: there would be none left, and it is taken back. */
  stepAside(account: Account): Promise<Leaving | undefined>;
  /** For the very change by which it leaves: whether what was said still counts. */
  isAside(account: Account, leaving: Leaving | undefined): boolean;
  /**
   * Makes a change by which somebody may cease to administer, or `last-administrator` and none. `change` must be pure, and
   * answers the very row where there is nothing to do; it may throw, and nothing is changed. `also` is written in the same
   * step. Undefined: no such account.
   */
  change(accountId: string, change: (old: Account) => Account, also: Also): Promise<Account | LastOne | undefined>;
}

export type LastOne = 'last-administrator';

/** What is told of a change, which will make this of the account. */
type Also = (seen: Account, next: Account) => Promise<readonly Write[]>;

export type Leaving = NonNullable<Account['leaving']>;

export interface LastAdministratorDeps {
  records: Pick<Records, 'accounts' | 'write'>;
  clock: Clock;
}

/** Milliseconds. Who said so and then died is counted again some time after it may no longer go on. */
const mayGoFor = 30_000;
const countsAsLeavingFor = 90_000;

export function createLastAdministrator({ records, clock }: LastAdministratorDeps): LastAdministrator {
  const { accounts } = records;

  async function isLast({ id }: Pick<Account, 'id'>): Promise<boolean> {
    for await (const other of everyRow((page) => accounts.list('administrators', 'admin', page))) {
      const isLeaving = other.leaving !== undefined && clock.now() - other.leaving.at < countsAsLeavingFor;

      if (other.id !== id && other.status === 'active' && !isLeaving) return false;
    }

    return true;
  }

  async function stepAside({ id }: Pick<Account, 'id'>): Promise<Leaving | undefined> {
    const leaving = { id: newId(), at: clock.now() };
    await accounts.update(id, (old) => ({ ...old, leaving }));
    if (!(await isLast({ id }))) return leaving;

    await stay(id, leaving);

    return undefined;
  }

  async function stay(id: string, leaving: Leaving): Promise<void> {
    await accounts.update(id, (old) => (old.leaving?.id === leaving.id ? staying(old) : old));
  }

  function isAside(account: Account, leaving: Leaving | undefined): boolean {
    return (
      !counts(account) ||
      (leaving !== undefined && account.leaving?.id === leaving.id && clock.now() - leaving.at < mayGoFor)
    );
  }

  return {
    isLast: async (account) => counts(account) && (await isLast(account)),
    stepAside,
    isAside,

    async change(accountId, change, also) {
      for (let seen = await accounts.get(accountId); seen; seen = await accounts.get(accountId)) {
        const next = change(seen);
        if (next === seen) return seen;

        const leaving = leaves(seen, next) ? await stepAside(seen) : undefined;
        if (leaves(seen, next) && !leaving) return 'last-administrator';

        const changed = (old: Account): Account => {
          const made = change(old);
          if (made === old || !leaves(old, made)) return made;

          return isAside(old, leaving) ? staying(made) : old;
        };

        const writes = [
          { in: 'accounts', update: accountId, change: changed, decides: true } as const,
          ...(await also(seen, next)),
        ];
        // What `change` throws it has thrown of a row that somebody else was faster with.
        const isDone = await records.write(writes).catch(async (error: unknown) => {
          if (leaving) await stay(accountId, leaving);
          throw error;
        });

        // Somebody else was faster, or it has taken too long: it is looked at anew.
        if (isDone) return (await accounts.get(accountId)) ?? next;
      }

      return undefined;
    },
  };
}

/** Whether there is one fewer who can administer without it. */
function counts({ roles, status }: Account): boolean {
  return roles.includes('admin') && status === 'active';
}

function leaves(before: Account, after: Account): boolean {
  return counts(before) && !counts(after);
}

function staying({ leaving: _, ...account }: Account): Account {
  return account;
}
