import { createHash, type Hash } from 'node:crypto';

import { canonical } from '../domain/canonical.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import {
  shapes,
  type Collection,
  type CollectionName,
  type Records,
  type Shape,
  type Write,
} from '../storage/records.ts';
import { standingSetting } from './standing.ts';

/**
 * One collection on both sides, row by row in the order of their ids: what differs, what is done about it, and a digest
 * of either side.
 */
export interface AnyRow {
  id: string;
}

/** Who does what just now is said by the nodes of a store; they are all still. */
const leftBehind: ReadonlySet<string> = new Set(['leases']);

/** What is copied, in this order. */
export const copied = (Object.keys(shapes) as CollectionName[]).filter((name) => !leftBehind.has(name));

export interface Compared {
  /** Rows of the source. */
  rows: number;
  /** How many were not the same on both sides: they are now. */
  mended: number;
  /** SHA-256 over the rows in the order of their ids, each as canonical JSON and a line feed, in hexadecimal. */
  source: string;
  target: string;
}

export interface CompareOptions {
  source: Records;
  target: Records;
  clock: Clock;
  /** Rows a page. */
  page: number;
  /** Before each page. */
  between(rows: number): Promise<void>;
}

export function collectionOf(records: Records, name: CollectionName): Collection<AnyRow, string, string> {
  return records[name] as unknown as Collection<AnyRow, string, string>;
}

export function shapeOf(name: CollectionName): Shape<AnyRow> {
  return shapes[name] as unknown as Shape<AnyRow>;
}

/** A store's own standing is no part of what it keeps for others. */
export function isCopied(name: CollectionName, { id }: AnyRow): boolean {
  return name !== 'settings' || id !== standingSetting;
}

export function putOf(name: CollectionName, row: AnyRow): Write {
  return { in: name, put: row } as unknown as Write;
}

function removeOf(name: CollectionName, id: string): Write {
  return { in: name, remove: id } as Write;
}

/** Makes the target's rows the source's and says what it took; a second call that mends nothing has proved it. */
export async function compare(name: CollectionName, options: CompareOptions): Promise<Compared> {
  const { source, target, clock, page, between } = options;
  const left = readRows(name, source, options);
  const right = readRows(name, target, options);
  const digests = { source: createHash('sha256'), target: createHash('sha256') };
  const counts = { rows: 0, mended: 0 };
  let looked = 0;
  const expiresAt = shapeOf(name).expiresAt;
  let writes: Write[] = [];

  /** Absent from now on, on whichever side it still lies: a store may remove it between two looks. */
  const isOver = (row: AnyRow): boolean => (expiresAt?.(row) ?? Infinity) <= clock.now();

  async function mend(write: Write): Promise<void> {
    counts.mended += 1;
    writes.push(write);
    if (writes.length >= page) await flush();
  }

  async function flush(): Promise<void> {
    await writeOver(target, writes);
    writes = [];
  }

  for (;;) {
    const one = left.row() ?? (await left.more());
    const other = right.row() ?? (await right.more());
    const order = orderOf(one, other);

    if (order === undefined) break;

    if (order <= 0) left.step();
    if (order >= 0) right.step();

    const here = order <= 0 && one && !isOver(one) ? one : undefined;
    const there = order >= 0 && other && !isOver(other) ? other : undefined;
    const texts = { here: here && digest(digests.source, here), there: there && digest(digests.target, there) };

    if (here) counts.rows += 1;
    if (here && texts.here !== texts.there) await mend(putOf(name, here));
    if (!here && there) await mend(removeOf(name, there.id));

    looked += 1;
    if (looked % page === 0) await between(counts.rows);
  }

  await flush();

  return { ...counts, source: digests.source.digest('hex'), target: digests.target.digest('hex') };
}

function digest(hash: Hash, row: AnyRow): string {
  const text = canonical(row);
  hash.update(`${text}\n`);

  return text;
}

/** Which comes first, by code point as `scan` has them; undefined: both have ended. */
function orderOf(one: AnyRow | undefined, other: AnyRow | undefined): number | undefined {
  if (!one) return other && 1;
  if (!other) return -1;

  return one.id === other.id ? 0 : Buffer.compare(Buffer.from(one.id), Buffer.from(other.id));
}

interface Reading {
  /** The one that is next, if it is at hand. */
  row(): AnyRow | undefined;
  more(): Promise<AnyRow | undefined>;
  step(): void;
}

function readRows(name: CollectionName, records: Records, { page: limit }: { page: number }): Reading {
  const collection = collectionOf(records, name);
  let rows: AnyRow[] = [];
  let next: string | undefined;
  let begun = false;
  let at = 0;

  return {
    row: () => rows[at],

    async more() {
      while (at >= rows.length && (!begun || next !== undefined)) {
        const page = await collection.scan({ limit, ...(next === undefined ? {} : { after: next }) });

        begun = true;
        next = page.next;
        rows = page.rows.filter((row) => isCopied(name, row));
        at = 0;
      }

      return rows[at];
    },

    step() {
      at += 1;
    },
  };
}

/**
 * Writes where an older copy may be in the way: a row that was changed since may have handed its unique value to
 * another. The one in the way is as old as that, and gets what is right in its own turn.
 */
export async function writeOver(target: Records, writes: readonly Write[]): Promise<void> {
  try {
    await target.write(writes);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;

    for (const write of writes) await writeOne(target, write);
  }
}

async function writeOne(target: Records, write: Write): Promise<void> {
  try {
    await target.write([write]);
  } catch (error) {
    if (!(error instanceof Conflict) || !('put' in write)) throw error;

    for (const [unique, valueOf] of Object.entries(shapeOf(write.in).unique)) {
      const value = valueOf(write.put);
      const holder = value === undefined ? undefined : await collectionOf(target, write.in).find(unique, value);

      if (holder && holder.id !== write.put.id) await collectionOf(target, write.in).remove(holder.id);
    }

    await target.write([write]);
  }
}
