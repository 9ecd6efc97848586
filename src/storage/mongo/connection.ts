import { mongo, Mongoose } from 'mongoose';
import { Unavailable } from '../../domain/errors.ts';
import { toFailure, toRefusal } from './failures.ts';
import { databaseOf, defaults, placeOf, type MongoSettings } from './settings.ts';

/**
 * MongoDB 4.4 or later, for both ports. This room knows the driver (mongoose, whose connection it takes and whose models
 * it does not need), the ports and what a collection's shape asks for; it knows no rule of any collection.
 *
 * Only what a single document's atomicity gives is used: unique indexes and writes that name what they expect to find.
 * A write is acknowledged once a majority of the replica set has it in its journal. Reads ask the primary for what it
 * has (`local`): all that was acknowledged is in it, and a write that was beaten sees at once what beat it. It may hold
 * more, which a fail-over undoes, and one that is cut off from the others may for some seconds answer what was: whatever
 * has to hold is a condition of a write, which only a majority acknowledges.
 */
export interface Connection extends AsyncDisposable {
  database: mongo.Db;
  /** Asks the driver for one thing. Throws only the port's own failures, and Unavailable where no answer came in time. */
  ask<T>(question: () => Promise<T>): Promise<T>;
}

export interface ConnectOptions {
  /** Milliseconds for one question, whatever the driver tries meanwhile. */
  patience?: number;
  /** Every command as it is sent, for the tests. */
  onCommand?: ((command: mongo.BSON.Document) => void) | undefined;
}

/** For one attempt of the driver: a write that meets a fail-over is repeated once, within `patience`. */
const attempt = 1500;

export async function connect(
  settings: MongoSettings,
  { patience = 2500, onCommand }: ConnectOptions = {},
): Promise<Connection> {
  const place = placeOf(settings);
  const most = Math.max(attempt, patience - 500);
  // Most of it is for models, of which there are none: one that should come some day starts strict.
  const mongoose = new Mongoose({
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    sanitizeFilter: true,
    strictQuery: 'throw',
  });
  const connection = mongoose.createConnection();

  // Without a listener, mongoose would throw what it has to say of a connection that was lost.
  connection.on('error', () => undefined);

  try {
    await connection.openUri(settings.url ?? defaults.url, {
      appName: 'gatehouse',
      maxPoolSize: settings.pool_size,
      serverSelectionTimeoutMS: attempt,
      connectTimeoutMS: attempt,
      waitQueueTimeoutMS: attempt,
      socketTimeoutMS: most,
      heartbeatFrequencyMS: attempt,
      monitorCommands: onCommand !== undefined,
    });
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw toRefusal(error, place);
  }

  const client = connection.getClient();
  // Said here and not for the connection, where the URL would have its say too.
  const database = client.db(databaseOf(settings), {
    writeConcern: { w: 'majority', journal: true },
    readConcern: new mongo.ReadConcern('local'),
    readPreference: 'primary',
  });

  if (onCommand) client.on('commandStarted', ({ command }) => onCommand(command));

  return {
    database,
    ask: (question) => inTime(question(), { patience, place }),
    [Symbol.asyncDispose]: async () => {
      // It says goodbye to a server that may be away: nothing depends on that.
      await inTime(connection.close(), { patience, place }).catch(() => undefined);
    },
  };
}

/** The question goes on behind an answer that came too late; what comes of it is nobody's any more. */
async function inTime<T>(answer: Promise<T>, { patience, place }: { patience: number; place: string }): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    // What has arrived while this process was too busy to look is read first.
    timer = setTimeout(
      () => setImmediate(() => reject(new Unavailable(`${place}: it does not answer in time`))),
      patience,
    );
  });

  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    throw toFailure(error, place);
  } finally {
    clearTimeout(timer);
  }
}
