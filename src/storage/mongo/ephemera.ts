import type { mongo } from 'mongoose';
import type { Clock } from '../../domain/clock.ts';
import { Conflict, Unavailable } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import { endOfLife, storableText as text, writeDocument } from '../documents.ts';
import type { Ephemera } from '../ephemera.ts';
import { connect, type ConnectOptions } from './connection.ts';
import { adviseOnMade } from './indexes.ts';
import { migrate, type Migration, type Part } from './migrations.ts';
import type { MongoSettings } from './settings.ts';

/** A value, a claim (without either) or a counter. */
interface Entry {
  /** Kind and id. */
  _id: string;
  /** As JSON. */
  value?: string;
  count?: number;
  /** The names that the last `put` gave it: one that points here and is not among them is stale. */
  keys?: string[];
  expires_at: number;
  gone_at: Date;
}

/** Points to the entry that was put last with a name. */
interface Name {
  /** Kind and name. */
  _id: string;
  id: string;
  gone_at: Date;
}

/** ECMA-262 section 21.4.1.1. */
const lastDate = 8.64e15;

/** MongoDB's own clock only tidies up, a while later: ours decides, and may differ from it. */
const tidying: mongo.IndexDescription = { name: 'gone', key: { gone_at: 1 }, expireAfterSeconds: 600 };

const migrations: readonly Migration[] = [
  async (database) => {
    await database.collection('entries').createIndexes([tidying]);
    await database.collection('names').createIndexes([tidying]);
  },
];

const indexes = { entries: [tidying], names: [tidying] };

export const ephemeraPart: Part = { name: 'ephemera', indexes, migrations };

/** How often a step is taken again because another one came between, before it gives up. */
const maxTries = 100;

/** Throws SchemaTooNew, StoreUnfit or Unavailable. */
export async function openMongoEphemera(
  settings: MongoSettings,
  { clock, ...options }: ConnectOptions & { clock: Clock },
): Promise<Ephemera> {
  await using opening = new AsyncDisposableStack();
  const connection = opening.use(await connect(settings, options));
  const made = await migrate(connection, ephemeraPart, { settings, ...options });

  const entries = connection.database.collection<Entry>('entries');
  const names = connection.database.collection<Name>('names');
  const open = opening.move();
  const { ask } = connection;

  const lifeOf = (ttl: number): { expires_at: number; gone_at: Date } => {
    const expires_at = endOfLife(clock.now(), ttl);

    return { expires_at, gone_at: new Date(Math.min(endOfLife(Date.now(), Math.max(ttl, 0)), lastDate)) };
  };

  async function entryOf(key: string): Promise<Entry | undefined> {
    const found = await ask(() => entries.findOne({ _id: key }));

    return found && found.expires_at > clock.now() ? found : undefined;
  }

  async function put(kind: string, id: string, value: Json, life: { ttl: number; keys?: readonly string[] }) {
    const keys = [...new Set(life.keys ?? [])];
    const { expires_at, gone_at } = lifeOf(life.ttl);
    const _id = keyOf(kind, id);
    const entry = { value: writeDocument(value), ...(keys.length > 0 && { keys }), expires_at, gone_at };
    const named = keys.map((key) => ({ _id: keyOf(kind, key), id, gone_at }));

    await Promise.all([
      overAnother(() => entries.replaceOne({ _id }, entry, { upsert: true })),
      ...named.map((name) => overAnother(() => names.replaceOne({ _id: name._id }, name, { upsert: true }))),
    ]);
  }

  /** Two that make one thing at once: the second replaces what the first has made. */
  async function overAnother(write: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await ask(write);
        return;
      } catch (error) {
        if (!(error instanceof Conflict) || tries >= maxTries) throw error;
      }
    }
  }

  async function find(kind: string, key: string): Promise<{ id: string; value: Json } | undefined> {
    const name = keyOf(kind, key);
    const found = await ask(() => names.findOne({ _id: name }));
    const entry = found && (await entryOf(keyOf(kind, found.id)));

    return entry?.keys?.includes(key) ? { id: found?.id ?? '', value: valueOf(entry) } : undefined;
  }

  /** Matches nothing while it lives, so that making it anew is refused: it is there. */
  async function claim(kind: string, id: string, ttl: number): Promise<boolean> {
    const filter = { _id: keyOf(kind, id), expires_at: { $lte: clock.now() } };
    const life = lifeOf(ttl);

    try {
      await ask(() =>
        entries.updateOne(filter, { $set: life, $unset: { value: 1, count: 1, keys: 1 } }, { upsert: true }),
      );

      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;

      throw error;
    }
  }

  async function increment(kind: string, id: string, ttl: number): Promise<number> {
    const _id = keyOf(kind, id);
    const life = lifeOf(ttl);

    for (let tries = 0; tries < maxTries; tries += 1) {
      const number = (await counted(_id, life)) ?? (await countedAnew(_id, life));

      if (number !== undefined) return number;
    }

    throw new Unavailable('too many writers at once');
  }

  /** Adds one, or begins where there is nothing; undefined where one that has expired is in the way, or a faster one. */
  async function counted(_id: string, life: Pick<Entry, 'expires_at' | 'gone_at'>): Promise<number | undefined> {
    const living = { _id, expires_at: { $gt: clock.now() } };
    const more = { $inc: { count: 1 }, $setOnInsert: life };

    try {
      const entry = await ask(() =>
        entries.findOneAndUpdate(living, more, { upsert: true, returnDocument: 'after', projection: { count: 1 } }),
      );

      return entry?.count;
    } catch (error) {
      if (error instanceof Conflict) return undefined;

      throw error;
    }
  }

  async function countedAnew(_id: string, life: Pick<Entry, 'expires_at' | 'gone_at'>): Promise<number | undefined> {
    const over = { _id, expires_at: { $lte: clock.now() } };
    const { matchedCount } = await ask(() => entries.replaceOne(over, { count: 1, ...life }));

    return matchedCount === 1 ? 1 : undefined;
  }

  async function remove(kind: string, id: string): Promise<boolean> {
    const filter = { _id: keyOf(kind, id), expires_at: { $gt: clock.now() } };

    return (await ask(() => entries.deleteOne(filter))).deletedCount === 1;
  }

  return {
    put,
    get: async (kind, id) => {
      const entry = await entryOf(keyOf(kind, id));

      return entry && valueOf(entry);
    },
    find,
    consume: remove,
    claim,
    increment,
    remove: async (kind, id) => {
      await remove(kind, id);
    },
    sweep: () => Promise.resolve(0),
    ready: async () => {
      await ask(() => connection.database.command({ ping: 1 }));
    },
    advice: async () => adviseOnMade(connection, made),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The length keeps two pairs of texts from making the same key. */
function keyOf(kind: string, id: string): string {
  return `${text(kind).length}:${kind}:${text(id)}`;
}

function valueOf({ value, count }: Entry): Json {
  return value === undefined ? (count ?? true) : (JSON.parse(value) as Json);
}
