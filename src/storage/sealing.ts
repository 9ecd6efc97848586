import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { KeyMissing } from './refusals.ts';

/**
 * How secrets rest in any store. What must be read back (private keys, event keys) is sealed with AES-256-GCM under the
 * operator's key; what is only compared is kept as a keyed hash. It knows neither what it seals nor where it is kept.
 */
export interface Sealing {
  /** `context` says what it is and whose (`signing-key:<kid>`): the text opens nowhere else. */
  seal(text: string, context: string): string;
  /** Throws when the text was changed, belongs to another context, or no key that we hold fits. */
  open(sealed: string, context: string): string;
  /** HMAC-SHA-256 under a key of its own for each purpose, as base64url: for values that could be guessed. */
  keyedHash(purpose: string, value: string): string;
}

export interface SealingKeys {
  /** The first one seals; the others open what was sealed before a rotation. 32 bytes each. */
  encryptionKeys: readonly { id: string; key: Buffer }[];
  hashKey: Buffer;
}

/** 96 random bits a message: NIST SP 800-38D section 8.2.2 allows 2^32 messages a key. */
const ivLength = 12;
const tagLength = 16;

/** `used` is told the id of the key that sealed or opened. */
export function createSealing(keys: SealingKeys, used: (id: string) => void = () => undefined): Sealing {
  // Made once: from bytes each use would make the key anew, which costs ten times what the use does (31 µs, not 3).
  const encryptionKeys = keys.encryptionKeys.map(({ id, key }) => ({ id, key: createSecretKey(key) }));
  const hashKey = createSecretKey(keys.hashKey);
  const [first] = encryptionKeys;

  if (!first) {
    throw new TypeError('at least one encryption key is needed');
  }

  return {
    seal(text, context) {
      used(first.id);

      return encrypt(first.key, text, context, first.id);
    },

    open(sealed, context) {
      const [version, id, body] = sealed.split('.');
      const key = encryptionKeys.find((candidate) => candidate.id === id);

      if (version !== 'v1' || !key || !body) {
        throw new KeyMissing(id ?? '?');
      }

      used(key.id);

      return decrypt(key.key, body, context);
    },

    keyedHash: (purpose, value) => createHmac('sha256', hashKey).update(`${purpose}\0${value}`).digest('base64url'),
  };
}

/** The key's id in a text that was sealed under a key of the operator; undefined: under another's (`encrypt`). */
export function sealedUnder(sealed: string): string | undefined {
  const [version, id] = sealed.split('.', 2);

  return version === 'v1' && !id?.startsWith('@') ? id : undefined;
}

/** Seals under a key that is not the operator's (an account's event key). Same format; `keyId` begins with `@`. */
export function encrypt(key: KeyObject, text: string, context: string, keyId: string): string {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const body = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);

  return `v1.${keyId}.${body.toString('base64url')}`;
}

export function decrypt(key: KeyObject, body: string, context: string): string {
  const bytes = Buffer.from(body, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivLength), { authTagLength: tagLength })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(-tagLength));

  return decipher.update(bytes.subarray(ivLength, -tagLength), undefined, 'utf8') + decipher.final('utf8');
}

/** The one constant-time comparison. Only the length can be told from how long it takes. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);

  return left.length === right.length && timingSafeEqual(left, right);
}
