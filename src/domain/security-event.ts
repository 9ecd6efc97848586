import type { Json } from './json.ts';

/** One line of the record of what happened (S113). The kinds are in `events/catalogue.ts`. */
export interface SecurityEvent {
  /** Sorts by time. */
  id: string;
  kind: string;
  at: number;
  accountId?: string;
  clientId?: string;
  /** Who did it: an account id, `client:<id>`, `command-line`, `server` or `anonymous`. */
  actor: string;
  requestId?: string;
  /** Facts that name nobody. */
  details: Record<string, Json>;
  /** IP address, user agent and what else is personal, encrypted under the account's event key. */
  personal?: string;
}
