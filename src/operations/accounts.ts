import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { By, Result } from './problems.ts';

/** Every function checks its input itself: it may come from a form, a file or the network. */
export interface Accounts {
  create(input: unknown, by: By): Promise<Result<Account>>;
  /** The same with the role `admin`: for `admin create` and the set-up alone (S79). */
  createAdministrator(input: unknown, by: By): Promise<Result<Account>>;
  /** Changes the fields given and no others. Undefined: no such account. */
  updateProfile(accountId: string, input: unknown, by: By): Promise<Result<Account> | undefined>;
  get(accountId: string): Promise<Account | undefined>;
  findByEmail(email: string): Promise<Account | undefined>;
  /** Ends its sessions, grants and refresh tokens. */
  disable(accountId: string, by: By): Promise<Account | undefined>;
  enable(accountId: string, by: By): Promise<Account | undefined>;
  /** By the owner's recovery or the operator, without the old one; the policy holds. */
  setPassword(accountId: string, password: string, by: By): Promise<Result<Account> | undefined>;
  /** Whether there was one. */
  delete(accountId: string, by: By): Promise<boolean>;
  hasAdministrator(): Promise<boolean>;
}

export interface AccountsDeps {
  records: Records;
  passwords: Passwords;
  policy: PasswordPolicy;
  events: Events;
  clock: Clock;
}

export declare function createAccounts(deps: AccountsDeps): Accounts;
