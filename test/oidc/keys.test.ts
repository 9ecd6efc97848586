import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import type { SigningAlgorithm } from '../../src/domain/signing-key.ts';
import { makeKey } from '../../src/operations/new-signing-key.ts';
import { keyVersion, loadKeys, type Keys } from '../../src/oidc/keys.ts';
import { openKey } from '../../src/oidc/signing-key.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { by, day, minute, openKeyRoom } from '../operations/signing-keys.ts';

/** What the library would sign with: the first of an algorithm. */
const signer = ({ signing }: Keys, of: SigningAlgorithm) => signing.find(({ alg }) => alg === of)?.kid;
const kids = ({ signing }: Keys) => signing.map(({ kid }) => kid);

describe('signing keys', () => {
  test('sign as the RFCs want it, RS256 first', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const data = Buffer.from('signed');
    const { signing } = await loadKeys(room);

    expect(signing.map(({ alg, kty }) => [alg, kty])).toEqual([
      ['RS256', 'RSA'],
      ['ES256', 'EC'],
    ]);

    for (const key of signing) {
      const jwk = { kty: key.kty, n: key.n, e: key.e, crv: key.crv, x: key.x, y: key.y } as JsonWebKey;
      const publicKey = createPublicKey({ key: JSON.parse(JSON.stringify(jwk)) as JsonWebKey, format: 'jwk' });

      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, await key.sign(data))).toBe(true);
    }
  });

  test('RFC 7518 section 3.4: whatever the numbers of an ES256 signature are, it is 64 bytes that hold', async () => {
    await using room = await openKeyRoom();
    const key = openKey(await makeKey('ES256', 0, room.sealing), room.sealing);
    const publicKey = { key: await key.keyObject(), dsaEncoding: 'ieee-p1363' } as const;

    // Of 256 numbers one begins with a zero byte; every other one needs a zero before it in DER.
    for (let index = 0; index < 2000; index += 1) {
      const data = Buffer.from(`signed ${index}`);
      const signature = await key.sign(data);

      if (signature.length !== 64 || !verify('sha256', data, publicKey, signature)) {
        throw new Error(`${Buffer.from(signature).toString('hex')} does not hold`);
      }
    }
  });

  test('that were sealed by another installation stop the start', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const stranger = createSealing({
      encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 9) }],
      hashKey: Buffer.alloc(32, 8),
    });

    await expect(loadKeys({ ...room, sealing: stranger })).rejects.toThrow();
  });

  test('that are not there yet are not made here', async () => {
    await using room = await openKeyRoom();

    await expect(loadKeys(room)).rejects.toThrow('there are no signing keys yet');
  });
});

describe('a rotation, as a node has it in force', () => {
  test('is published, then signs, then is only published, then only known; each step is a new version', async () => {
    await using room = await openKeyRoom({ session: { absolute: '30d' } });
    await room.keys.ensure();
    const first = await loadKeys(room);
    const old = signer(first, 'ES256') ?? '';

    await room.keys.rotate(by, { alg: 'ES256' });
    const waiting = await loadKeys(room);
    expect(signer(waiting, 'ES256')).toBe(old);
    expect(waiting.published).toEqual(new Set(kids(waiting)));
    expect(kids(waiting)).toHaveLength(3);

    room.clock.advance(20 * minute);
    const over = await loadKeys(room);
    expect(signer(over, 'ES256')).not.toBe(old);
    expect(over.published).toEqual(waiting.published);

    // The longest life of a token is an hour, plus what nodes and clocks may differ by.
    room.clock.advance(60 * minute + 35_000);
    await room.keys.keep();
    const unpublished = await loadKeys(room);
    expect(unpublished.published.has(old)).toBe(false);
    expect(kids(unpublished)).toContain(old);
    expect(() => unpublished.signing.find(({ kid }) => kid === old)?.sign(Buffer.from('x'))).toThrow('signs no more');

    room.clock.advance(30 * day);
    const forgotten = await loadKeys(room);
    expect(kids(forgotten)).toHaveLength(2);

    const versions = [first, waiting, over, unpublished, forgotten].map(({ version }) => version);
    expect(new Set(versions).size).toBe(5);
    expect(await keyVersion(room)).toBe(forgotten.version);
  });

  test('a node whose clock is behind still has something to sign with', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const { from = 0 } = (await room.keys.list())?.[0] ?? {};
    await room.keys.rotate(by, { alg: 'ES256' });
    const next = (await room.keys.list())?.at(-1)?.kid;

    const early = { ...room, clock: { now: () => from - 15_000 } };
    expect(kids(await loadKeys(early)).slice(0, 2)).toEqual(
      (await room.keys.list())?.slice(0, 2).map(({ kid }) => kid),
    );

    room.clock.advance(30 * minute);
    await room.keys.keep();
    expect(signer(await loadKeys(early), 'ES256')).toBe(next);
  });

  test('keys that are replaced between two reads are not missed', async () => {
    await using room = await openKeyRoom();
    await room.keys.ensure();
    const { settings } = room.records;
    let replaced = false;
    const records = {
      ...room.records,
      settings: {
        ...settings,
        get: async (id: string) => {
          const setting = await settings.get(id);
          if (!replaced) await room.keys.replace(by);
          replaced = true;

          return setting;
        },
      },
    };

    const keys = await loadKeys({ ...room, records });
    expect(keys.published).toEqual(new Set((await room.keys.list())?.map(({ kid }) => kid)));
  });
});
