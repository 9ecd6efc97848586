// The secrets in force: from the configuration or, in development mode, from a key file that the first start makes.
// It must not know what a secret is used for, nor seal anything with it.

import { hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import type { Problem } from './problems.ts';
import { keyBytes } from './rules.ts';
import type { Config } from './schema.ts';

export type EncryptionKey = {
  /** Says which key sealed something, and nothing about the key. */
  id: string;
  /** 32 bytes, for AES-256-GCM. */
  key: Buffer;
};

export type Secrets = {
  /** The first seals; each can open what it sealed. */
  encryptionKeys: readonly EncryptionKey[];
  /** The first signs; all are accepted. */
  cookieKeys: readonly string[];
  /** 32 bytes, for keyed hashes of short secrets. */
  hashKey: Buffer;
  pairwiseSalt: string;
};

export type OpenedSecrets =
  | { secrets: Secrets; keyFile?: { path: string; created: boolean }; problems?: never }
  | { problems: Problem[]; secrets?: never; keyFile?: never };

/** A key for one purpose, so that no two uses share one (RFC 5869; the input is uniformly random, so no salt). */
function derive(root: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', `gatehouse ${purpose} 1`, 32));
}

function encryptionKey(root: Buffer): EncryptionKey {
  return { id: derive(root, 'encryption key id').toString('base64url').slice(0, 12), key: derive(root, 'encryption') };
}

function decoded(value: string): Buffer {
  const bytes = keyBytes(value);
  if (bytes === undefined) throw new TypeError('a key that the schema let through is none');

  return bytes;
}

function secretsFrom(current: Buffer, config: Config): Secrets {
  const given = config.secrets;
  const roots = [current, ...given.former_encryption_keys.map(decoded)];
  // From the oldest key: a new one in front then changes no cookie, no hash and nobody's pairwise `sub`.
  const oldest = roots.at(-1) ?? current;

  return {
    encryptionKeys: roots.map(encryptionKey),
    cookieKeys: given.cookie_keys.length > 0 ? given.cookie_keys : [derive(oldest, 'cookies').toString('base64url')],
    hashKey: derive(given.hash_key === undefined ? oldest : decoded(given.hash_key), 'hashes'),
    pairwiseSalt: given.pairwise_salt ?? derive(oldest, 'pairwise').toString('base64url'),
  };
}

/** Where development mode keeps its key. */
export function keyFileOf(config: Config): string {
  return join(config.data, 'gatehouse.key');
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return;

  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Makes the key file unless another start was quicker. It is written whole under another name and then linked: of two
 * starts one wins, and neither can read half a key.
 */
function makeKeyFile(path: string, folder: string): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    const handle = openSync(draft, 'wx', 0o600);
    try {
      writeSync(handle, `${randomBytes(32).toString('base64url')}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }

    linkSync(draft, path);
    // What is sealed with a key that a power cut takes away would be lost.
    syncFolder(folder);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function refused(path: string, message: string, mend: string): { problem: Problem } {
  return { problem: { path, message: `The key file ${path} ${message}.`, mend } };
}

function readKeyFile(path: string): { key: Buffer } | { problem: Problem } {
  const handle = openSync(path, 'r');

  try {
    const { mode, size } = fstatSync(handle);
    // Windows has no such modes.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      return refused(path, 'can be read or written by other users', `Run: chmod 600 ${path}`);
    }

    const key = size > 1024 ? undefined : keyBytes(readFileSync(handle, 'utf8').trim());
    if (key) return { key };

    const mend =
      'Put back the copy that you kept. Only if nothing in the data folder is worth keeping: remove that folder.';
    return refused(path, 'does not hold a key', mend);
  } finally {
    closeSync(handle);
  }
}

function openKeyFile(config: Config): OpenedSecrets {
  const path = keyFileOf(config);

  try {
    const created = !existsSync(path) && makeKeyFile(path, config.data);
    const read = readKeyFile(path);
    return 'problem' in read
      ? { problems: [read.problem] }
      : { secrets: secretsFrom(read.key, config), keyFile: { path, created } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const mend = 'Make the data folder writable for this user, or set data or secrets.encryption_key.';
    return { problems: [{ path, message: `The key file ${path} cannot be opened or made: ${why}.`, mend }] };
  }
}

/**
 * The secrets in force. In development mode without `secrets.encryption_key`, they come from `<data>/gatehouse.key`,
 * which is made (mode 0600) when it is not there; `keyFile` then says where it is and whether this call made it.
 */
export function openSecrets(config: Config): OpenedSecrets {
  const { encryption_key: given } = config.secrets;
  if (given !== undefined) return { secrets: secretsFrom(decoded(given), config) };
  if (config.mode === 'development') return openKeyFile(config);

  const path = 'secrets.encryption_key';
  return { problems: [{ path, message: `${path} must be set in production.`, mend: 'Set it.' }] };
}
