import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { Conflict, Unavailable } from '../../domain/errors.ts';
import { SchemaTooNew, StoreUnfit } from '../refusals.ts';
import { connect, type Connection, type ConnectOptions } from './connection.ts';
import { makeIndexes, missingIndexes, type Indexes } from './indexes.ts';
import { indexesOf, type Layout } from './schema.ts';
import type { MongoSettings } from './settings.ts';

/** One step forward. A node may die in the middle and another begin anew: whatever it does can be done twice. */
export type Migration = (database: mongo.Db) => Promise<void>;

/** What is kept for one port, in a database that may hold both. */
export interface Part {
  name: 'records' | 'ephemera';
  /** Of every collection, in the newest version. */
  indexes: Indexes;
  /** The first makes version 1 out of nothing, the next version 2, and so on. What was released never changes. */
  migrations: readonly Migration[];
}

/** The version of each part, `{_id: 'records', version}`, and who is changing it, `{_id: 'records lock', holder, until}`. */
interface Meta {
  _id: string;
  version?: number;
  holder?: string;
  until?: number;
}

/** In milliseconds. Building the indexes of a large collection takes minutes: the lock is renewed meanwhile. */
const times = { lock: 15_000, renewal: 5_000, wait: 60_000, step: 3_600_000 };

/** A step that makes collections, and the indexes of those that are there. */
export function collections(layouts: Record<string, Layout>): Migration {
  return async (database) => {
    for (const [name, layout] of Object.entries(layouts)) {
      const indexes = indexesOf(layout);

      if (indexes.length > 0) await database.collection(name).createIndexes(indexes);
    }
  };
}

/**
 * Brings a part to the newest version and makes indexes that were lost, once, however many nodes start: one holds the
 * lock, the others wait. Answers the indexes that were lost and that this node has made. Throws SchemaTooNew before
 * anything is written, StoreUnfit where an index can't be made, and Unavailable where the database is somebody else's.
 */
export async function migrate(
  connection: Connection,
  part: Part,
  { settings, ...options }: ConnectOptions & { settings: MongoSettings },
): Promise<Indexes> {
  if (await isWhole(connection, part)) return {};

  await refuseForeign(connection, part);

  await using lock = await takeLock(connection, part);

  if (!lock) return {};

  await using patient = await connect(settings, { ...options, patience: times.step });
  await goForward(connection, part, patient);

  const missing = await missingIndexes(connection, part.indexes);
  await makeIndexes(patient, missing);

  return missing;
}

async function isWhole(connection: Connection, part: Part): Promise<boolean> {
  if ((await versionOf(connection, part)) !== part.migrations.length) return false;

  return Object.keys(await missingIndexes(connection, part.indexes)).length === 0;
}

async function goForward(connection: Connection, part: Part, patient: Connection): Promise<void> {
  const meta = metaOf(connection);
  const found = await versionOf(connection, part);

  // Written before any collection is there: see `refuseForeign`.
  if (found === undefined) {
    await connection.ask(() => meta.updateOne({ _id: part.name }, { $setOnInsert: { version: 0 } }, { upsert: true }));
  }

  for (const [at, step] of part.migrations.entries()) {
    if (at < (found ?? 0)) continue;

    await patient.ask(() => step(patient.database));
    await connection.ask(() => meta.updateOne({ _id: part.name, version: at }, { $set: { version: at + 1 } }));
  }
}

/** The version that is there; undefined for nothing. Throws SchemaTooNew. */
async function versionOf(connection: Connection, part: Part): Promise<number | undefined> {
  const found = await connection.ask(() => metaOf(connection).findOne({ _id: part.name }));
  const known = part.migrations.length;

  if (found?.version !== undefined && found.version > known) {
    throw new SchemaTooNew(`The database ${connection.database.databaseName}`, { found: found.version, known });
  }

  return found?.version;
}

/** Another program's collections must not get our indexes. A node that is migrating has written its version first. */
async function refuseForeign(connection: Connection, part: Part): Promise<void> {
  const { databaseName } = connection.database;
  const listed = await connection.ask(() => connection.database.listCollections({}, { nameOnly: true }).toArray());
  const taken = listed.find(({ name }) => Object.hasOwn(part.indexes, name));

  if (taken && (await versionOf(connection, part)) === undefined) {
    throw new StoreUnfit(`The database ${databaseName}`, {
      reason: `it has a collection ${taken.name} that Gatehouse has not made`,
      mend: 'Name another database.',
    });
  }
}

/** Waits for the lock; undefined where there is nothing left to do. */
async function takeLock(connection: Connection, part: Part): Promise<AsyncDisposable | undefined> {
  const meta = metaOf(connection);
  const _id = `${part.name} lock`;
  const holder = randomUUID();
  const deadline = performance.now() + times.wait;

  while (!(await grab())) {
    if (performance.now() > deadline)
      throw new Unavailable('another node has been migrating the database for a minute');

    await pause(100);
    if (await isWhole(connection, part)) return undefined;
  }

  const renewal = setInterval(() => void renew().catch(() => undefined), times.renewal);

  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewal);
      await connection.ask(() => meta.deleteOne({ _id, holder }));
    },
  };

  async function grab(): Promise<boolean> {
    const mine = { holder, until: Date.now() + times.lock };
    const free = { _id, until: { $lt: Date.now() } };

    try {
      const { matchedCount, upsertedCount } = await connection.ask(() =>
        meta.updateOne(free, { $set: mine }, { upsert: true }),
      );

      return matchedCount + upsertedCount === 1;
    } catch (error) {
      // It is there, and somebody's.
      if (error instanceof Conflict) return false;

      throw error;
    }
  }

  /** One that could not be renewed is lost to another node, which then does again what this one does. */
  function renew(): Promise<unknown> {
    return connection.ask(() => meta.updateOne({ _id, holder }, { $set: { until: Date.now() + times.lock } }));
  }
}

function metaOf({ database }: Connection): mongo.Collection<Meta> {
  return database.collection<Meta>('meta');
}
