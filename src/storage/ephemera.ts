import type { Json } from '../domain/json.ts';

/**
 * The port for what may be lost and done again within a minute: interactions, authorization codes' payloads, access
 * tokens, plain rate limits. What protects a secret is a record instead. The contract is
 * `test/storage/ephemera.contract.ts`.
 *
 * Every entry has a life in seconds, counted on the clock that the backend was opened with: from its end on, the entry
 * is absent for every method, whether the store has removed it or not.
 */
export interface Ephemera {
  /** Creates or replaces. `keys` are further names to find it by, within its kind; they live as long as it does. */
  put(kind: string, id: string, value: Json, life: { ttl: number; keys?: readonly string[] }): Promise<void>;
  get(kind: string, id: string): Promise<Json | undefined>;
  /** The newest entry that was put with this key. */
  find(kind: string, key: string): Promise<{ id: string; value: Json } | undefined>;
  /** Removes it and answers whether it was this call that did: true for exactly one of many in parallel. */
  consume(kind: string, id: string): Promise<boolean>;
  /** Creates it and answers true, or answers false when it is there already: true for exactly one of many in parallel. */
  claim(kind: string, id: string, ttl: number): Promise<boolean>;
  /** Adds one to a counter and answers its value. The first call sets its life; later ones never lengthen it. */
  increment(kind: string, id: string, ttl: number): Promise<number>;
  remove(kind: string, id: string): Promise<void>;
  /** Removes at most `limit` expired entries; answers how many. A store that does so itself answers 0. */
  sweep(limit: number): Promise<number>;
  /** Throws Unavailable when the store does not answer. */
  ready(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
