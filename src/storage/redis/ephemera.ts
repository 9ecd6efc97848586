import type { Clock } from '../../domain/clock.ts';
import type { Json } from '../../domain/json.ts';
import { endOfLife, storableText, writeDocument } from '../documents.ts';
import type { Ephemera } from '../ephemera.ts';
import { newId } from '../../domain/ids.ts';
import { adviseOn } from './advice.ts';
import { connect, refuseUnfit } from './connection.ts';
import * as scripts from './scripts.ts';
import { defaults, type RedisSettings } from './settings.ts';

/**
 * Ephemera in Redis (6.2 or later): one server, a master behind Sentinels, or a Cluster. This room knows the driver, the
 * port and Redis' words; it knows no kind of entry and no rule of ours.
 *
 * An entry is one key, `<prefix><kind>:<id>`, and a text: its end by the clock that we were opened with, then
 * `[value, keys]` as JSON. A name is another key, `<prefix><kind>=<name>`, that holds the id; on a Cluster it lies
 * elsewhere, so nothing is done to both at once: names are written first, the entry last, and an entry has only the names
 * that stand in itself. Everything is asked of masters, and every key has a life in Redis too, which begins when it is
 * written and is a little longer than its own: Redis only tidies up, it never decides.
 */
export async function openRedisEphemera(settings: RedisSettings, { clock }: { clock: Clock }): Promise<Ephemera> {
  const redis = await connect(settings);
  const prefix = settings.prefix ?? defaults.prefix;

  // What was escaped holds neither `:` nor `=`, so no two pairs of texts make the same key.
  const entryKey = (kind: string, id: string): string =>
    `${prefix}${encodeURIComponent(storableText(kind))}:${storableText(id)}`;
  const nameKey = (kind: string, name: string): string =>
    `${prefix}${encodeURIComponent(storableText(kind))}=${storableText(name)}`;

  async function put(kind: string, id: string, value: Json, life: { ttl: number; keys?: readonly string[] }) {
    const entry = entryKey(kind, id);
    const names = [...new Set(life.keys ?? [])];
    const nameKeys = names.map((name) => nameKey(kind, name));
    const text = `${endOfLife(clock.now(), life.ttl)} ${writeDocument(names.length > 0 ? [value, names] : [value])}`;
    const milliseconds = kept(life.ttl);

    await Promise.all(nameKeys.map((key) => redis.run(scripts.name, key, [id, milliseconds])));
    await redis.ask((client) => client.set(entry, text, 'PX', milliseconds));
  }

  async function entryOf(kind: string, id: string): Promise<Entry | undefined> {
    const key = entryKey(kind, id);
    const entry = readEntry(await redis.ask((client) => client.get(key)));

    return entry && entry.ends > clock.now() ? entry : undefined;
  }

  async function find(kind: string, name: string): Promise<{ id: string; value: Json } | undefined> {
    const key = nameKey(kind, name);
    const id = await redis.ask((client) => client.get(key));
    const entry = id === null ? undefined : await entryOf(kind, id);

    return id !== null && entry?.names.includes(name) ? { id, value: entry.value } : undefined;
  }

  /** Now, the end, and how long Redis keeps it. */
  const lifeOf = (ttl: number): number[] => [clock.now(), endOfLife(clock.now(), ttl), kept(ttl)];

  const port: Ephemera = {
    put,
    find,
    get: async (kind, id) => (await entryOf(kind, id))?.value,

    consume: async (kind, id) => {
      const key = entryKey(kind, id);
      const entry = readEntry(await redis.ask((client) => client.getdel(key)));

      return entry !== undefined && entry.ends > clock.now();
    },

    claim: async (kind, id, ttl) => (await redis.run(scripts.claim, entryKey(kind, id), lifeOf(ttl))) === 1,
    increment: async (kind, id, ttl) => Number(await redis.run(scripts.increment, entryKey(kind, id), lifeOf(ttl))),

    remove: async (kind, id) => {
      const key = entryKey(kind, id);
      await redis.ask((client) => client.del(key));
    },

    // Redis does so itself.
    sweep: async () => 0,

    // Not PING, which a server answers that can't answer for its data (a Cluster with a hole, a replica cut off).
    ready: async () => {
      await redis.ask((client) => client.exists(entryKey('', '')));
    },

    advice: () => adviseOn(redis),
    [Symbol.asyncDispose]: async () => redis.close(),
  };

  await tryOut(port).catch((error: unknown) => refuseUnfit(redis, error));

  return port;
}

/** Everything once, on an entry of its own: what a user may not do, or an old server can't, is known at the start. */
async function tryOut(port: Ephemera): Promise<void> {
  const id = newId();
  const kind = 'opening';

  await port.put(kind, id, true, { ttl: 1, keys: [id] });
  await port.find(kind, id);
  await port.consume(kind, id);
  await port.claim(kind, id, 1);
  await port.remove(kind, id);
  await port.increment(kind, id, 1);
  await port.ready();
}

/** Milliseconds by which Redis keeps a key longer than it lives: more than clocks differ, or an event loop stands still. */
const margin = 60_000;

/** Longer lives than Redis can count are cut. */
const longest = 1e15;

/** The life of a key in Redis, in whole milliseconds. */
function kept(ttl: number): number {
  return Math.min(Math.max(Math.ceil(ttl * 1000), 0) + margin, longest);
}

interface Entry {
  /** Milliseconds. */
  ends: number;
  value: Json;
  names: readonly string[];
}

function readEntry(text: string | null): Entry | undefined {
  if (text === null) return undefined;

  const space = text.indexOf(' ');
  const [value, names = []] = JSON.parse(text.slice(space + 1)) as [Json, string[]?];

  return { ends: Number(text.slice(0, space)), value, names };
}
