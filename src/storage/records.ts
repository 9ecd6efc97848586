import type { Advice } from './advice.ts';
import { shapes, type Shape } from './shapes.ts';

export { shapes };
export type { Shape };
export type { Attempts, OneTimeSecret, OneTimeCode, Used, Lease, PasswordCredential, Setting } from './rows.ts';

/**
 * The port for what must not be lost. A backend stores documents in collections; what it must keep unique, list and
 * expire stands in `shapes.ts`, so one engine serves every collection. It knows no protocol and no rule of ours.
 * The contract is `test/storage/records.contract.ts`: every backend is run through it.
 *
 * Texts are compared as they are, byte by byte. One that is no text, or holds half a surrogate pair, throws Invalid
 * wherever it stands (id, unique value, group, document): a store would turn it into another text. A property that is
 * undefined is not stored. Rows are copies: changing one changes nothing stored. Whatever keeps the store from
 * answering is Unavailable, and what was acknowledged is seen at once by every node and survives a power cut.
 */
export interface Collection<T extends { id: string }, Unique extends string, List extends string> {
  /** Throws Conflict when the id or a unique value is taken, also by a call in parallel. */
  create(row: T): Promise<void>;
  get(id: string): Promise<T | undefined>;
  /** The row whose unique value `unique` is `value`. */
  find(unique: Unique, value: string): Promise<T | undefined>;
  /**
   * Replaces the row by what `change` makes of it, atomically: no change in between is lost. `change` must be pure and
   * may run again. Answering the very row it was given writes nothing; throwing writes nothing and passes on. Throws
   * Conflict when a unique value is taken, Invalid when the id differs. Answers what was written; unknown or expired:
   * undefined, `change` unrun.
   *
   * `seen` is the row as this store answered it before. It only saves reading it again: where it is no longer the row,
   * `change` runs anew on what is.
   */
  update(id: string, change: (old: T) => T, seen?: T): Promise<T | undefined>;
  /** Whether this call removed it. */
  remove(id: string): Promise<boolean>;
  /** The rows of one group of a list in the list's order (then by id), from an index. */
  list(list: List, group: string, page?: PageRequest): Promise<Page<T>>;
  /** The ids of a group alone, the list's last first, at most 1000: whether something is there, without reading it. */
  ids(list: List, group: string): Promise<string[]>;
  /** How many are in the group. */
  count(list: List, group: string): Promise<number>;
  /** Removes every row of the group, one by one or at once; answers how many. Safe to repeat. */
  removeAll(list: List, group: string): Promise<number>;
  /** Every row, by id (by code point), for whoever copies a store: `after` and `next` are ids. Limits as for `list`. */
  scan(page?: { after?: string; limit?: number }): Promise<Page<T>>;
}

export interface PageRequest {
  /**
   * `next` of the page before. It marks a place, not a row: rows that are there all the while come exactly once, whatever
   * is added or removed between two pages. An unreadable one throws Invalid.
   */
  after?: string;
  /** 1 to 1000, else Invalid; default 50. */
  limit?: number;
  /** Backwards: newest, largest, last first. */
  descending?: boolean;
  /** Of a list whose order is texts: only those whose order begins so. Then `after` is of a page with the same one. */
  prefix?: string;
}

export interface Page<T> {
  rows: T[];
  /** Where the next page begins; absent on the last one. */
  next?: string;
}

export type Shapes = typeof shapes;
export type CollectionName = keyof Shapes;
export type Row<Name extends CollectionName> = Shapes[Name] extends Shape<infer T, string, string> ? T : never;

export type Collections = {
  readonly [Name in CollectionName]: Collection<
    Row<Name>,
    Extract<keyof Shapes[Name]['unique'], string>,
    Extract<keyof Shapes[Name]['lists'], string>
  >;
};

/**
 * A write that needs no answer. `update` on an unknown row does nothing: it never brings a removed row back. `seen` is
 * what `Collection.update` takes.
 */
export type Write = {
  [Name in CollectionName]: Deciding &
    (
      | { in: Name; create: Row<Name> }
      | { in: Name; put: Row<Name> }
      | { in: Name; update: string; change: (old: Row<Name>) => Row<Name>; seen?: Row<Name> | undefined }
      | { in: Name; remove: string }
    );
}[CollectionName];

interface Deciding {
  /**
   * What comes after it in the list is written only if this one was: the row was created, removed, or changed (an
   * `update` whose `change` answers the very row it was given changes nothing). So a race has one winner, and what tells
   * of the winning (an event, a message) is written in the same step, by the winner alone.
   */
  decides?: true;
}

export interface Records extends Collections {
  /**
   * Several writes in the order given, at once where the backend can (one transaction), else one after another: after a
   * crash or Unavailable, what is there of them is a beginning of the list. `put` creates or replaces. A write that
   * fails by itself (Conflict, Invalid, a `change` that throws) is left out; the first such failure is thrown after the
   * rest was written. One that `decides` and was not written ends the list, and then, unless it failed, the answer is
   * false: nothing else says so for sure, because a `change` may run and another call be faster all the same.
   *
   * `inOrder: false`: only the writes of one row keep their order, and what comes after one that decides waits for it.
   * The others may travel at the same time, and after a crash any of them may be there.
   */
  write(writes: readonly Write[], how?: { inOrder?: boolean }): Promise<boolean>;
  /** Removes at most `limit` expired rows; answers how many. */
  sweep(limit: number): Promise<number>;
  /** Throws Unavailable when the store does not answer. */
  ready(): Promise<void>;
  /** How the server behind it is set up, as far as that matters here. Throws Unavailable. */
  advice?(): Promise<Advice[]>;
  /** What is there now, to be read in peace while others write. To be closed before the store is. Throws Unavailable. */
  snapshot(): Promise<Snapshot>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** All that was acknowledged before it was taken is in it. */
export interface Snapshot extends AsyncDisposable {
  /**
   * Whether every page is of the same moment: what was written at once is in it wholly or not at all. Where the store
   * can't, each page is of when it was read.
   */
  readonly oneMoment: boolean;
  /** As `Collection.scan`. Throws Unavailable. */
  scan(name: CollectionName, page?: { after?: string; limit?: number }): Promise<Page<{ id: string }>>;
}

/** A whole list, page by page; rows may be changed or removed on the way. */
export async function* everyRow<T>(list: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T, void> {
  let after: string | undefined;

  do {
    const page = await list({ limit: 200, ...(after === undefined ? {} : { after }) });
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}
