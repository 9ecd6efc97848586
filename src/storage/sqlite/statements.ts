import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Invalid } from '../../domain/errors.ts';
import type { Shape } from '../records.ts';

type Prepared = () => StatementSync;

/** Prepared when it is first used (a start needs few of them), then kept. */
export function preparedIn(database: DatabaseSync): (sql: string) => Prepared {
  return (sql) => {
    let statement: StatementSync | undefined;

    return () => (statement ??= database.prepare(sql));
  };
}

/** `Within`: only orders from one text on and before another. */
interface Way {
  first: Prepared;
  next: Prepared;
  firstWithin: Prepared;
  /** Begins behind a row that is within: only the other end is bound. */
  nextWithin: Prepared;
}

interface ListStatements<T> {
  ascending: Way;
  descending: Way;
  ids: Prepared;
  count: Prepared;
  removeAll: Prepared;
  order: (row: T) => number | string;
}

/** Every statement of a collection. Names come from `shapes`, values are always bound. */
export function collectionStatements<T extends { id: string }>(database: DatabaseSync, name: string, shape: Shape<T>) {
  const prepare = preparedIn(database);
  const uniques = Object.keys(shape.unique);
  // The plus keeps the planner from walking the index on `expires_at` instead of the one that gives the order.
  const alive = shape.expiresAt ? 'AND +expires_at > ?' : '';
  const indexed = [
    ...(shape.expiresAt ? ['expires_at'] : []),
    ...uniques.map((each) => `unique_${each}`),
    ...Object.keys(shape.lists).flatMap((each) => [`group_${each}`, `order_${each}`]),
  ];
  const columns = ['id', 'doc', ...indexed];
  const insert = `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  const excluded = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  const assigned = columns.slice(1).map((column) => `${column} = ?`);
  const same = ['id', ...uniques.map((each) => `unique_${each}`)].map((column) => `${column} = ?`);

  const finds = new Map(
    uniques.map((each) => [each, prepare(`SELECT doc FROM ${name} WHERE unique_${each} = ? ${alive}`)]),
  );
  const lists = new Map(
    Object.entries<Shape<T>['lists'][string]>(shape.lists).map(([each, { order }]) => [
      each,
      listStatements(prepare, { name, list: each, alive, order }),
    ]),
  );

  return {
    get: prepare(`SELECT doc FROM ${name} WHERE id = ? ${alive}`),
    find: (unique: string) => known(finds, unique)(),
    create: prepare(insert),
    put: prepare(`${insert} ON CONFLICT (id) DO UPDATE SET ${excluded.join(', ')}`),
    rewrite: prepare(`UPDATE ${name} SET doc = ? WHERE id = ? AND doc = ?`),
    replace: prepare(`UPDATE ${name} SET ${assigned.join(', ')} WHERE id = ? AND doc = ?`),
    remove: prepare(`DELETE FROM ${name} WHERE id = ? ${alive}`),
    purge: prepare(`DELETE FROM ${name} WHERE +expires_at <= ? AND (${same.join(' OR ')})`),
    scan: {
      first: prepare(`SELECT doc FROM ${name} WHERE id >= '' ${alive} ORDER BY id LIMIT ?`),
      next: prepare(`SELECT doc FROM ${name} WHERE id > ? ${alive} ORDER BY id LIMIT ?`),
    },
    sweep: prepare(
      `DELETE FROM ${name} WHERE rowid IN (SELECT rowid FROM ${name} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ),
    list: (list: string) => known(lists, list),
  };
}

function listStatements<T>(
  prepare: (sql: string) => Prepared,
  of: { name: string; list: string; alive: string; order: (row: T) => number | string },
): ListStatements<T> {
  const { name, list, alive, order } = of;

  const way = (beyond: '>' | '<', direction: 'ASC' | 'DESC') => {
    const start = `SELECT doc FROM ${name} WHERE group_${list} = ?`;
    const end = `${alive} ORDER BY order_${list} ${direction}, id ${direction} LIMIT ?`;
    const behind = `AND (order_${list}, id) ${beyond} (?, ?)`;
    const from = `AND order_${list} >= ?`;
    const to = `AND order_${list} < ?`;

    return {
      first: prepare(`${start} ${end}`),
      next: prepare(`${start} ${behind} ${end}`),
      firstWithin: prepare(`${start} ${from} ${to} ${end}`),
      nextWithin: prepare(`${start} ${behind} ${beyond === '>' ? to : from} ${end}`),
    };
  };

  return {
    ascending: way('>', 'ASC'),
    descending: way('<', 'DESC'),
    ids: prepare(
      `SELECT id FROM ${name} WHERE group_${list} = ? ${alive} ORDER BY order_${list} DESC, id DESC LIMIT 1000`,
    ),
    count: prepare(`SELECT count(*) AS n FROM ${name} WHERE group_${list} = ? ${alive}`),
    removeAll: prepare(`DELETE FROM ${name} WHERE group_${list} = ? ${alive}`),
    order,
  };
}

function known<T>(statements: Map<string, T>, name: string): T {
  const found = statements.get(name);

  if (!found) throw new Invalid(`nothing is kept by ${name}`);

  return found;
}
