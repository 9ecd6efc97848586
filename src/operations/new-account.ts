import type { Account, Role } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { NewAccount } from './account-input.ts';
import type { By } from './problems.ts';

export interface NewAccountDeps {
  records: Pick<Records, 'accounts' | 'passwords'>;
  events: Pick<Events, 'write' | 'newEventKey'>;
  clock: Clock;
}

export interface Making {
  by: By;
  roles: Role[];
  setPassword(accountId: string): Promise<void>;
}

/** Stores an account that was checked, and its password. `taken`: by now its address is somebody's; nothing is left. */
export async function storeAccount(
  { records, events, clock }: NewAccountDeps,
  given: Omit<NewAccount, 'password'>,
  { by, roles, setPassword }: Making,
): Promise<Account | 'taken'> {
  const id = newId();
  const now = clock.now();
  const account: Account = {
    ...given,
    id,
    roles,
    status: 'active',
    eventKey: events.newEventKey(id),
    createdAt: now,
    updatedAt: now,
  };

  // The password first: an account is never there without the one that it was given.
  await setPassword(id);

  try {
    await records.accounts.create(account);
  } catch (error) {
    await records.passwords.remove(id);
    if (error instanceof Conflict) return 'taken';

    throw error;
  }

  const { emailVerified } = account;
  await events.write('account.created', { ...by, account, details: { emailVerified } });
  if (roles.includes('admin')) await events.write('admin.created', { ...by, account });

  return account;
}
