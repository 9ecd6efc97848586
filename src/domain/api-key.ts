/**
 * What a program shows in the place of a person, at one API. The key itself is kept nowhere: `hash` is SHA-256 of it. Once
 * it has expired it is absent.
 */
export interface ApiKey {
  /** Names it; proves nothing. */
  id: string;
  accountId: string;
  hash: string;
  /** What no two keys of an account share: as many as there are numbers, so that no race makes more. */
  slot: string;
  /** As the person calls it. */
  name: string;
  /** How it begins, to tell it from others. */
  prefix: string;
  /** The one API that it is for (`aud`). */
  audience: string;
  scopes: string[];
  /** Milliseconds. */
  createdAt: number;
  /** Absent: until it is deleted. */
  expiresAt?: number;
  /** To the minute. */
  lastUsedAt?: number;
  /** Where it was used from last; absent where an API asked about it, whose address says nothing of the person's. */
  ip?: string;
}

/** A key that was deleted, as a receipt tells of it. */
export type EndedKey = Pick<ApiKey, 'name' | 'prefix'>;

/** The client that keys stand under at introspection (`client_id`). Nobody signs in to it, nor has its secret. */
export const apiKeyClientId = 'api-keys';
