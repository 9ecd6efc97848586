import type { mongo } from 'mongoose';
import { Unavailable } from '../../domain/errors.ts';
import type { Write } from '../records.ts';
import { batchSize } from './batches.ts';
import type { Engine } from './collection.ts';
import type { Stored } from './document.ts';

type Row = { id: string };

/** A write that asks for no answer, ready to be sent together with others of its collection. */
interface Ready {
  at: number;
  operation: mongo.AnyBulkWriteOperation<Stored>;
  /** The same alone, as it is tried again where a unique value is taken: by a row that has expired, perhaps. */
  alone(): Promise<unknown>;
}

type EngineOf = (write: Write) => Engine<Row>;

/** What failed by itself, by its place in the list. */
type Failures = Map<number, unknown>;

/** What the parts of one list share. */
interface List {
  engineOf: EngineOf;
  failures: Failures;
  /** What was seen of rows that are updated, by its place in the list. */
  seen: ReadonlyMap<number, Row>;
}

type Entry = readonly [at: number, write: Write];

/**
 * Writes one after another, so that what is there after a crash is a beginning of the list: neighbours of one collection
 * go in ordered bulks, each of which ends at the first that fails. Rows to be updated are read beforehand, all at once;
 * what has become of them until their turn, the condition of their write tells. Where the order means nothing, all that
 * nobody decides about travels at once. Throws Unavailable at once, and the first failure of a write by itself after the
 * rest was written. False: one that decides was not written.
 */
export async function writeAll(
  engineOf: EngineOf,
  writes: readonly Write[],
  { inOrder = true }: { inOrder?: boolean } = {},
): Promise<boolean> {
  const failures: Failures = new Map();
  const list: List = { engineOf, failures, seen: await readAhead(engineOf, writes) };
  const entries: Entry[] = [...writes.entries()];
  const ordered = inOrder ? entries.length : entries.findLastIndex(([, { decides }]) => decides === true) + 1;

  const decided = await oneByOne(list, entries.slice(0, ordered));

  if (decided) await Promise.all(apart(entries.slice(ordered)).map((part) => together(list, part)));

  const first = Math.min(...failures.keys());

  if (failures.size > 0) throw failures.get(first);

  return decided;
}

/** Whether it came to the end: what decides may end it before. */
async function oneByOne({ engineOf, failures, seen }: List, entries: readonly Entry[]): Promise<boolean> {
  let bulk: Ready[] = [];

  for (const [index, [at, write]] of entries.entries()) {
    const engine = engineOf(write);

    if (write.decides) {
      let written = false;

      await noting(failures, at, async () => {
        written = await decide(engine, write, seen.get(at));
      });
      if (!written) return false;

      continue;
    }

    await noting(failures, at, async () => {
      if ('update' in write) await update(engine, write, seen.get(at));
      else bulk.push({ at, ...ready(engine, write) });
    });

    const following = entries[index + 1]?.[1];

    if (!following || 'update' in following || following.decides || following.in !== write.in) {
      await send(engine, bulk, failures);
      bulk = [];
    }
  }

  return true;
}

/** What may travel at the same time: each row that is updated by itself, the others by collection. */
function apart(entries: readonly Entry[]): Entry[][] {
  const updated = new Set(entries.flatMap(([, write]) => ('update' in write ? [rowOf(write)] : [])));

  return [...Map.groupBy(entries, ([, write]) => (updated.has(rowOf(write)) ? rowOf(write) : write.in)).values()];
}

function rowOf(write: Write): string {
  if ('update' in write) return `${write.in} ${write.update}`;
  if ('remove' in write) return `${write.in} ${write.remove}`;

  return `${write.in} ${('create' in write ? write.create : write.put).id}`;
}

/** A row that is made and changed at once is written once. Should it be there already, it is only changed. */
async function together(list: List, part: readonly Entry[]): Promise<void> {
  const [first, second, ...rest] = part;
  const [at = 0, create] = first ?? [];
  const [then = 0, change] = second ?? [];
  const both = create && change && 'create' in create && 'update' in change;
  const row = both && changedRow(create.create, change);

  if (!row) return void (await oneByOne(list, part));

  const { engineOf, failures } = list;
  const engine = engineOf(create);

  await noting(failures, at, async () => await engine.create(engine.stored(row)));
  if (failures.has(at)) await noting(failures, then, async () => await update(engine, change, undefined));

  await oneByOne(list, rest);
}

/** Undefined: it can't be made so, and whoever does one thing after the other finds out why. */
function changedRow(row: Row, { change }: Update): Row | undefined {
  try {
    const changed = (change as unknown as (old: Row) => Row)(structuredClone(row));

    return changed.id === row.id ? changed : undefined;
  } catch {
    return undefined;
  }
}

type Update = Extract<Write, { update: string }>;

/** Whether it made a difference: it is done alone and waited for, because what comes behind it depends on it. */
async function decide(engine: Engine<Row>, write: Write, seen: Row | undefined): Promise<boolean> {
  if ('remove' in write) return await engine.collection.remove(write.remove);
  if ('update' in write) return await update(engine, write, seen);

  await ready(engine, write).alone();
  return true;
}

function ready(engine: Engine<Row>, write: Exclude<Write, Update>): Omit<Ready, 'at'> {
  if ('remove' in write) {
    const filter = engine.removal(write.remove);

    return { operation: { deleteOne: { filter } }, alone: () => engine.collection.remove(write.remove) };
  }

  const row = engine.stored('create' in write ? write.create : write.put);

  if ('create' in write) return { operation: { insertOne: { document: row } }, alone: () => engine.create(row) };

  const replaceOne = { filter: { _id: row._id }, replacement: row, upsert: true };

  return { operation: { replaceOne }, alone: () => engine.put(row) };
}

/** Whether the row is another one by it. */
async function update({ collection }: Engine<Row>, write: Update, seen: Row | undefined): Promise<boolean> {
  const change = write.change as unknown as (old: Row) => Row;
  let changed = false;

  // It may run again: the last time is the one that counted.
  const row = await collection.update(
    write.update,
    (old) => {
      const next = change(old);
      changed = next !== old;

      return next;
    },
    seen,
  );

  return changed && row !== undefined;
}

/** A batch at once as far as it goes: one whose value is taken is tried alone, and those behind it go on together. */
async function send(engine: Engine<Row>, bulk: readonly Ready[], failures: Failures): Promise<void> {
  let rest = bulk;

  while (rest.length > 1) {
    const batch = rest.slice(0, batchSize);
    const place = await engine.bulk(batch.map(({ operation }) => operation));
    const taken = place === undefined ? undefined : batch[place];

    if (taken) await noting(failures, taken.at, taken.alone);
    rest = rest.slice(place === undefined ? batch.length : place + 1);
  }

  for (const last of rest) await noting(failures, last.at, last.alone);
}

async function readAhead(engineOf: EngineOf, writes: readonly Write[]): Promise<ReadonlyMap<number, Row>> {
  const seen = new Map<number, Row>();
  const made = new Set(writes.flatMap((write) => ('create' in write ? [rowOf(write)] : [])));

  await Promise.all(
    writes.map(async (write, at) => {
      if (!('update' in write)) return;
      if (write.seen) return void seen.set(at, write.seen);
      if (made.has(rowOf(write))) return;

      // What is wrong with an id is said when its turn comes.
      await noting(new Map(), at, async () => {
        const row = await engineOf(write).collection.get(write.update);

        if (row) seen.set(at, row);
      });
    }),
  );

  return seen;
}

/** With the store itself failing the list ends: what came behind must not be there without it. */
async function noting(failures: Failures, at: number, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Unavailable) throw error;

    failures.set(at, error);
  }
}
