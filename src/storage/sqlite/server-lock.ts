import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AlreadyRunning } from '../refusals.ts';
import { isBusy, toFailure } from './failures.ts';
import { preparePrivateFile } from './private-file.ts';

/**
 * Holds the one server's place in a data folder: an exclusive transaction on `server.lock` that is never finished. The
 * kernel frees it when the process ends, however it ends. Throws AlreadyRunning when another one holds it.
 */
export function lockServer(folder: string, patience = 1000): Disposable {
  const path = join(folder, 'server.lock');
  let lock: DatabaseSync | undefined;

  try {
    preparePrivateFile(folder, path);
    lock = new DatabaseSync(path, { timeout: patience });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    if (lock?.isOpen) lock.close();

    throw isBusy(error) ? new AlreadyRunning(folder) : toFailure(error);
  }

  const held = lock;

  return {
    [Symbol.dispose]: () => {
      if (held.isOpen) held.close();
    },
  };
}
