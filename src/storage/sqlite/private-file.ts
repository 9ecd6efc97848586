import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { Unavailable } from '../../domain/errors.ts';

/** Makes the folder and the file readable by their owner alone; SQLite gives its `-wal` and `-shm` files the same mode. */
export function preparePrivateFile(folder: string, path: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    create(path);

    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    throw new Unavailable(`cannot use ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Only `wx`: opening a file that is there, and closing it again, would drop the locks that this process holds on it. */
function create(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
