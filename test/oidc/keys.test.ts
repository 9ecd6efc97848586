import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { keyVersion, loadKeys, signingSetting } from '../../src/oidc/keys.ts';
import { makeKey, openKey } from '../../src/oidc/signing-key.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records } from '../../src/storage/records.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { opened, recordsStore } from '../storage/stores.ts';
import { openWorld } from './world.ts';

const [backend] = recordsBackends;
if (backend === undefined) throw new Error('no backend keeps records');

const sealing = createSealing({
  encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }],
  hashKey: Buffer.alloc(32, 8),
});
const events = { write: async () => undefined };

async function store() {
  const { port, clock, another, ...rest } = await opened(recordsStore(backend as NonNullable<typeof backend>));
  const depsOn = (records: Records) => ({ records, sealing, clock, events });

  return { records: port, deps: depsOn(port), anotherNode: async () => depsOn(await another()), clock, ...rest };
}

describe('signing keys', () => {
  test('are made on the first start, rest sealed, and are there on the next', async () => {
    await using place = await store();
    const { signing, version } = await loadKeys(place.deps);

    expect(signing.map(({ alg, kty }) => [alg, kty])).toEqual([
      ['RS256', 'RSA'],
      ['ES256', 'EC'],
    ]);

    const { rows } = await place.records.signingKeys.list('created', 'all');
    expect(JSON.stringify(rows)).not.toContain('"d"');
    expect(() => sealing.open(rows[0]?.sealed ?? '', 'signing-key:another')).toThrow();

    expect(await loadKeys(place.deps)).toMatchObject({ version });
  });

  test('sign as the RFCs want it', async () => {
    await using place = await store();
    const data = Buffer.from('signed');

    for (const key of (await loadKeys(place.deps)).signing) {
      const jwk = { kty: key.kty, n: key.n, e: key.e, crv: key.crv, x: key.x, y: key.y } as JsonWebKey;
      const publicKey = createPublicKey({ key: JSON.parse(JSON.stringify(jwk)) as JsonWebKey, format: 'jwk' });

      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, await key.sign(data))).toBe(true);
    }
  });

  test('RFC 7518 section 3.4: whatever the numbers of an ES256 signature are, it is 64 bytes that hold', async () => {
    const key = openKey(await makeKey('ES256', 0, sealing), sealing);
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

  test('two nodes that start for the first time at once agree on one set', async () => {
    await using place = await store();
    const nodes = await Promise.all(Array.from({ length: 5 }, place.anotherNode));
    const sets = await Promise.all(nodes.map(loadKeys));

    expect(new Set(sets.map(({ version }) => version)).size).toBe(1);
    expect((await place.records.signingKeys.list('created', 'all')).rows).toHaveLength(2);
  });

  test('a retired key stays published until its tokens are gone', async () => {
    await using place = await store();
    const { clock, records } = place;
    await loadKeys(place.deps);

    const old = await makeKey('RS256', clock.now(), sealing);
    await records.signingKeys.create({ ...old, state: 'retired', publishedUntil: clock.now() + 1000 });

    const published = async () => (await loadKeys(place.deps)).signing.map(({ kid }) => kid);
    expect((await published()).at(-1)).toBe(old.id);
    expect((await published())[0]).not.toBe(old.id);

    clock.advance(1000);
    expect(await published()).not.toContain(old.id);
  });

  test('keys that were sealed by another installation stop the start', async () => {
    await using place = await store();
    await loadKeys(place.deps);
    const stranger = createSealing({
      encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 9) }],
      hashKey: Buffer.alloc(32, 8),
    });

    await expect(loadKeys({ ...place.deps, sealing: stranger })).rejects.toThrow();
  });

  test('F17: after a change the new key signs, and both are published', async () => {
    const world = await openWorld();

    try {
      const keysAt = async () => {
        const answer = await fetch(`${world.origin}/oauth/jwks`);
        const { keys } = (await answer.json()) as { keys: JsonWebKey[] };

        return keys.map(({ kid }) => kid as string);
      };
      const before = await keysAt();
      const key = await makeKey('RS256', Date.now(), sealing);

      await world.records.signingKeys.create(key);
      await world.records.settings.update(signingSetting, (old) => ({
        ...old,
        value: { ...(old.value as object), RS256: key.id },
      }));
      await world.oidc.reloadKeys();

      expect(await keysAt()).toEqual([key.id, before[1], before[0]]);
      expect(await keyVersion(world.records)).toContain(key.id);
    } finally {
      await world[Symbol.asyncDispose]();
    }
  });
});
