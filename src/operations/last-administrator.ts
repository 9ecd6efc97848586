import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import { everyRow, type Records } from '../storage/records.ts';

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
}

export type Leaving = NonNullable<Account['leaving']>;

export interface LastAdministratorDeps {
  records: Pick<Records, 'accounts'>;
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

  return {
    isLast: async (account) => counts(account) && (await isLast(account)),

    async stepAside({ id }) {
      const leaving = { id: newId(), at: clock.now() };
      await accounts.update(id, (old) => ({ ...old, leaving }));
      if (!(await isLast({ id }))) return leaving;

      await accounts.update(id, (old) => (old.leaving?.id === leaving.id ? staying(old) : old));

      return undefined;
    },

    isAside: (account, leaving) =>
      !counts(account) ||
      (leaving !== undefined && account.leaving?.id === leaving.id && clock.now() - leaving.at < mayGoFor),
  };
}

/** Whether there is one fewer who can administer without it. */
function counts({ roles, status }: Account): boolean {
  return roles.includes('admin') && status === 'active';
}

function staying({ leaving: _, ...account }: Account): Account {
  return account;
}
