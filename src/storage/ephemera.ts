import type { Json } from '../domain/json.ts';
import type { Advice } from './advice.ts';

/**
 * The port for what may be lost and done again within a minute: interactions, authorization codes' payloads, access
 * tokens, plain rate limits. What protects a secret is a record instead. The contract is
 * `test/storage/ephemera.contract.ts`.
 *
 * An entry has a kind, an id within its kind and a life in seconds (a fraction is fine; 0 or less is over at once; one
 * that is not finite throws Invalid), counted on the clock that the backend was opened with: from its end on, the entry
 * is absent for every method, whether the store has removed it or not. A kind is used for one thing: values, claims or
 * counters. Texts and values follow the rules of `Records`: as they are, no half surrogate pairs, copies.
 */
export interface Ephemera {
  /** Creates or replaces, life and keys too. `keys` are further names to find it by, within its kind. */
  put(kind: string, id: string, value: Json, life: { ttl: number; keys?: readonly string[] }): Promise<void>;
  /** Of a claim: true. Of a counter: its number. */
  get(kind: string, id: string): Promise<Json | undefined>;
  /** The entry that was put last with this key; undefined once that one is gone or put again without it. */
  find(kind: string, key: string): Promise<{ id: string; value: Json } | undefined>;
  /** Removes it and answers whether it was this call that did: true for exactly one of many in parallel. */
  consume(kind: string, id: string): Promise<boolean>;
  /** Creates it and answers true, or answers false when it is there already: true for exactly one of many in parallel. */
  claim(kind: string, id: string, ttl: number): Promise<boolean>;
  /** Adds one to a counter and answers its value. The first call sets its life; later ones never lengthen it. */
  increment(kind: string, id: string, ttl: number): Promise<number>;
  /** Frees a claim and sets a counter back, too. */
  remove(kind: string, id: string): Promise<void>;
  /** Removes at most `limit` expired entries; answers how many. A store that does so itself answers 0. */
  sweep(limit: number): Promise<number>;
  /** Throws Unavailable when the store does not answer. */
  ready(): Promise<void>;
  /** How the server behind it is set up, as far as that matters here. Throws Unavailable. */
  advice?(): Promise<Advice[]>;
  [Symbol.asyncDispose](): Promise<void>;
}
