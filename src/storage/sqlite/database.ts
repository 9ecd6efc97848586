import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy, toFailure } from './failures.ts';
import { migrate, versionOf, type Migration } from './migrations.ts';
import { preparePrivateFile } from './private-file.ts';
import { lockServer } from './server-lock.ts';

/**
 * SQLite through Node's own driver: both ports in two files of the data folder, `records.db` and `ephemera.db`. This
 * room knows the driver, the ports and what a collection's shape asks for; it knows no rule of any collection. Work is
 * synchronous behind asynchronous signatures: a statement takes microseconds, a thread would cost more.
 *
 * Nothing in this process may open and close these files by other means (to copy them, say): POSIX drops every lock
 * that a process holds on a file when any of its descriptors is closed.
 */
export interface DatabaseFile {
  name: string;
  /** FULL for what must survive a power cut the moment it is acknowledged. */
  synchronous: 'FULL' | 'NORMAL';
  migrations: readonly Migration[];
}

export interface DatabasePlace {
  /** The data folder, made when it is not there; or `inMemory`: then nothing outlives the process. */
  data: string;
  /** Whether this process is the folder's one server. Commands are not, and work beside it. */
  server: boolean;
  /** Milliseconds that a write waits for another process's; the event loop stands still for it. Default 1000. */
  busyTimeout?: number;
}

const openTimeout = 30_000;

/** In the place of a data folder. Each opening of it is a store of its own. */
export const inMemory = ':memory:';

/** Opens, creates and migrates. Throws SchemaTooNew, AlreadyRunning (a migration beside a server) or Unavailable. */
export function openDatabase(file: DatabaseFile, place: DatabasePlace): DatabaseSync {
  const path = place.data === inMemory ? inMemory : join(place.data, file.name);
  let database: DatabaseSync | undefined;

  try {
    if (path !== inMemory) preparePrivateFile(place.data, path);
    database = new DatabaseSync(path, { timeout: openTimeout });

    const version = versionOf(database, path);
    const isOlder = version > 0 && version < file.migrations.length;

    // A command must not change the tables below a running server of the older release.
    const lock = isOlder && !place.server ? lockServer(place.data) : undefined;

    try {
      if (version <= file.migrations.length) enterWal(database);

      migrate(database, path, file.migrations);
    } finally {
      lock?.[Symbol.dispose]();
    }

    database.exec(`PRAGMA synchronous = ${file.synchronous}; PRAGMA trusted_schema = OFF`);
    database.exec(`PRAGMA busy_timeout = ${place.busyTimeout ?? 1000}`);

    return database;
  } catch (error) {
    if (database?.isOpen) database.close();

    throw toFailure(error);
  }
}

/** Runs `work` as one transaction that no other process's write comes between. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');

  try {
    const answer = work();

    database.exec('COMMIT');

    return answer;
  } finally {
    // Some failures (disk full, I/O) have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

/** The busy handler does not cover the change of journal mode: two first starts at once would see one of them fail. */
function enterWal(database: DatabaseSync): void {
  const deadline = performance.now() + openTimeout;

  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;

      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
