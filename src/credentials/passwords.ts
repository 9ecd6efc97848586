import type { Clock } from '../domain/clock.ts';
import type { Records } from '../storage/records.ts';
import type { Hashing } from './hashing.ts';

export interface Passwords {
  /** Hashes exactly once, also for an unknown person (S71). Throws Unavailable. */
  verify(accountId: string | undefined, password: string): Promise<boolean>;
  /** The policy is the caller's business. */
  set(accountId: string, password: string): Promise<void>;
  has(accountId: string): Promise<boolean>;
  /** Resolves when no re-hashing is under way: before storage closes. */
  settled(): Promise<void>;
}

export interface PasswordsDeps {
  records: Pick<Records, 'passwords'>;
  hashing: Hashing;
  clock: Clock;
  /** Told of a re-hash that failed: the sign-in itself went on. */
  onRehashFailure(error: unknown): void;
}

export declare function createPasswords(deps: PasswordsDeps): Passwords;
