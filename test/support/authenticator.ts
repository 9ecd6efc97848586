import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import type { CreationOptions, RequestOptions } from '../../src/credentials/passkey.ts';

/**
 * A passkey authenticator and the browser in front of it, in software (WebAuthn Level 3 sections 6 and 7): makes ES256
 * credentials and signs with them, honestly unless a test says otherwise.
 */
export interface Lies {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  crossOrigin?: boolean;
  topOrigin?: string;
  userVerified?: boolean;
  userPresent?: boolean;
  userHandle?: string | undefined;
  counter?: number;
  /** Signs with a key of its own. */
  otherKey?: boolean;
  /** The credential that the answer names. */
  id?: string;
  synced?: boolean;
  format?: string;
  statement?: Cbor;
}

export interface SoftwarePasskey {
  id: string;
  userHandle: string;
  counter: number;
}

type Cbor = number | string | Buffer | Map<number | string, Cbor>;

const issuer = 'https://id.example.com';

export interface SoftwareAuthenticatorOptions {
  synced?: boolean;
  /** Whether it counts its signatures; those whose passkeys are copied to other devices don't. */
  counts?: boolean;
  origin?: string;
}

export function softwareAuthenticator(options: SoftwareAuthenticatorOptions = {}) {
  const { synced = false, counts = !synced, origin = issuer } = options;
  const keys = new Map<string, KeyObject>();
  const made: SoftwarePasskey[] = [];
  const aaguid = Buffer.alloc(16);

  function authenticatorData(lies: Lies, rpId: string, rest: { counter: number; attested?: Buffer }): Buffer {
    const isSynced = lies.synced ?? synced;
    const flags =
      (lies.userPresent === false ? 0 : 1) |
      (lies.userVerified === false ? 0 : 4) |
      (isSynced ? 8 | 16 : 0) |
      (rest.attested ? 64 : 0);
    const head = Buffer.alloc(5);
    head.writeUInt8(flags);
    head.writeUInt32BE(lies.counter ?? rest.counter, 1);

    return Buffer.concat([sha256(lies.rpId ?? rpId), head, rest.attested ?? Buffer.alloc(0)]);
  }

  function clientData(type: string, challenge: string, lies: Lies): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: lies.type ?? type,
        challenge: lies.challenge ?? challenge,
        origin: lies.origin ?? origin,
        crossOrigin: lies.crossOrigin ?? false,
        ...(lies.topOrigin !== undefined && { topOrigin: lies.topOrigin }),
      }),
    );
  }

  return {
    made,

    /** What a page would send of `navigator.credentials.create(options)`, as JSON text. */
    create(options: CreationOptions, lies: Lies = {}): string {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const rawId = lies.id === undefined ? randomBytes(32) : Buffer.from(lies.id, 'base64url');
      const id = rawId.toString('base64url');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(rawId.length);

      const attested = Buffer.concat([aaguid, length, rawId, encode(coseKey(publicKey.export({ format: 'jwk' })))]);
      const authData = authenticatorData(lies, options.rp.id ?? '', { counter: 0, attested });
      const object = new Map<string, Cbor>([
        ['fmt', lies.format ?? 'none'],
        ['attStmt', lies.statement ?? new Map()],
        ['authData', authData],
      ]);

      keys.set(id, privateKey);
      made.push({ id, userHandle: options.user.id, counter: 0 });

      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData('webauthn.create', options.challenge, lies).toString('base64url'),
          attestationObject: encode(object).toString('base64url'),
          transports: ['internal', 'hybrid', 'a-transport-of-the-future'],
        },
      });
    },

    /** What a page would send of `navigator.credentials.get(options)`, with the passkey made last unless told. */
    get(options: RequestOptions, lies: Lies = {}, which: SoftwarePasskey | undefined = made.at(-1)): string {
      const key = which && keys.get(which.id);
      if (!which || !key) throw new Error('there is no such passkey');

      which.counter += counts ? 1 : 0;
      const authData = authenticatorData(lies, options.rpId ?? '', { counter: which.counter });
      const clientJson = clientData('webauthn.get', options.challenge, lies);
      const signing = lies.otherKey ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : key;
      const userHandle = 'userHandle' in lies ? lies.userHandle : which.userHandle;
      const id = lies.id ?? which.id;

      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientJson.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: sign('sha256', Buffer.concat([authData, sha256(clientJson)]), signing).toString('base64url'),
          ...(userHandle !== undefined && { userHandle }),
        },
      });
    },
  };
}

function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

/** RFC 9053 section 7.1.1: EC2, ES256, P-256. */
function coseKey({ x = '', y = '' }: JsonWebKey): Cbor {
  return new Map<number, Cbor>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ]);
}

/** RFC 8949, as much of it as is needed here. */
function encode(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? header(1, -1 - value) : header(0, value);
  if (typeof value === 'string') return Buffer.concat([header(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([header(2, value.length), value]);

  return Buffer.concat([header(5, value.size), ...[...value].flatMap(([key, each]) => [encode(key), encode(each)])]);
}

function header(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);

  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}
