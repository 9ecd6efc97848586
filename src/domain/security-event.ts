import type { Json } from './json.ts';

/** One line of the record of what happened (S113). The kinds are in `events/catalogue.ts`. */
export interface SecurityEvent {
  /** Sorts by time. */
  id: string;
  kind: string;
  /** Under which its account's owner finds it (`events/groups.ts`); absent where it is none of theirs. */
  group?: string;
  at: number;
  accountId?: string;
  clientId?: string;
  /** Who did it: an account id, `client:<id>`, `command-line`, `server` or `anonymous`. */
  actor: string;
  /** Whoever did it looks after accounts, and did it as such. */
  administrator?: true;
  requestId?: string;
  /** Facts that name nobody. */
  details: Record<string, Json>;
  /** IP address, user agent and what else is personal, encrypted under the account's event key. */
  personal?: string;
}

/** Names the events of one account in one of its groups, for whoever lists them. */
export function accountGroup(accountId: string, group: string): string {
  return `${accountId} ${group}`;
}
