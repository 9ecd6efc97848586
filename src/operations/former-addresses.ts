import { Conflict } from '../domain/errors.ts';
import type { Account } from '../domain/account.ts';
import type { Records } from '../storage/records.ts';

type Kept = Pick<Records, 'formerAddresses'>;

/**
 * Whether an address (its key) is kept for another account than this one. No unique index spans two collections, so
 * whoever takes an address looks before and once more behind it. It is kept from before it is given up, so of the two
 * looks one sees it.
 */
export async function isKeptForAnother(
  { formerAddresses }: Kept,
  { id, emailKey }: Pick<Account, 'id' | 'emailKey'>,
): Promise<boolean> {
  const kept = await formerAddresses.get(emailKey);

  return kept !== undefined && kept.accountId !== id;
}

/** The same records, in which no new account, whoever makes it, gets an address that is kept: it is a Conflict. */
export function keepFormerAddresses(records: Records): Records {
  const { accounts } = records;

  return {
    ...records,
    accounts: {
      ...accounts,

      async create(account) {
        if (await isKeptForAnother(records, account)) throw new Conflict('email');
        await accounts.create(account);
        if (!(await isKeptForAnother(records, account))) return;

        await accounts.remove(account.id);
        throw new Conflict('email');
      },
    },
  };
}
