import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../domain/clock.ts';
import { Invalid, Unavailable } from '../../domain/errors.ts';
import type { Collection, Page, PageRequest, Shape } from '../records.ts';
import { behindPrefix, pageLimit, readCursor, writeCursor } from '../cursor.ts';
import { storableText, writeDocument } from '../documents.ts';
import { isUniqueViolation, toFailure } from './failures.ts';
import { collectionStatements } from './statements.ts';
import { indexedValues, readDocument } from './document.ts';

type Row = { id: string };

/** The synchronous core of a collection, for a transaction over several, and the port's own face on it. */
export interface Engine<T extends Row> {
  create(row: T): void;
  put(row: T): void;
  update(id: string, change: (old: T) => T): T | undefined;
  remove(id: string): boolean;
  /** Removes at most `limit` expired rows; answers how many. */
  sweep(limit: number): number;
  collection: Collection<T, string, string>;
}

/** How often an update starts again because another process was faster, before it gives up. */
const maxTries = 100;

export function openCollection<T extends Row>(of: {
  database: DatabaseSync;
  name: string;
  shape: Shape<T>;
  clock: Clock;
}): Engine<T> {
  const { shape, clock } = of;
  const sql = collectionStatements(of.database, of.name, shape);
  const expires = shape.expiresAt !== undefined;

  /** The parameter behind `alive` in every statement of a collection that expires. */
  const now = (): number[] => (expires ? [clock.now()] : []);

  const values = (row: T, doc: string) => [doc, ...indexedValues(shape, row)];

  /** An expired row is absent, so it may not stand in the way of a value that is unique. */
  function overExpired(row: T, write: () => { changes: number | bigint }): number {
    try {
      return Number(write().changes);
    } catch (error) {
      if (!expires || !isUniqueViolation(error)) throw error;

      const uniques = Object.values(shape.unique).map((value) => value(row) ?? null);

      if (sql.purge().run(clock.now(), row.id, ...uniques).changes === 0) throw error;

      return Number(write().changes);
    }
  }

  function find(statement: ReturnType<typeof sql.get>, value: string): T | undefined {
    const found = statement.get(storableText(value), ...now());

    return found && readDocument<T>(found);
  }

  function create(row: T): void {
    const given = [storableText(row.id), ...values(row, writeDocument(row))];

    overExpired(row, () => sql.create().run(...given));
  }

  function put(row: T): void {
    const given = [storableText(row.id), ...values(row, writeDocument(row))];

    overExpired(row, () => sql.put().run(...given));
  }

  /**
   * Compare and set on the whole document: one statement instead of a transaction, and an update that changes nothing
   * takes no lock at all.
   */
  function update(id: string, change: (old: T) => T): T | undefined {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const found = sql.get().get(storableText(id), ...now());

      if (!found) return undefined;

      const before = String(found['doc']);
      const old = readDocument<T>(found);
      const indexed = indexedValues(shape, old);
      const next = change(old);

      if (next === old) return old;
      if (next.id !== id) throw new Invalid('an update cannot change the id');

      const doc = writeDocument(next);

      if (doc === before || replace(next, { doc, before, indexed })) return next;
    }

    throw new Unavailable('too many writers at once');
  }

  /** Leaves the indexes alone where their values stay: most updates only move a time inside the document. */
  function replace(row: T, { doc, before, indexed }: { doc: string; before: string; indexed: unknown[] }): boolean {
    const after = indexedValues(shape, row);

    if (after.every((value, at) => value === indexed[at])) return sql.rewrite().run(doc, row.id, before).changes === 1;

    return overExpired(row, () => sql.replace().run(doc, ...after, row.id, before)) === 1;
  }

  function remove(id: string): boolean {
    return sql.remove().run(storableText(id), ...now()).changes === 1;
  }

  function list(name: string, group: string, page: PageRequest = {}): Page<T> {
    const { after, descending = false, prefix } = page;
    const limit = pageLimit(page);
    const statements = sql.list(name);
    const way = descending ? statements.descending : statements.ascending;
    const from = after === undefined ? undefined : readCursor(after, prefix);
    const place = from ? [from.order, from.id] : [];
    const [plain, within] = from ? [way.next, way.nextWithin] : [way.first, way.firstWithin];
    const statement = prefix === undefined ? plain : within;
    const bounds = prefix === undefined ? [] : boundsOf(storableText(prefix), from && { descending });
    const found = statement().all(storableText(group), ...place, ...bounds, ...now(), limit + 1);
    const rows = found.slice(0, limit).map((each) => readDocument<T>(each));
    const last = rows.at(-1);

    if (found.length <= limit || !last) return { rows };

    return { rows, next: writeCursor({ order: statements.order(last), id: last.id }) };
  }

  function scan(page: { after?: string; limit?: number } = {}): Page<T> {
    const limit = pageLimit(page);
    const found =
      page.after === undefined
        ? sql.scan.first().all(...now(), limit + 1)
        : sql.scan.next().all(storableText(page.after), ...now(), limit + 1);
    const rows = found.slice(0, limit).map((each) => readDocument<T>(each));
    const last = rows.at(-1);

    return found.length <= limit || !last ? { rows } : { rows, next: last.id };
  }

  const collection: Collection<T, string, string> = {
    create: async (row) => guard(() => create(row)),
    get: async (id) => guard(() => find(sql.get(), id)),
    find: async (unique, value) => guard(() => find(sql.find(unique), value)),
    update: async (id, change) => guard(() => update(id, change)),
    remove: async (id) => guard(() => remove(id)),
    list: async (name, group, page) => guard(() => list(name, group, page)),
    ids: async (name, group) =>
      guard(() =>
        sql
          .list(name)
          .ids()
          .all(storableText(group), ...now())
          .map(({ id }) => String(id)),
      ),
    count: async (name, group) =>
      guard(() =>
        Number(
          sql
            .list(name)
            .count()
            .get(storableText(group), ...now())?.['n'],
        ),
      ),
    removeAll: async (name, group) =>
      guard(() =>
        Number(
          sql
            .list(name)
            .removeAll()
            .run(storableText(group), ...now()).changes,
        ),
      ),
    scan: async (page) => guard(() => scan(page)),
  };

  return {
    create,
    put,
    update,
    remove,
    sweep: (limit) => (expires ? Number(sql.sweep().run(clock.now(), limit).changes) : 0),
    collection,
  };
}

/** The texts that begin with a prefix: from here, and before there. Behind a row that is among them, the other end alone. */
function boundsOf(prefix: string, behind: { descending: boolean } | undefined): (string | Uint8Array)[] {
  // Where no text is behind them: every blob is.
  const both = [prefix, behindPrefix(prefix) ?? new Uint8Array()];

  return behind ? both.slice(...(behind.descending ? [0, 1] : [1])) : both;
}

/** No error of the driver leaves this room. */
export function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toFailure(error);
  }
}
