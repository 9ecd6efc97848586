import { describe, expect, test } from '@jest/globals';

import { createLeases } from '../../src/jobs/leases.ts';
import { startSweeping } from '../../src/jobs/sweeping.ts';
import { createRetention } from '../../src/operations/retention.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { sample } from '../storage/rows.ts';
import { describeStore, opened, recordsStore } from '../storage/stores.ts';

const day = 86_400_000;
const keptFor = 30 * 86_400;
const never = 2_000_000_000;

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe(`events on ${backend.kind} that are too old`, () => {
      const make = recordsStore(backend);

      /** One event a day, the last one of today; every other is of no account. */
      async function withDays(days: number) {
        const store = await opened(make);
        const now = store.clock.now();

        await store.port.write(
          Array.from({ length: days }, (_, ago) => {
            const { accountId: _account, group: _group, ...nobodys } = sample('events');
            const row = ago % 2 === 0 ? sample('events') : nobodys;

            return { in: 'events', create: { ...row, id: `event-${ago}`, at: now - ago * day } } as const;
          }),
        );

        const days_ = async () => {
          const { rows } = await store.port.events.list('time', 'all', { limit: 1000, descending: true });

          return rows.map(({ at }) => Math.round((store.clock.now() - at) / day));
        };

        return { ...store, days: days_, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
      }

      test('go, the oldest first and so many at a time; the others stay, in every list', async () => {
        await using store = await withDays(37);
        const { sweep } = createRetention({ records: store.port, clock: store.clock, keptFor });

        expect(await sweep(4)).toBe(4);
        expect((await store.days()).at(-1)).toBe(32);
        expect([await sweep(4), await sweep(4)]).toEqual([3, 0]);
        expect(await store.days()).toEqual(Array.from({ length: 30 }, (_, ago) => ago));
        expect(await store.port.events.count('account', 'account-1')).toBe(15);
        expect(await store.port.events.count('group', 'account-1 sign-ins')).toBe(15);
        expect(await store.port.events.count('tries', 'account-1')).toBe(15);
      });

      test('are swept by the job that sweeps, in batches, and from then on as the setting is', async () => {
        await using store = await withDays(37);
        const { sweep } = createRetention({ records: store.port, clock: store.clock, keptFor: keptFor / 3 });
        const batches: number[] = [];
        const { promise: done, resolve } = Promise.withResolvers<void>();

        await using _sweeping = startSweeping({
          leases: createLeases({ records: store.port, clock: store.clock }),
          lease: 60,
          every: never,
          batch: 10,
          stores: [
            {
              async sweep(limit) {
                batches.push(await sweep(limit));
                if ((batches.at(-1) ?? 0) < limit) resolve();

                return batches.at(-1) ?? 0;
              },
            },
          ],
          failed: (error) => {
            throw error;
          },
        });
        await done;

        expect(batches).toEqual([10, 10, 7]);
        expect(await store.days()).toHaveLength(10);
      });
    });
  });
}
