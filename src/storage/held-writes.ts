import { shapes, type Collection, type Collections, type Records } from './records.ts';

/** Undefined: go on. Else whoever wants to write waits for it, and fails as it fails. */
export type Hold = () => Promise<void> | undefined;

/**
 * The same records, where `hold` is asked before every write, of whatever kind and by whomever: background work writes
 * without a request that could be refused. Reading goes on.
 */
export function holdWrites(records: Records, hold: Hold): Records {
  const held =
    <Given extends unknown[], Answer>(write: (...given: Given) => Promise<Answer>) =>
    (...given: Given): Promise<Answer> =>
      hold()?.then(() => write(...given)) ?? write(...given);

  const collection = <T extends { id: string }>(of: Collection<T, string, string>): Collection<T, string, string> => ({
    create: held((row) => of.create(row)),
    get: (id) => of.get(id),
    find: (unique, value) => of.find(unique, value),
    update: held((id, change, seen) => of.update(id, change, seen)),
    remove: held((id) => of.remove(id)),
    list: (list, group, page) => of.list(list, group, page),
    ids: (list, group) => of.ids(list, group),
    count: (list, group) => of.count(list, group),
    removeAll: held((list, group) => of.removeAll(list, group)),
    scan: (page) => of.scan(page),
  });

  const names = Object.keys(shapes) as (keyof Collections)[];
  const collections = Object.fromEntries(
    names.map((name) => [name, collection(records[name] as unknown as Collection<{ id: string }, string, string>)]),
  );

  const { advice } = records;

  return {
    ...(collections as unknown as Collections),
    write: held((writes, how) => records.write(writes, how)),
    sweep: held((limit) => records.sweep(limit)),
    ready: () => records.ready(),
    snapshot: () => records.snapshot(),
    ...(advice && { advice: () => advice.call(records) }),
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}
