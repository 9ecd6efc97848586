import { randomBytes } from 'node:crypto';

import { hash as argon2, parseOptions, verify as argon2Verify } from '@node-rs/argon2';

import { Invalid } from '../domain/errors.ts';
import { fitsForeignHash, isWhole, readForeignHash } from './foreign-hash.ts';
import { createHashQueue } from './hash-queue.ts';
import { readPassword } from './password-text.ts';

/**
 * Credentials: how a person proves who they are, and how guessing is slowed down. This room owns rules and secrets of
 * passwords; it must not know pages, messages or the protocol. This file hashes: argon2id (RFC 9106) as PHC strings,
 * through a bounded queue, because hashing is the one thing here that can starve everything else.
 */
export interface Hashing {
  /** A PHC string. Throws Unavailable when too many wait, Invalid when `readPassword` refuses the text. */
  hash(password: string): Promise<string>;
  /**
   * Without a stored hash, hashes against one that nothing fits, at the same cost (S71). A text that can be nobody's
   * password is wrong without being hashed, whoever is meant (S62). Throws Unavailable.
   */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether the hash was made with lower parameters than today's, and can be made anew of this password, which fits it. */
  needsRehash(stored: string, password: string): boolean;
}

export interface HashingOptions {
  memoryKib: number;
  iterations: number;
  parallelism: number;
  /** How many are computed at once. */
  concurrency: number;
  /** How many may wait. */
  waiting: number;
  /** In code points. */
  maximumLength: number;
}

const outputLength = 32;
const saltLength = 16;

export function createHashing(options: HashingOptions): Hashing {
  const { memoryKib, iterations, parallelism, maximumLength } = options;
  const parameters = { memoryCost: memoryKib, timeCost: iterations, parallelism, outputLen: outputLength };
  const nobodys = unmatchedHash(options);
  const queued = createHashQueue(options);

  return {
    async hash(password) {
      const text = readPassword(password, maximumLength);

      if (text === undefined) {
        throw new Invalid('no text that can be a password');
      }

      return queued(() => argon2(text, parameters));
    },

    async verify(stored, password) {
      const text = readPassword(password, maximumLength);
      if (text === undefined) return false;

      const foreign = stored === undefined ? undefined : readForeignHash(stored);
      const fits = (form: string) => (foreign ? fitsForeignHash(foreign, form) : argon2Verify(stored ?? nobodys, form));

      // Other systems hash what was typed and nothing else. That is tried against everybody's, and nobody's (S71).
      return queued(async () => (await fits(text)) || (password !== text && (await fits(password))));
    },

    needsRehash(stored, password) {
      if (!stored.startsWith('$argon2')) return isWhole(stored, password);

      const used = parseOptions(stored);

      return (
        !stored.startsWith('$argon2id$v=19$') ||
        used.memoryCost < memoryKib ||
        used.timeCost < iterations ||
        used.parallelism < parallelism ||
        used.outputLen < outputLength
      );
    },
  };
}

/** What one argon2 hash may cost that somebody else made: as much as `foreign-hash.ts` lets the others. */
const mostKib = 256 * 1024;
/** KiB times passes. */
const mostWork = 2 * mostKib;

/** Whether it is a hash that a password can be checked against: argon2 of any kind, or one of `foreign-hash.ts`. */
export function isPasswordHash(text: string): boolean {
  if (!text.startsWith('$argon2')) return readForeignHash(text) !== undefined;

  try {
    const { memoryCost, timeCost, parallelism } = parseOptions(text);

    return memoryCost <= mostKib && memoryCost * timeCost <= mostWork && parallelism <= 16;
  } catch {
    // What is wrong with it is said by whoever asked.
    return false;
  }
}

/** A hash with today's parameters whose result is random: checking against it costs the same and never succeeds. */
function unmatchedHash({ memoryKib, iterations, parallelism }: HashingOptions): string {
  const random = (length: number) => randomBytes(length).toString('base64').replace(/=+$/, '');

  return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$${random(saltLength)}$${random(outputLength)}`;
}
