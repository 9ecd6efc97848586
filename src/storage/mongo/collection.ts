import type { mongo } from 'mongoose';
import type { Clock } from '../../domain/clock.ts';
import { Conflict, Invalid, Unavailable } from '../../domain/errors.ts';
import { pageLimit, readCursor, writeCursor } from '../cursor.ts';
import { storableText } from '../documents.ts';
import type { Collection, Page, PageRequest, Shape } from '../records.ts';
import { readIds, removeRows } from './batches.ts';
import type { Connection } from './connection.ts';
import { takenAt } from './failures.ts';
import { newRevision } from './revisions.ts';
import { createTurns, type Turn } from './turns.ts';
import { keyOf, placeOf, rangeOf, storedRow, type Stored } from './document.ts';

type Row = { id: string };

/** A collection's part in writing several rows (writes.ts), and the port's own face on it. */
export interface Engine<T extends Row> {
  /** The row as it would be written. Throws Invalid. */
  stored(row: T): Stored;
  create(row: Stored): Promise<void>;
  put(row: Stored): Promise<void>;
  /** Writes in the order given. Answers undefined, or the place of the first whose unique value was taken: it ends there. */
  bulk(operations: readonly mongo.AnyBulkWriteOperation<Stored>[]): Promise<number | undefined>;
  /** Finds a row that has not expired, to remove it. */
  removal(id: string): mongo.Filter<Stored>;
  /** Removes at most `limit` expired rows; answers how many. */
  sweep(limit: number): Promise<number>;
  collection: Collection<T, string, string>;
}

/** How often a write starts again because another one was faster, before it gives up. */
const maxTries = 100;

const fields = { doc: 1, revision: 1, expires_at: 1 } as const;

export function openCollection<T extends Row>(of: {
  connection: Connection;
  name: string;
  shape: Shape<T>;
  clock: Clock;
  within?: mongo.FindOptions;
}): Engine<T> {
  const { connection, shape, clock, within = {} } = of;
  const native = connection.database.collection<Stored>(of.name);
  const expires = shape.expiresAt !== undefined;
  const ask = <A>(question: () => Promise<A>): Promise<A> => connection.ask(question);

  /** What was read of the rows that were handed out, and made of those that came in: with one brought back, no read. */
  const known = new WeakMap<object, Stored>();

  const inTurn = createTurns<Stored>();

  function stored(row: T): Stored {
    const made = storedRow(shape, row, newRevision());
    known.set(row, made);

    return made;
  }

  /** Goes into every filter of a collection that expires, except where an index of one value finds the row. */
  const alive = (): mongo.Filter<Stored> => (expires ? { expires_at: { $gt: clock.now() } } : {});
  const isAlive = (found: Stored): boolean => !expires || (found.expires_at ?? 0) > clock.now();

  function handOut(found: Stored): T {
    const row = JSON.parse(found.doc) as T;

    known.set(row, found);

    return row;
  }

  async function read(filter: mongo.Filter<Stored>): Promise<Stored | undefined> {
    const found = await ask(() => native.findOne(filter, { projection: fields }));

    return found && isAlive(found) ? found : undefined;
  }

  async function find(filter: mongo.Filter<Stored>): Promise<T | undefined> {
    const found = await read(filter);

    return found && handOut(found);
  }

  /** An expired row is absent, so it may not stand in the way of a value that is unique. */
  async function overExpired<A>(row: Stored, write: () => Promise<A>): Promise<A> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask(write);
      } catch (error) {
        if (!(error instanceof Conflict) || tries >= maxTries || !(await mayBeFree(error.unique, row))) throw error;
      }
    }
  }

  /** Whether what had the value is gone, or was expired and is gone now. */
  async function mayBeFree(unique: string, row: Stored): Promise<boolean> {
    const field = unique === 'id' ? '_id' : (`unique_${unique}` as const);
    const holder = expires && (await ask(() => native.findOne({ [field]: row[field] }, { projection: fields })));

    if (holder === false) return false;
    if (holder === null) return true;
    if (isAlive(holder)) return false;

    await ask(() => native.deleteOne({ _id: holder._id, expires_at: { $lte: clock.now() } }));

    return true;
  }

  async function create(row: Stored): Promise<void> {
    await overExpired(row, () => native.insertOne(row));
  }

  async function put(row: Stored): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await overExpired(row, () => native.replaceOne({ _id: row._id }, row, { upsert: true }));
        return;
      } catch (error) {
        // Two that put one new row at once: the second replaces what the first has made.
        if (!(error instanceof Conflict) || error.unique !== 'id' || tries >= maxTries) throw error;
      }
    }
  }

  async function update(_id: string, change: (old: T) => T, turn: Turn<Stored>, seen?: T): Promise<T | undefined> {
    // What the one before has written is newer than what was seen before that.
    const hint = turn.left ?? (seen && known.get(seen));

    if (hint?._id === _id && isAlive(hint)) {
      const next = fromSeen(hint, change);

      if (next && (await replace(hint, next))) return handOut((turn.left = next));
    }

    for (let tries = 0; tries < maxTries; tries += 1) {
      const before = await read({ _id });

      if (!before) return undefined;

      const next = changed(before, change);

      if (!next) return handOut(before);
      if (await replace(before, next)) return handOut((turn.left = next));
    }

    throw new Unavailable('too many writers at once');
  }

  /** The row after `change`; undefined where there is nothing to write. */
  function changed(before: Stored, change: (old: T) => T): Stored | undefined {
    const old = handOut(before);
    const next = change(old);

    if (next === old) return undefined;
    if (next.id !== old.id) throw new Invalid('an update cannot change the id');

    const row = stored(next);

    return row.doc === before.doc ? undefined : row;
  }

  /** What was seen may be old: whatever else comes of it than a write, which will tell, is left to what is there now. */
  function fromSeen(before: Stored, change: (old: T) => T): Stored | undefined {
    try {
      return changed(before, change);
    } catch {
      return undefined;
    }
  }

  async function replace(before: Stored, next: Stored): Promise<boolean> {
    const filter = { _id: before._id, revision: before.revision, ...alive() };
    const { matchedCount } = await overExpired(next, () => native.replaceOne(filter, next));

    return matchedCount === 1;
  }

  async function remove(id: string): Promise<boolean> {
    const filter = removal(id);

    return (await ask(() => native.deleteOne(filter))).deletedCount === 1;
  }

  function removal(id: string): mongo.Filter<Stored> {
    return { _id: keyOf(id), ...alive() };
  }

  /** The rows of a group, and the index that has them. */
  const indexed = (list: string, group: string): { filter: mongo.Filter<Stored>; hint: string } => {
    if (!Object.hasOwn(shape.lists, list)) throw new Invalid(`nothing is listed by ${list}`);

    return { filter: { [`group_${list}`]: storableText(group), ...alive() }, hint: `list_${list}` };
  };

  async function list(name: string, group: string, page: PageRequest = {}): Promise<Page<T>> {
    const { after, descending = false, prefix } = page;
    const limit = pageLimit(page);
    const { filter, hint } = indexed(name, group);
    const order = `order_${name}`;
    const beyond = descending ? '$lt' : '$gt';
    const from = after === undefined ? undefined : readCursor(after, prefix);
    // One range of the index, in which the rows of the same order that came before are passed over.
    const range = {
      ...(prefix !== undefined && rangeOf(prefix)),
      ...(from && { [`${beyond}e`]: placeOf(from.order) }),
    };
    const rest = {
      ...(Object.keys(range).length > 0 && { [order]: range }),
      ...(from && { $or: [{ [order]: { [beyond]: placeOf(from.order) } }, { _id: { [beyond]: keyOf(from.id) } }] }),
    };
    const way = descending ? -1 : 1;

    return await pageOf({ ...filter, ...rest }, { limit, hint, sort: { [order]: way, _id: way } }, (last) =>
      writeCursor({ order: shape.lists[name]?.order(last) ?? '', id: last.id }),
    );
  }

  async function pageOf(
    filter: mongo.Filter<Stored>,
    { limit, ...options }: { limit: number; hint: string; sort: Record<string, 1 | -1> },
    next: (last: T) => string,
  ): Promise<Page<T>> {
    const asked = { ...options, ...within, projection: fields, limit: limit + 1, batchSize: limit + 1 };
    const found = await ask(() => native.find(filter, asked).toArray());
    const rows = found.slice(0, limit).map(handOut);
    const last = rows.at(-1);

    return found.length <= limit || !last ? { rows } : { rows, next: next(last) };
  }

  async function scan(page: { after?: string; limit?: number } = {}): Promise<Page<T>> {
    const beyond = page.after === undefined ? {} : { _id: { $gt: keyOf(page.after) } };
    const options = { limit: pageLimit(page), hint: '_id_', sort: { _id: 1 as const } };

    return await pageOf({ ...beyond, ...alive() }, options, (last) => last.id);
  }

  async function sweep(limit: number): Promise<number> {
    if (!expires) return 0;

    return await removeRows(connection, native, {
      filter: { expires_at: { $lte: clock.now() } },
      hint: 'expires',
      sort: { expires_at: 1 },
      limit,
    });
  }

  const collection: Collection<T, string, string> = {
    create: async (row) => await create(stored(row)),
    get: async (id) => await find({ _id: keyOf(id) }),
    find: async (unique, value) => {
      if (!Object.hasOwn(shape.unique, unique)) throw new Invalid(`nothing is unique by ${unique}`);

      return await find({ [`unique_${unique}`]: storableText(value) });
    },
    update: async (id, change, seen) => {
      const key = keyOf(id);

      return await inTurn(key, (turn) => update(key, change, turn, seen));
    },
    remove,
    list,
    ids: async (name, group) => {
      const sort = { [`order_${name}`]: -1, _id: -1 } as const;

      return await readIds(connection, native, { ...indexed(name, group), sort, limit: 1000 });
    },
    count: async (name, group) => {
      const { filter, hint } = indexed(name, group);

      return await ask(() => native.countDocuments(filter, { hint }));
    },
    removeAll: async (name, group) => await removeRows(connection, native, indexed(name, group)),
    scan,
  };

  return {
    stored,
    create,
    put,
    removal,
    sweep,
    collection,
    bulk: (operations) =>
      ask(async () => {
        try {
          await native.bulkWrite([...operations], { ordered: true });

          return undefined;
        } catch (error) {
          const taken = takenAt(error);
          if (taken === undefined) throw error;

          return taken;
        }
      }),
  };
}
