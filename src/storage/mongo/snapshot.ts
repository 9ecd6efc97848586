import { mongo } from 'mongoose';
import type { Clock } from '../../domain/clock.ts';
import { shapes, type Shape, type Snapshot } from '../records.ts';
import { openCollection, type Engine } from './collection.ts';
import type { Connection } from './connection.ts';

type AnyRow = { id: string };

/** InvalidOptions, NotAReplicaSet, SnapshotUnavailable: it can't, and never will as it is set up. */
const unable: ReadonlySet<unknown> = new Set([72, 123, 246]);

/**
 * A session whose reads are all of one moment, which a majority has acknowledged (MongoDB 5.0 and later). The server
 * keeps such a moment for `minSnapshotHistoryWindowInSeconds` (five minutes); then reading fails with SnapshotTooOld.
 * Where there is nothing of the kind, each page is read as it is by then.
 */
export async function openSnapshot(connection: Connection, { clock }: { clock: Clock }): Promise<Snapshot> {
  const session = connection.database.client.startSession({ snapshot: true });
  const ofThen = { session, readConcern: new mongo.ReadConcern('snapshot') };

  const oneMoment = await fixed(connection, ofThen).catch(async (error: unknown) => {
    await session.endSession();
    throw error;
  });
  const within = oneMoment ? ofThen : {};

  const engines = new Map<string, Engine<AnyRow>>(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      openCollection({ connection, name, shape: shape as unknown as Shape<AnyRow>, clock, within }),
    ]),
  );

  return {
    oneMoment,
    scan: (name, page) => (engines.get(name) as Engine<AnyRow>).collection.scan(page),
    [Symbol.asyncDispose]: () => session.endSession(),
  };
}

/** Its first look fixes the moment. Whether there is one. */
async function fixed(
  { database, ask }: Connection,
  ofThen: { session: mongo.ClientSession } & mongo.FindOptions,
): Promise<boolean> {
  return await ask(async () => {
    try {
      await database.collection('settings').findOne({}, { ...ofThen, projection: { _id: 1 } });

      // Not in the driver's types: when it is, by the server's first answer.
      return (ofThen.session as { snapshotTime?: unknown }).snapshotTime !== undefined;
    } catch (error) {
      const isUnable = error instanceof mongo.MongoCompatibilityError || unable.has((error as { code?: unknown }).code);
      if (isUnable) return false;

      throw error;
    }
  });
}
