import type { Account } from '../domain/account.ts';
import { NotFound } from '../domain/errors.ts';
import type { Accounts } from '../operations/accounts.ts';
import { roleOf } from '../operations/roles.ts';
import type { MessageKey } from '../web/route.ts';
import { accountPath } from './account-places.ts';

/** Whom a page is about. */
export interface Person {
  id: string;
  path: string;
  /** What they are called; the address where that is unknown. */
  name: string;
  email: string;
}

/** A word behind somebody's name. */
export interface Badge {
  text: MessageKey;
  tone: 'good' | 'warn' | 'plain';
}

export interface PersonRow extends Person {
  badges: Badge[];
  /** Milliseconds. */
  createdAt: number;
}

/** Throws NotFound. */
export async function accountOf({ accounts }: { accounts: Pick<Accounts, 'get'> }, id: string): Promise<Account> {
  const account = await accounts.get(id);
  if (!account) throw new NotFound('no such account');

  return account;
}

export function personOf({ id, email, displayName, firstName, lastName }: Account): Person {
  const names = `${firstName} ${lastName}`.trim();

  return { id, email, path: accountPath(id), name: displayName || names || email };
}

export function rowOf(account: Account): PersonRow {
  return { ...personOf(account), badges: badgesOf(account), createdAt: account.createdAt };
}

export function badgesOf(account: Account): Badge[] {
  const role = roleOf(account);

  return [
    ...(role ? [{ text: `accounts.role.${role}`, tone: 'good' } as const] : []),
    ...(account.status === 'active' ? [] : [{ text: `accounts.status.${account.status}`, tone: 'warn' } as const]),
  ];
}
