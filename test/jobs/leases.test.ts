import { describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import { createLeases, LeaseLost, type LeaseDeps, type Leases } from '../../src/jobs/leases.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { failed, fifty, succeeded } from '../storage/rows.ts';
import { describeStore, opened, type Opened, recordsStore } from '../storage/stores.ts';
import type { Records } from '../../src/storage/records.ts';

const hour = { seconds: 3600 };

/** So many nodes on one store, each with leases of its own. */
async function nodesOn(store: Opened<Records>, count: number): Promise<Leases[]> {
  const records = await Promise.all(
    Array.from({ length: count }, async (_, at) => (at === 0 ? store.port : store.another())),
  );

  return records.map((port) => createLeases({ records: port, clock: store.clock }));
}

/** Work that goes on until it is told to end; `begun` settles with its signal. */
function longWork() {
  const { promise: begun, resolve: begin } = Promise.withResolvers<AbortSignal>();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();

  return {
    begun,
    end,
    async work(signal: AbortSignal): Promise<void> {
      begin(signal);
      await over;
    },
  };
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

/** The same records, told of each renewal before it is answered. */
function watched(records: Records, renewed: () => Promise<void> | void): LeaseDeps['records'] {
  const { leases } = records;

  return {
    leases: {
      ...leases,
      update: async (...given) => {
        const row = await leases.update(...given);
        await renewed();

        return row;
      },
    },
  };
}

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe(`leases on ${backend.kind}`, () => {
      const make = recordsStore(backend);

      test.each([2, 5])('%i nodes, fifty at once: one does the work, the others are told so', async (count) => {
        await using store = await opened(make);
        const nodes = await nodesOn(store, count);
        const { work, end } = longWork();
        let done = 0;
        let answers = 0;
        const answered = () => {
          answers += 1;
          if (answers === 49) end();
        };

        const results = await fifty(async (number) => {
          const holding = nodes[number % count]?.holding('work', hour, async (signal) => {
            done += 1;
            await work(signal);
          });

          // The work lasts until everybody else has been answered.
          void holding?.then(answered, answered);
          return holding;
        });

        expect(failed(results)).toEqual([]);
        expect(succeeded(results).filter((mine) => mine === true)).toHaveLength(1);
        expect(done).toBe(1);
      });

      test('what was given back is anybody’s; other work was free all the time', async () => {
        await using store = await opened(make);
        const [one, other] = (await nodesOn(store, 2)) as [Leases, Leases];
        const { work, begun, end } = longWork();

        const held = one.holding('work', hour, work);
        await begun;
        expect(await other.holding('work', hour, async () => undefined)).toBe(false);
        expect(await other.holding('more work', hour, async () => undefined)).toBe(true);
        end();

        expect(await held).toBe(true);
        expect(await other.holding('work', hour, async () => undefined)).toBe(true);
      });

      test('a failure of the work passes on, and gives the lease back', async () => {
        await using store = await opened(make);
        const [one, other] = (await nodesOn(store, 2)) as [Leases, Leases];
        const failure = new Error('no');

        await expect(
          one.holding('work', hour, async () => {
            throw failure;
          }),
        ).rejects.toBe(failure);
        expect(await other.holding('work', hour, async () => undefined)).toBe(true);
      });

      test('is renewed while the work goes on', async () => {
        await using store = await opened(make);
        const { promise: renewed, resolve: renew } = Promise.withResolvers<void>();
        const one = createLeases({ records: watched(store.port, renew), clock: store.clock });
        const other = createLeases({ records: await store.another(), clock: store.clock });
        const { work, begun, end } = longWork();

        const held = one.holding('work', { seconds: 3 }, work);
        await begun;
        store.clock.advance(2_000);
        await renewed;
        store.clock.advance(2_000);

        expect(await other.holding('work', hour, async () => undefined)).toBe(false);
        end();
        expect(await held).toBe(true);
      });

      test('one that ran out is another’s: its holder is told, and its end takes nothing away', async () => {
        await using store = await opened(make);
        const [one, other, third] = (await nodesOn(store, 3)) as [Leases, Leases, Leases];
        const first = longWork();
        const second = longWork();

        const lost = one.holding('work', { seconds: 1 }, first.work);
        const signal = await first.begun;
        store.clock.advance(1_000);
        const held = other.holding('work', hour, second.work);
        await second.begun;

        expect(await aborted(signal)).toBeInstanceOf(LeaseLost);
        first.end();
        await expect(lost).rejects.toThrow('the lease of work was lost');
        expect(await third.holding('work', hour, async () => undefined)).toBe(false);

        second.end();
        expect(await held).toBe(true);
      });

      test('is not renewed by a node that came back under the same name', async () => {
        await using store = await opened(make);
        const as = { clock: store.clock, holder: 'node' };
        const one = createLeases({ records: store.port, ...as });
        const again = createLeases({ records: await store.another(), ...as });
        const first = longWork();
        const second = longWork();

        const lost = one.holding('work', { seconds: 1 }, first.work);
        const signal = await first.begun;
        store.clock.advance(1_000);
        const held = again.holding('work', hour, second.work);
        await second.begun;

        expect(await aborted(signal)).toBeInstanceOf(LeaseLost);
        first.end();
        second.end();
        await expect(lost).rejects.toBeInstanceOf(LeaseLost);
        expect(await held).toBe(true);
      });

      test('a holder that cannot reach the store knows when its time is up, and why', async () => {
        await using store = await opened(make);
        const down = new Unavailable('down');
        const records = watched(store.port, () => Promise.reject(down));
        const leases = createLeases({ records, clock: store.clock });

        const held = leases.holding('work', { seconds: 0.5 }, async (signal) => {
          await aborted(signal);
          signal.throwIfAborted();
        });

        await expect(held).rejects.toMatchObject({ name: 'LeaseLost', cause: down });
      });
    });
  });
}
