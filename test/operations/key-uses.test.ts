import { expect, test } from '@jest/globals';

import { createCookieKeys } from '../../src/domain/cookie-keys.ts';
import { createInstallationKeys } from '../../src/operations/installation-keys.ts';
import { createKeyUses } from '../../src/operations/key-uses.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { hour, start } from '../storage/rows.ts';
import { describeStore, opened, recordsStore } from '../storage/stores.ts';
import { operatorsSealing } from './audit-room.ts';

const day = 24 * hour;
const [fresh, old] = ['n'.repeat(40), 'o'.repeat(40)];

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    test(`F19: uses of keys add up over nodes on ${backend.kind}, also when the store was away`, async () => {
      await using store = await opened(recordsStore(backend));
      const { port: records, clock } = store;
      const nodes = [createKeyUses({ records, clock }), createKeyUses({ records: await store.another(), clock })];

      for (let count = 0; count < 5; count += 1) for (const node of nodes) node.note('signing', 'key-1');
      await Promise.all(nodes.map((node) => node.flush()));
      expect(await records.keyUses.get('signing key-1')).toEqual({
        id: 'signing key-1',
        count: 10,
        lastAt: start,
        since: start,
      });

      let away = true;
      const keyUses: typeof records.keyUses = {
        ...records.keyUses,
        update: (...given) => (away ? Promise.reject(new Error('away')) : records.keyUses.update(...given)),
      };
      const third = createKeyUses({ records: { keyUses }, clock });
      for (const name of ['key-1', 'key-2']) third.note('signing', name);
      await expect(third.flush()).rejects.toThrow('away');
      third.note('signing', 'key-1');
      away = false;
      await third.flush();
      expect([...(await third.of('signing', ['key-1', 'key-2'])).values()].map(({ count }) => count)).toEqual([12, 1]);
    });
  });
}

test('F19: a former cookie key is safe to remove when no browser can have a cookie of it any more', async () => {
  const [backend] = recordsBackends;
  if (!backend) throw new Error('no backend keeps records');
  await using store = await opened(recordsStore(backend));
  const { port: records, clock } = store;
  const keyUses = createKeyUses({ records, clock });
  const keys = createInstallationKeys({
    config: {
      session: { absolute: 14 * 86_400, idle: 86_400, remember: true },
      secrets: { cookie_keys: [fresh, old], hash_key: undefined, pairwise_salt: undefined },
    },
    secrets: { cookieKeys: [fresh, old], encryptionKeys: [{ id: 'k', key: Buffer.alloc(32) }] },
    sealing: operatorsSealing,
    keyUses,
    resealing: { found: async () => undefined },
  });
  const former = async () => (await keys.list()).cookies[1];

  // Of one that nobody has counted yet nothing is known.
  expect(await former()).not.toHaveProperty('removableFrom');
  await keys.begin();
  expect(await former()).toMatchObject({ current: false, derived: false, removableFrom: start + 30 * day });

  // A cookie of before the rotation comes back, is taken, and goes out signed by the new key.
  clock.advance(3 * day);
  const signature = createCookieKeys([old]).sign('session=x');
  const cookies = createCookieKeys([fresh, old], keys.noteCookie);
  expect(cookies.index('session=x', signature)).toBe(1);
  await keyUses.flush();
  expect(await former()).toMatchObject({ use: { count: 1 }, removableFrom: start + 33 * day });

  // A forged one keeps nothing alive.
  clock.advance(day);
  expect(cookies.index('session=x', 'forged')).toBe(-1);
  await keyUses.flush();
  expect((await former())?.removableFrom).toBe(start + 33 * day);
  expect((await keys.list()).cookies[0]).not.toHaveProperty('removableFrom');
  expect((await keys.list()).encryption).toMatchObject([{ name: 'k', current: true, derives: [] }]);
});
