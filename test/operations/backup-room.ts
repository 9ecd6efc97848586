import { writeBackup, type BackedUp } from '../../src/operations/backup.ts';
import type { BackupSecrets } from '../../src/operations/backup-file.ts';
import { readBackup, type BackupRead, type Reading } from '../../src/operations/backup-lines.ts';
import { restore, type RestoreDeps, type Restored } from '../../src/operations/restore.ts';
import type { Records } from '../../src/storage/records.ts';
import { start } from '../storage/rows.ts';
import { sideOf, type Houses } from './houses.ts';

/** A backup as text, uncompressed, and where it is put. */
export const secrets: BackupSecrets = {
  encryptionKeys: [{ id: 'key', key: Buffer.alloc(32, 1) }],
  hashKey: Buffer.alloc(32, 2),
  pairwiseSalt: 'salt',
};

export async function textOf(records: Records): Promise<{ text: string; made: BackedUp }> {
  const texts: string[] = [];
  let made: BackedUp | undefined;

  await using snapshot = await records.snapshot();
  const about = {
    madeAt: new Date(start).toISOString(),
    release: '1.2.3',
    issuer: 'https://id.example.com',
    records: 'any',
  };
  const deps = { snapshot, secrets, about, told: () => undefined, done: (one: BackedUp) => void (made = one), page: 3 };
  for await (const text of writeBackup(deps)) texts.push(text);
  if (!made) throw new Error('it has no end');

  return { text: texts.join(''), made };
}

/** In pieces that end anywhere. */
async function* bytesOf(text: string): AsyncGenerator<Uint8Array, void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

export function read(text: string, differently: Partial<Reading> = {}): Promise<BackupRead> {
  return readBackup(bytesOf(text), { secrets, ...differently });
}

export async function restoreInto(
  { target, clock }: Pick<Houses, 'target' | 'clock'>,
  text: string,
  differently: Partial<RestoreDeps> = {},
): Promise<Restored> {
  return await restore({
    target: sideOf(target, 'the new house'),
    checked: await read(text),
    read: (reading) => readBackup(bytesOf(text), reading),
    secrets,
    clock,
    events: { write: async () => undefined },
    told: () => undefined,
    wait: async (milliseconds) => clock.advance(milliseconds),
    ...differently,
  });
}
