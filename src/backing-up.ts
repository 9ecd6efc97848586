import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';

import packageDocument from '../package.json' with { type: 'json' };
import type { Clock } from './domain/clock.ts';
import { eventsOf, openSide, type Place } from './moving.ts';
import { writeBackup, type BackedUp, type BackupProgress } from './operations/backup.ts';
import { cutOff, damaged, readBackup, type BackupRead, type Reading } from './operations/backup-lines.ts';
import { restore, type Restored } from './operations/restore.ts';
import { admit, standingOf } from './operations/standing.ts';
import { keysInUse } from './services-encryption.ts';
import { openRecords } from './services-stores.ts';
import { BackupRefused } from './storage/refusals.ts';

/**
 * One store and one file, for `gatehouse backup` and `gatehouse restore`. What is written, what comes back and in which
 * order things are marked is the operations'.
 */
export interface BackingUpOptions {
  clock: Clock;
  told: (progress: BackupProgress) => void;
}

/**
 * Writes it, compressed, beside whatever servers are running; `kept` is waited for before it is noted that there is a
 * backup. Throws BackupRefused, KeyMissing, what the file's stream throws, and what opening a store throws.
 */
export async function makeBackup(
  { config, secrets }: Place,
  { clock, told, file, kept }: BackingUpOptions & { file: NodeJS.WritableStream; kept: () => Promise<void> },
): Promise<BackedUp> {
  await using records = await openRecords(config, { clock, data: config.data, server: false });
  admit(await standingOf(records));
  await keysInUse(records, secrets);

  const about = {
    madeAt: new Date(clock.now()).toISOString(),
    release: packageDocument.version,
    issuer: config.issuer,
    records: config.storage.records.kind,
  };
  let made: BackedUp | undefined;

  await using snapshot = await records.snapshot();
  const text = writeBackup({ snapshot, secrets, about, told, done: (one) => (made = one) });
  await pipeline(Readable.from(text), createGzip(), file);
  await kept();

  if (!made) throw new TypeError('a backup that ended has no end');

  const { sha256: backup, rows, oneMoment } = made;
  await using events = eventsOf(records, secrets, clock);
  await events.write('backup.made', { actor: 'command-line', details: { backup, rows, oneMoment } });

  return made;
}

/** Reads all of it and proves it; touches no store. Throws BackupRefused. */
export function checkBackup(
  { secrets }: Pick<Place, 'secrets'>,
  { file, told }: Pick<BackingUpOptions, 'told'> & { file: string },
): Promise<BackupRead> {
  return readFrom(file, { secrets, told: (rows, collection) => told({ doing: 'checking', rows, collection }) });
}

/** Throws BackupRefused, MoveRefused where the store is in use, and what opening it throws. */
export async function restoreBackup(
  { config, secrets }: Place,
  { file, checked, clock, told }: BackingUpOptions & { file: string; checked: BackupRead },
): Promise<Restored> {
  await using target = await openSide(config, clock);
  await using events = eventsOf(target.records, secrets, clock);

  return await restore({
    target,
    checked,
    secrets,
    clock,
    events,
    told,
    read: (reading) => readFrom(file, reading),
    wait: (milliseconds) => pause(milliseconds),
  });
}

async function readFrom(file: string, reading: Reading): Promise<BackupRead> {
  try {
    return await pipeline(createReadStream(file), createGunzip({ chunkSize: 256 * 1024 }), (bytes) =>
      readBackup(bytes as AsyncIterable<Uint8Array>, reading),
    );
  } catch (error) {
    throw refusalOf(error, file);
  }
}

/** What the system and the decompression say, for the operator. */
function refusalOf(error: unknown, file: string): unknown {
  const { code, message, syscall } = error as NodeJS.ErrnoException;

  if (code === 'Z_BUF_ERROR') return cutOff();
  if (code === 'Z_DATA_ERROR' && message.includes('header'))
    return new BackupRefused('This is no backup of Gatehouse.');
  if (code?.startsWith('Z_')) return damaged(message);

  return syscall === undefined ? error : new BackupRefused(`${file} can't be read: ${message}.`);
}
