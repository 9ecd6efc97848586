import type { Clock } from '../domain/clock.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';

/** Exactly one of `succeeded`, `failed` and `withdrawn` must follow each admission, also when verifying throws. */
export interface Guessing {
  /** Counts a try before its password is looked at, so that parallel guesses can't outrun the limit (S86). */
  admit(attempt: Attempt): Promise<Admission>;
  /** Gives the count back, clears what the person's own failures left, remembers the device. */
  succeeded(ticket: Ticket, accountId: string): Promise<void>;
  failed(ticket: Ticket): Promise<void>;
  /** Nothing was verified (503 from the hash queue): gives the count back. */
  withdrawn(ticket: Ticket): Promise<void>;
  /** The operator's command after 100 failures in a row: unknown devices may try again. */
  clear(email: string): Promise<void>;
}

export interface Attempt {
  /** Every spelling of an address is one counter (S87). */
  email: string;
  ip: string;
  /** `visitor.deviceId` */
  deviceId: string;
  /** Undefined for an unknown address: counted all the same. */
  accountId?: string | undefined;
}

export type Admission = { allowed: true; ticket: Ticket } | Refusal;

export interface Refusal {
  allowed: false;
  /** Seconds. */
  retryAfter: number;
  /** For events; people get one and the same answer. `locked`: 100 failures in a row (S84). */
  reason: 'device' | 'pair' | 'account' | 'address' | 'locked';
}

/** Opaque. */
export interface Ticket {
  readonly counters: readonly string[];
  readonly email: string;
  readonly deviceId: string;
  readonly known: boolean;
}

/** Durations in seconds: `config.limits.sign_in`. */
export interface GuessingLimits {
  window: number;
  failures_per_pair: number;
  failures_per_account: number;
  failures_per_address: number;
  first_wait: number;
  longest_wait: number;
}

export interface GuessingDeps {
  records: Pick<Records, 'attempts' | 'knownDevices' | 'write'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
  limits: GuessingLimits;
}

export declare function createGuessing(deps: GuessingDeps): Guessing;
