import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { Usage } from './command.ts';

/** A file that is there whole or not at all: written beside its place, and put there at the end. */
export interface NewFile extends AsyncDisposable {
  stream: NodeJS.WritableStream;
  /** Puts it in its place; from then on a power cut does not take it away. */
  keep(): Promise<void>;
}

/** Only its owner can read it. Disposing removes what was not kept. Throws Usage where there is something already. */
export async function openNewFile(path: string, { force }: { force: boolean }): Promise<NewFile> {
  const there = await lstat(path).catch(() => undefined);

  if (there && !there.isFile()) throw new Usage(`${path} is there and is no file.`);
  if (there && !force) throw new Usage(`${path} is there already: name another file, or say --force.`);

  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
  const handle = await open(beside, 'wx', 0o600).catch((error: Error) => {
    throw new Usage(`${path} can't be written: ${error.message}.`);
  });
  // By its number: the handle would wait for the stream, which never closes it.
  const stream = createWriteStream('', { fd: handle.fd, autoClose: false });
  let kept = false;

  return {
    stream,

    async keep() {
      await handle.sync();
      await rename(beside, path);
      kept = true;
      await syncFolder(dirname(path));
    },

    async [Symbol.asyncDispose]() {
      await handle.close().catch(() => undefined);
      if (!kept) await rm(beside, { force: true });
    },
  };
}

/** Without it, a power cut could take the name away. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;

  const handle = await open(folder, 'r');

  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
