import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { Accounts } from './accounts.ts';
import type { By, Result } from './problems.ts';

export interface Setup {
  /** A token for the link to `/setup`, good for an hour; earlier ones die. Undefined: there is an administrator. */
  begin(): Promise<string | undefined>;
  /** Whether the token would still be accepted: for the page before its form is sent. */
  isOpen(token: string): Promise<boolean>;
  /** `{email, name, password}`. Exactly one of many parallel calls makes the administrator (S79). */
  complete(token: string, input: unknown, by: Pick<By, 'from'>): Promise<Result<Account> | 'closed'>;
}

export interface SetupDeps {
  records: Pick<Records, 'oneTimeSecrets' | 'write'>;
  accounts: Pick<Accounts, 'createAdministrator' | 'hasAdministrator'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  events: Events;
  clock: Clock;
}

export declare function createSetup(deps: SetupDeps): Setup;
