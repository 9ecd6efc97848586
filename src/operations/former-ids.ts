import { Conflict } from '../domain/errors.ts';
import type { Records } from '../storage/records.ts';

/**
 * The same records, in which no new account, whoever makes it and wherever its id is from, gets the id of one that was
 * closed: it is a Conflict (S45). An id is drawn by chance and long enough that this never happens to one of ours.
 */
export function keepFormerIds(records: Records): Records {
  const { accounts, closedAccounts } = records;

  return {
    ...records,
    accounts: {
      ...accounts,

      async create(account) {
        if (await closedAccounts.get(account.id)) throw new Conflict('id');
        await accounts.create(account);
      },
    },
  };
}
