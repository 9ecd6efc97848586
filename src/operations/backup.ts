import { createHash } from 'node:crypto';

import type { CollectionName, Snapshot } from '../storage/records.ts';
import { BackupRefused } from '../storage/refusals.ts';
import { marksOf, markUnder, formatName, formatVersion, type BackupHeader, type BackupSecrets } from './backup-file.ts';
import { pagesOf } from './move-copy.ts';
import { copied } from './move-rows.ts';

/** Writes down what a store holds, row by row as it is kept, while servers go on with it. */
export interface BackupDeps {
  snapshot: Snapshot;
  secrets: BackupSecrets;
  about: Pick<BackupHeader, 'madeAt' | 'release' | 'issuer' | 'records'>;
  told: (progress: BackupProgress) => void;
  /** Told at the end what was written. */
  done: (made: BackedUp) => void;
  /** Rows a page. */
  page?: number;
}

export interface BackupProgress {
  doing: 'writing' | 'checking' | 'waiting' | 'restoring';
  rows: number;
  of?: number;
  collection?: CollectionName;
}

export interface BackedUp {
  rows: number;
  collections: Record<string, number>;
  oneMoment: boolean;
  /** Of all but the last line, in hexadecimal: names the backup. */
  sha256: string;
}

/** The text of the backup, some lines at a time. Throws BackupRefused where there is nothing, and what the store throws. */
export async function* writeBackup(deps: BackupDeps): AsyncGenerator<string, void> {
  const { snapshot, secrets, about, told, done, page: limit = 1000 } = deps;
  const encryptionKey = secrets.encryptionKeys[0]?.id ?? '';
  const mark = markUnder(secrets, encryptionKey);
  const whole = createHash('sha256');
  const collections: Record<string, number> = {};
  let rows = 0;

  const header: BackupHeader = {
    format: formatName,
    version: formatVersion,
    ...about,
    oneMoment: snapshot.oneMoment,
    encryptionKey,
    secrets: marksOf(secrets, mark),
  };

  const said = (text: string): string => {
    whole.update(text);

    return text;
  };

  yield said(lineOf(header));

  for (const name of copied) {
    const hash = createHash('sha256');
    let count = 0;

    yield said(lineOf([name]));

    for await (const page of pagesOf((asked) => snapshot.scan(name, asked), name, { limit })) {
      const text = page.map(lineOf).join('');
      hash.update(text);
      count += page.length;
      rows += page.length;
      told({ doing: 'writing', rows, collection: name });

      yield said(text);
    }

    collections[name] = count;
    yield said(lineOf([name, count, hash.digest('hex')]));
  }

  if (rows === 0) throw new BackupRefused('There is nothing in the store to make a backup of.');

  const sha256 = whole.digest('hex');
  done({ rows, collections, oneMoment: snapshot.oneMoment, sha256 });

  yield lineOf(['end', rows, sha256, mark('end', sha256)]);
}

function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
