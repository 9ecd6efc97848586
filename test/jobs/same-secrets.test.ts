import { describe, expect, test } from '@jest/globals';

import { agreeOnKey, claimSecrets, type SameSecretsDeps } from '../../src/jobs/same-secrets.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { SecretsDiffer } from '../../src/storage/refusals.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { describeStore, opened, recordsStore } from '../storage/stores.ts';

const hashed = (fill: number) =>
  createSealing({ encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }], hashKey: Buffer.alloc(32, fill) });

const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
const never = 2 ** 31 - 1;

const secretsOf = (more: Partial<SameSecretsDeps['secrets']> = {}): SameSecretsDeps['secrets'] => ({
  cookieKeys: [a],
  pairwiseSalt: 'salt',
  encryptionKeys: [{ id: 'k' }],
  ...more,
});

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe(`nodes on ${backend.kind} with secrets of their own`, () => {
      const make = recordsStore(backend);

      async function place() {
        const store = await opened(make);
        const failures: unknown[] = [];

        const start = async (cookieKeys: string[], more: Partial<SameSecretsDeps> = {}) =>
          claimSecrets({
            records: { leases: (await store.another()).leases },
            clock: store.clock,
            sealing: hashed(8),
            secrets: { cookieKeys, pairwiseSalt: 'salt', encryptionKeys: [{ id: 'k' }] },
            config: { issuer: 'https://id.example.com' },
            lease: 180,
            every: never,
            failed: (error) => void failures.push(error),
            ...more,
          });

        return { ...store, store, failures, start };
      }

      test.each([
        ['secrets.cookie_keys', { secrets: secretsOf({ cookieKeys: [b] }) }],
        ['secrets.pairwise_salt', { secrets: secretsOf({ pairwiseSalt: 'other' }) }],
        ['secrets.encryption_key', { secrets: secretsOf({ encryptionKeys: [{ id: 'new' }, { id: 'k' }] }) }],
        ['issuer', { config: { issuer: 'https://other.example.com' } }],
        ['secrets.hash_key', { sealing: hashed(9) }],
      ])(
        'one with a different %s is refused in words while another runs, and let in when that has ended',
        async (setting, more) => {
          await using at = await place();
          const first = await at.start([a]);

          const refused = at.start([a], more);
          await expect(refused).rejects.toBeInstanceOf(SecretsDiffer);
          await expect(refused).rejects.toThrow(`Another node is running with a different ${setting}`);

          await first[Symbol.asyncDispose]();
          await using _second = await at.start([a], more);
        },
      );

      test('the same ones run together, and what is stored tells none of them', async () => {
        await using at = await place();
        await using _first = await at.start([a, b]);
        await using _second = await at.start([a, b]);

        const row = await at.port.leases.get('secrets');
        for (const secret of [a, b, 'salt']) expect(JSON.stringify(row)).not.toContain(secret);
      });

      test('one of several that ends and comes back with another cookie key is refused: the others still run', async () => {
        await using at = await place();
        const first = await at.start([a]);
        await using _second = await at.start([a]);

        await first[Symbol.asyncDispose]();
        await expect(at.start([b])).rejects.toThrow('secrets.cookie_keys');
        await using _again = await at.start([a]);
      });

      test('with the last of them the row is over', async () => {
        await using at = await place();
        const nodes = [await at.start([a]), await at.start([a])];
        for (const node of nodes) await node[Symbol.asyncDispose]();

        expect(await at.port.leases.get('secrets')).toBeUndefined();
        expect(at.failures).toEqual([]);
      });

      test('many that start at once all say so', async () => {
        await using at = await place();
        const nodes = await Promise.all(Array.from({ length: 8 }, () => at.start([a])));
        const [last, ...rest] = nodes;

        for (const node of rest) await node[Symbol.asyncDispose]();
        await expect(at.start([b])).rejects.toThrow('secrets.cookie_keys');

        await last?.[Symbol.asyncDispose]();
        await using _other = await at.start([b]);
      });

      test('cookie keys rotate node by node: behind the old one on all of them first, then in front of it', async () => {
        await using at = await place();
        const old = await at.start([a]);
        const waiting = await at.start([a, b]);

        // The old one would not accept what it signs.
        await expect(at.start([b, a])).rejects.toThrow('secrets.cookie_keys');
        await old[Symbol.asyncDispose]();
        await using _new = await at.start([b, a]);

        await expect(at.start([c, b])).rejects.toThrow('secrets.cookie_keys');
        await waiting[Symbol.asyncDispose]();
        await using _only = await at.start([b]);
        await expect(at.start([a])).rejects.toThrow('secrets.cookie_keys');
      });

      test('encryption keys rotate node by node: known to all of them first, then in front', async () => {
        await using at = await place();
        const keyed = (...ids: string[]) => ({ secrets: secretsOf({ encryptionKeys: ids.map((id) => ({ id })) }) });
        const { records, clock } = { records: at.port, clock: at.clock };
        const agree = (...ids: string[]) => agreeOnKey({ records, clock, ...keyed(...ids) });

        const old = await at.start([a], keyed('one'));
        await expect(at.start([a], keyed('two', 'one'))).rejects.toThrow('secrets.encryption_key');
        await expect(agree('two', 'one')).rejects.toThrow('put the new key into secrets.former_encryption_keys');
        await agree('one');

        const waiting = await at.start([a], keyed('one', 'two'));
        await old[Symbol.asyncDispose]();
        await agree('two', 'one');
        await using _new = await at.start([a], keyed('two', 'one'));

        await waiting[Symbol.asyncDispose]();
        await expect(at.start([a], keyed('one'))).rejects.toThrow('secrets.encryption_key');
      });

      test('one that was killed keeps others out until its time is over', async () => {
        await using at = await place();
        await at.start([a]);

        at.clock.advance(180_000 - 1);
        await expect(at.start([b])).rejects.toThrow('counts as running until 2026-01-01T00:03:00.000Z');
        at.clock.advance(1);
        await using _other = await at.start([b]);
      });

      test('a node that runs says so again in each round', async () => {
        await using at = await place();
        await using _first = await at.start([a], { every: 5 });
        const { leases } = at.port;
        const until = async () => (await leases.get('secrets'))?.expiresAt ?? 0;

        const before = await until();
        at.clock.advance(1_000);
        while ((await until()) === before) await new Promise(setImmediate);

        expect(await until()).toBe(before + 1_000);
      });

      test('and tells of a node that came up with others while it was cut off', async () => {
        await using at = await place();
        const { promise: told, resolve: tell } = Promise.withResolvers<unknown>();
        await using _first = await at.start([a], { every: 5, failed: tell });

        await at.port.leases.update('secrets', (row) => {
          const [one] = Object.values(JSON.parse(row.holder) as Record<string, object>);
          const nodes = { another: { ...one, pairwiseSalt: 'another', until: row.expiresAt } };

          return { ...row, holder: JSON.stringify(nodes) };
        });

        expect(await told).toBeInstanceOf(SecretsDiffer);
        // It says of itself all the same that it runs.
        await expect(at.start([b])).rejects.toThrow('secrets');
        expect(Object.keys(JSON.parse((await at.port.leases.get('secrets'))?.holder ?? '{}') as object)).toHaveLength(
          2,
        );
      });
    });
  });
}
