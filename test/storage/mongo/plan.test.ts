import { describe, expect, test } from '@jest/globals';
import { shapes, type Collection, type CollectionName, type Shape } from '../../../src/storage/records.ts';
import { samples } from '../rows.ts';
import { describeMongo, nameOf, watchedDatabase, type Command, type Watched } from './watched.ts';

type Row = { id: string };
type Key = Record<string, number>;
type Filter = Record<string, unknown>;

/** What a command looks for, in which order, and the index that it names. */
interface Asked {
  filter: Filter;
  sort: Key;
  hint: string | undefined;
}

/** The stand-in has no `explain`: what MongoDB needs in order to answer from an index is asserted of every command. */
describeMongo('every question to MongoDB is answered from an index', () => {
  test.each(Object.keys(shapes) as CollectionName[])('about %s', async (name) => {
    await using watched = await watchedDatabase();
    const records = await watched.records();
    const collection = records[name] as unknown as Collection<Row, string, string>;
    const shape = shapes[name] as unknown as Shape<Row>;
    const row: Row = samples[name];
    await collection.create(row);
    watched.sent.length = 0;

    await collection.get(row.id);
    await collection.update(row.id, (old) => ({ ...old, more: 1 }));
    await collection.scan();
    await collection.scan({ after: row.id, limit: 7 });
    for (const [unique, value] of Object.entries(shape.unique)) await collection.find(unique, value(row) ?? '');

    for (const [list, { group, order }] of Object.entries(shape.lists)) {
      const of = group(row) ?? '';
      const after = Buffer.from(JSON.stringify([order(row), row.id])).toString('base64url');
      for (const descending of [false, true]) {
        await collection.list(list, of, { descending });
        await collection.list(list, of, { descending, after });
        if (typeof order(row) !== 'string') continue;
        await collection.list(list, of, { descending, prefix: String(order(row)) });
        await collection.list(list, of, { descending, after, prefix: String(order(row)) });
      }
      await collection.ids(list, of);
      await collection.count(list, of);
      await collection.removeAll(list, 'nobody');
    }

    // Expired and in the way: what is looked for then, and what the sweep looks for.
    if (shape.expiresAt) {
      watched.clock.advance(3_600_000);
      await collection.create(row);
      await records.sweep(10);
    }
    await collection.remove(row.id);

    const keys = await keysOf(watched, name);
    const asked = watched.sent.filter((command) => command[nameOf(command)] === name).flatMap(askedBy);

    expect(asked.length).toBeGreaterThan(4);
    for (const each of asked) expect([each, keyFor(each, keys)]).toEqual([each, expect.anything()]);
  });
});

describe('what is taken for answered from an index', () => {
  const keys = { _id_: { _id: 1 }, list_x: { group_x: 1, order_x: 1, _id: 1 }, unique_y: { unique_y: 1 } };

  test.each<Asked>([
    { filter: { doc: 'x' }, sort: {}, hint: undefined },
    { filter: { group_x: 'x' }, sort: {}, hint: undefined },
    { filter: { group_x: 'x' }, sort: {}, hint: 'list_z' },
    { filter: { order_x: 'x' }, sort: {}, hint: 'list_x' },
    { filter: { group_x: 'x' }, sort: { doc: 1 }, hint: 'list_x' },
    { filter: { group_x: 'x' }, sort: { order_x: 1, _id: -1 }, hint: 'list_x' },
    { filter: { _id: { $ne: 'x' } }, sort: {}, hint: undefined },
  ])('%j is not', (asked) => {
    expect(keyFor(asked, keys)).toBeUndefined();
  });
});

async function keysOf({ look }: Watched, name: string): Promise<Record<string, Key>> {
  const indexes = await look.database
    .collection(name)
    .indexes()
    .catch(() => []);

  return { _id_: { _id: 1 }, ...Object.fromEntries(indexes.map((index) => [index.name, index.key as Key])) };
}

function askedBy(command: Command): Asked[] {
  const parts = (command['updates'] ?? command['deletes']) as { q: Filter; hint?: string }[] | undefined;
  const pipeline = command['pipeline'] as [{ $match: Filter }] | undefined;

  if (parts) return parts.map(({ q, hint }) => ({ filter: q, sort: {}, hint }));
  if (nameOf(command) === 'insert') return [];

  return [
    {
      filter: pipeline?.[0].$match ?? (command['filter'] as Filter),
      sort: Object.fromEntries((command['sort'] as Map<string, number> | undefined) ?? []),
      hint: command['hint'] as string | undefined,
    },
  ];
}

/**
 * The index that gives just what is asked for, in its order: the one that is named, by whose first field the rows are
 * narrowed (or by whose order all are gone through), else the one of a single value that is looked for.
 */
function keyFor({ filter, sort, hint }: Asked, keys: Record<string, Key>): Key | undefined {
  if (hint === undefined) {
    const single = Object.entries(filter).find(([field, value]) => isOneValue(field, value));

    return Object.values(keys).find((key) => Object.keys(key)[0] === single?.[0] && Object.keys(key).length === 1);
  }

  const fields = Object.entries(keys[hint] ?? {});
  const [first] = fields[0] ?? [];
  const ordered = Object.entries(sort);
  const way = ordered[0]?.[1] ?? 1;
  const equal = first !== undefined && typeof filter[first] === 'string';
  const rest = fields.slice(equal ? 1 : 0);
  const isInOrder = ordered.every(([field, each], at) => rest[at]?.[0] === field && each === way);
  const isNarrow = equal || (first !== undefined && first in filter) || (first === '_id' && ordered.length > 0);

  return isInOrder && isNarrow ? keys[hint] : undefined;
}

function isOneValue(field: string, value: unknown): boolean {
  if (field !== '_id' && !field.startsWith('unique_')) return false;

  return typeof value === 'string' || (typeof value === 'object' && value !== null && '$in' in value);
}
