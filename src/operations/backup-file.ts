import { createHmac, hkdfSync } from 'node:crypto';

import { BackupRefused } from '../storage/refusals.ts';
import { sameText } from '../storage/sealing.ts';

/**
 * What a backup looks like: lines of JSON. The first says what it is. Then, for each collection, a line `["accounts"]`,
 * every row as it is kept, and a line with how many there were and their SHA-256; the last line has the SHA-256 of all
 * before it, and a mark that only who has the encryption key can make. No secret is in it but as it is kept, sealed or
 * hashed, and no key.
 */
export interface BackupHeader {
  format: typeof formatName;
  /** Rises when what is in it would be read wrongly by who knows the one before. */
  version: number;
  /** ISO 8601. */
  madeAt: string;
  /** Of Gatehouse. */
  release: string;
  issuer: string;
  /** The kind of store that it is of; it can be restored into any. */
  records: string;
  /** As `Snapshot.oneMoment`. */
  oneMoment: boolean;
  /** The id of the encryption key that marked it. What is sealed in it may need earlier ones too. */
  encryptionKey: string;
  /** Of what people's identifiers and hashes hang on, so that others are noticed: the marks of these secrets. */
  secrets: Record<SameSecret, string>;
}

export const sameSecrets = ['hash_key', 'pairwise_salt'] as const;
export type SameSecret = (typeof sameSecrets)[number];

export const formatName = 'gatehouse-backup';
export const formatVersion = 1;

/** Which of the operator's secrets a backup hangs on. */
export interface BackupSecrets {
  encryptionKeys: readonly { id: string; key: Buffer }[];
  hashKey: Buffer;
  pairwiseSalt: string;
}

/** A mark over some text, which only who has the key can make (HMAC-SHA-256 under a key derived of it, RFC 5869). */
export type Mark = (purpose: string, text: string) => string;

/** Throws BackupRefused where the key of that id is not among them. */
export function markUnder({ encryptionKeys }: Pick<BackupSecrets, 'encryptionKeys'>, id: string): Mark {
  const found = encryptionKeys.find((key) => key.id === id);
  if (!found) throw keyAway(id);

  const key = Buffer.from(hkdfSync('sha256', found.key, '', 'gatehouse backup 1', 32));

  return (purpose, text) => createHmac('sha256', key).update(`${purpose}\0${text}`).digest('base64url');
}

export function keyAway(id: string): BackupRefused {
  return new BackupRefused(
    `The backup needs the encryption key ${id}, which is not configured and is in no backup: put back the key file, or ` +
      'set secrets.encryption_key (for an earlier one: secrets.former_encryption_keys).',
    78,
  );
}

export function marksOf({ hashKey, pairwiseSalt }: BackupSecrets, mark: Mark): BackupHeader['secrets'] {
  return {
    hash_key: mark('hash_key', hashKey.toString('base64url')),
    pairwise_salt: mark('pairwise_salt', pairwiseSalt),
  };
}

/** The first line. Throws BackupRefused: it is no backup, a later release's, or of an installation with other secrets. */
export function readHeader(line: string, secrets: BackupSecrets): { header: BackupHeader; mark: Mark } {
  const header = parsed(line);
  if (!isHeader(header)) throw new BackupRefused('This is no backup of Gatehouse.');

  if (header.version > formatVersion) {
    throw new BackupRefused(
      `The backup was made by a newer release (${header.release}, format ${header.version}; this one knows ` +
        `${formatVersion}): restore it with that release or a later one.`,
      78,
    );
  }

  const mark = markUnder(secrets, header.encryptionKey);
  const ours = marksOf(secrets, mark);
  const differing = sameSecrets.filter((name) => !sameText(String(header.secrets[name]), ours[name]));

  if (differing.length > 0) {
    throw new BackupRefused(
      `secrets.${differing.join(' and secrets.')} of this configuration are not those of the backup: people would be ` +
        'others to their apps, and what is kept as a hash would never be right again. Set what was in force.',
      78,
    );
  }

  return { header, mark };
}

function isHeader(value: unknown): value is BackupHeader {
  if (typeof value !== 'object' || value === null) return false;

  const { format, version, madeAt, release, issuer, encryptionKey, oneMoment, secrets } = value as BackupHeader;
  const texts: unknown[] = [madeAt, release, issuer, encryptionKey];

  return (
    format === formatName &&
    Number.isInteger(version) &&
    // A later format may have another first line: which format it is, it has to say.
    (version > formatVersion ||
      (texts.every((text) => typeof text === 'string') &&
        typeof oneMoment === 'boolean' &&
        typeof secrets === 'object' &&
        secrets !== null))
  );
}

/** Undefined: it is no JSON. */
export function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
