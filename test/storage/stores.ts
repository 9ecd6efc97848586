import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/domain/clock.ts';
import type { ephemeraBackends, recordsBackends } from '../../src/storage/backends.ts';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import type { Records } from '../../src/storage/records.ts';
import { settableClock, type SettableClock } from '../support/clock.ts';
import { emptyDatabase } from '../support/mongo.ts';
import { describeWith, type Need } from '../support/need.ts';
import { newPrefix, sharedRedis } from '../support/redis.ts';

/**
 * Where the contract suites get their stores from. A new backend adds how to make an empty place for itself to `places`.
 */

/** An empty store of its own for one test. What is opened twice is the same store, as two nodes see it. */
export interface Store<Port> extends AsyncDisposable {
  open(clock: Clock): Promise<Port>;
}

export type MakeStore<Port> = () => Promise<Store<Port>>;

/** A store with one node opened; `another` opens more. All are closed, and the store removed, with it. */
export interface Opened<Port> extends AsyncDisposable {
  port: Port;
  clock: SettableClock;
  another(): Promise<Port>;
}

export async function opened<Port extends AsyncDisposable>(make: MakeStore<Port>): Promise<Opened<Port>> {
  const stack = new AsyncDisposableStack();
  const store = stack.use(await make());
  const clock = settableClock();
  const another = async () => stack.use(await store.open(clock));

  return { port: await another(), clock, another, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export const recordsStore =
  (backend: (typeof recordsBackends)[number]): MakeStore<Records> =>
  async () => {
    const { options, data, remove } = await emptyPlace(backend.kind);

    return {
      open: (clock) => backend.openRecords(options, { clock, data, server: false }),
      [Symbol.asyncDispose]: remove,
    };
  };

export const ephemeraStore =
  (backend: (typeof ephemeraBackends)[number]): MakeStore<Ephemera> =>
  async () => {
    const { options, data, remove } = await emptyPlace(backend.kind);

    return {
      open: (clock) => backend.openEphemera(options, { clock, data, server: false }),
      [Symbol.asyncDispose]: remove,
    };
  };

/** A folder that is gone when the test is over. */
export async function emptyFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-'));

  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface Emptied {
  /** Of the backend. */
  options: object;
  data: string;
  remove(): PromiseLike<void>;
}

const places: Record<string, () => Promise<Emptied>> = {
  sqlite: async () => {
    const folder = await emptyFolder();

    return { options: {}, data: folder.path, remove: () => folder[Symbol.asyncDispose]() };
  },

  mongo: async () => {
    const { [Symbol.asyncDispose]: remove, ...options } = await emptyDatabase();

    return { options, data: '', remove };
  },

  redis: async () => {
    const { url } = await sharedRedis();

    return { options: { url, sentinels: [], nodes: [], prefix: newPrefix() }, data: '', remove: async () => undefined };
  },
};

/** What a kind needs from the machine. */
const needs: Record<string, Need> = { mongo: 'mongo', redis: 'redis' };

/** Runs a kind's suite where its server is installed. */
export function describeStore(kind: string, suite: () => void): void {
  const need = needs[kind];

  if (need === undefined) suite();
  else describeWith(need, `storage in ${kind}`, suite);
}

/** The same for what stands on several kinds at once. */
export function describeStores(kinds: readonly string[], name: string, suite: () => void): void {
  const needed = kinds.flatMap((kind) => needs[kind] ?? []);

  describeWith([...new Set(needed)], name, suite);
}

export async function emptyPlace(kind: string): Promise<Emptied> {
  const make = places[kind];

  if (!make) throw new Error(`say in test/storage/stores.ts how to make an empty place for ${kind}`);

  return await make();
}
