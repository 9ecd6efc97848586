import { beforeAll } from '@jest/globals';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import { connect, type Connection } from '../../../src/storage/mongo/connection.ts';
import { openMongoEphemera } from '../../../src/storage/mongo/ephemera.ts';
import { openMongoRecords } from '../../../src/storage/mongo/records.ts';
import type { MongoSettings } from '../../../src/storage/mongo/settings.ts';
import type { Records } from '../../../src/storage/records.ts';
import { settableClock, type SettableClock } from '../../support/clock.ts';
import { emptyDatabase, sharedMongo } from '../../support/mongo.ts';
import { describeWith } from '../../support/need.ts';

/** A suite on the shared server, whose start is no test's. */
export function describeMongo(name: string, suite: () => void): void {
  describeWith('mongo', name, () => {
    beforeAll(async () => void (await sharedMongo()), 60_000);
    suite();
  });
}

/** A command as it was sent: its name is its first key, its collection that key's value. */
export type Command = Record<string, unknown>;

/** A database of its own, what was sent to it, and a way to look into it. All is closed and dropped with it. */
export interface Watched extends AsyncDisposable {
  settings: MongoSettings;
  clock: SettableClock;
  /** Every command since it was emptied last. */
  sent: Command[];
  records(settings?: MongoSettings): Promise<Records>;
  ephemera(settings?: MongoSettings): Promise<Ephemera>;
  /** Unwatched. */
  look: Connection;
}

export async function watchedDatabase(): Promise<Watched> {
  const stack = new AsyncDisposableStack();
  const settings = stack.use(await emptyDatabase());
  const look = stack.use(await connect(settings));
  const clock = settableClock();
  const sent: Command[] = [];
  const options = { clock, onCommand: (command: Command) => void sent.push(structuredClone(command)) };

  return {
    settings,
    clock,
    sent,
    look,
    records: async (other = settings) => stack.use(await openMongoRecords(other, options)),
    ephemera: async (other = settings) => stack.use(await openMongoEphemera(other, options)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function nameOf(command: Command): string {
  return Object.keys(command)[0] ?? '';
}

/** What changes nothing: a driver's own housekeeping is none of it. */
const reads = new Set(['find', 'aggregate', 'listCollections', 'listIndexes', 'ping', 'endSessions']);

export function writesAmong(sent: readonly Command[]): Command[] {
  return sent.filter((command) => !reads.has(nameOf(command)));
}
