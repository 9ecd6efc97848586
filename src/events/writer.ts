import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/json.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import type { PageRequest, Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import type { DetailsOf, EventKind } from './catalogue.ts';

/** Where a request came from; a `Visitor` is one. Encrypted at rest, but for the request id. */
export interface Origin {
  ip: string;
  userAgent: string;
  requestId: string;
}

export type Facts<K extends EventKind> = {
  /** An account id, `client:<id>`, `command-line` or `anonymous`. */
  actor: string;
  /** Whom it happened to. With the account itself at hand no look-up is needed for its event key. */
  account?: string | Pick<Account, 'id' | 'eventKey'> | undefined;
  clientId?: string | undefined;
  from?: Origin | undefined;
} & (keyof DetailsOf<K> extends never ? { details?: undefined } : { details: DetailsOf<K> });

/** One event as a page shows it. Personal fields are absent once the account's key is gone. */
export interface EventView {
  id: string;
  kind: EventKind;
  /** Milliseconds. */
  at: number;
  actor: string;
  accountId?: string;
  clientId?: string;
  requestId?: string;
  details: Record<string, Json>;
  ip?: string;
  userAgent?: string;
}

export interface Events {
  /** Resolves when the event is stored, or handed to `sink` (a batch that the caller writes). */
  write<K extends EventKind>(kind: K, facts: Facts<K>, sink?: (row: SecurityEvent) => void): Promise<void>;
  /** An account's events, newest first unless asked otherwise. */
  read(account: Pick<Account, 'id' | 'eventKey'>, page?: PageRequest): Promise<{ events: EventView[]; next?: string }>;
  /** A new event key for an account, sealed: `account.eventKey`. */
  newEventKey(accountId: string): string;
}

export interface EventsDeps {
  records: Pick<Records, 'events' | 'accounts'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
  clock: Clock;
}

export declare function createEvents(deps: EventsDeps): Events;
