import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyDatabase } from '../support/mongo.ts';
import { newPrefix, sharedRedis } from '../support/redis.ts';

/** Empty places for stores, for suites and for programs that run without jest. A new backend adds its own to `places`. */

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

export async function emptyPlace(kind: string): Promise<Emptied> {
  const make = places[kind];

  if (!make) throw new Error(`say in test/storage/stores.ts how to make an empty place for ${kind}`);

  return await make();
}
