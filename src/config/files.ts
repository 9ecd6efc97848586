import { closeSync, openSync, readSync } from 'node:fs';

/** What the loader needs of the file system. `read` throws an error whose message ends 'X …'. */
export type Files = { read: (path: string, most: number) => string };

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a folder',
};

/** Why a file could not be read, as the end of a sentence that begins with its name. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return (code && reasons[code]) ?? (error instanceof Error ? `cannot be read: ${error.message}` : 'cannot be read');
}

/** Reads at most `most` bytes of UTF-8 text: also from a pipe, and never the endless whole of a device. */
export function readText(path: string, most: number): string {
  const file = openSync(path, 'r');

  try {
    const bytes = Buffer.alloc(most + 1);
    let length = 0;

    while (length <= most) {
      const more = readSync(file, bytes, length, bytes.length - length, null);
      if (more === 0) break;
      length += more;
    }

    if (length > most) throw new Error(`it is larger than ${most} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

export const diskFiles: Files = { read: readText };
