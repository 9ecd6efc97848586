import { describe, expect, test } from '@jest/globals';

import { createLeases } from '../../src/jobs/leases.ts';
import { startSweeping, type Swept } from '../../src/jobs/sweeping.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import { openSqliteRecords } from '../../src/storage/sqlite/records.ts';
import { startChild } from '../storage/sqlite/children.ts';
import { emptyFolder } from '../storage/places.ts';
import { describeStore, opened, recordsStore } from '../storage/stores.ts';
import { settableClock } from '../support/clock.ts';

/** A store with so many expired rows; `emptied` settles with the sizes of the batches once nothing is left. */
function storeWith(expired: number): Swept & { emptied: Promise<number[]> } {
  const { promise, resolve } = Promise.withResolvers<number[]>();
  const batches: number[] = [];
  let left = expired;

  return {
    emptied: promise,
    sweep: async (limit) => {
      const swept = Math.min(limit, left);
      left -= swept;
      batches.push(swept);
      if (left === 0) resolve(batches);

      return swept;
    },
  };
}

/** One node that sweeps, on a store of its own for the lease. */
async function alone() {
  const folder = await emptyFolder();
  const clock = settableClock();
  const records = openSqliteRecords({ clock, data: folder.path, server: true });

  return {
    leases: createLeases({ records, clock }),
    [Symbol.asyncDispose]: async () => {
      await records[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const never = 2 ** 31 - 1;
const lease = 60;

function fail(error: unknown): void {
  throw error;
}

describe('sweeping', () => {
  test('removes everything that has expired, in batches, from every store', async () => {
    await using node = await alone();
    const records = storeWith(25);
    const ephemera = storeWith(3);

    await using _sweeping = startSweeping({
      ...node,
      lease,
      stores: [records, ephemera],
      every: never,
      batch: 10,
      failed: fail,
    });

    expect(await records.emptied).toEqual([10, 10, 5]);
    expect(await ephemera.emptied).toEqual([3]);
  });

  test('lets others run between two batches', async () => {
    await using node = await alone();
    const order: string[] = [];
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const store: Swept = {
      sweep: async (limit) => {
        order.push('batch');
        setImmediate(() => order.push('request'));
        if (order.length > 4) resolve();

        return limit;
      },
    };

    await using _sweeping = startSweeping({ ...node, lease, stores: [store], every: never, batch: 10, failed: fail });
    await done;

    expect(order.slice(0, 5)).toEqual(['batch', 'request', 'batch', 'request', 'batch']);
  });

  test('tells of a failure, goes on with the other store and tries again in the next round', async () => {
    await using node = await alone();
    const failures: unknown[] = [];
    const { promise: again, resolve } = Promise.withResolvers<void>();
    const down = new Error('down');
    const broken: Swept = {
      sweep: async () => {
        if (failures.length > 0) resolve();

        throw down;
      },
    };
    const fine = storeWith(1);

    await using _sweeping = startSweeping({
      ...node,
      lease,
      stores: [broken, fine],
      every: 1,
      batch: 10,
      failed: (error) => failures.push(error),
    });
    await again;

    expect(await fine.emptied).toEqual(expect.arrayContaining([1]));
    expect(failures).toContain(down);
  });

  test('stops when disposed, after the batch under way, and sweeps no more', async () => {
    await using node = await alone();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let batches = 0;
    let finished = false;
    const store: Swept = {
      sweep: async (limit) => {
        batches += 1;
        begin();
        await gate;
        finished = true;

        return limit;
      },
    };

    const sweeping = startSweeping({ ...node, lease, stores: [store], every: 1, batch: 10, failed: fail });
    await begun;
    const disposed = sweeping[Symbol.asyncDispose]();
    expect(finished).toBe(false);
    open();
    await disposed;

    expect(finished).toBe(true);
    expect(batches).toBe(1);
  });
});

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    describe(`sweeping on many nodes over ${backend.kind}`, () => {
      const make = recordsStore(backend);

      test.each([2, 5])('%i nodes: one of them does it; when that one ends, another goes on', async (count) => {
        await using store = await opened(make);
        const nodes = await Promise.all(
          Array.from({ length: count }, async (_, at) => {
            const records = at === 0 ? store.port : await store.another();

            return { records, ...counted() };
          }),
        );
        const sweepings = nodes.map(({ records, swept }) =>
          startSweeping({
            leases: createLeases({ records, clock: store.clock }),
            lease,
            stores: [swept],
            every: 1,
            batch: 10,
            failed: fail,
          }),
        );
        const working = () => nodes.flatMap(({ rounds }, at) => (rounds() > 0 ? [at] : []));

        await Promise.race(nodes.map(({ reached }) => reached(20)));
        const [first = 0, ...others] = working();
        expect(others).toEqual([]);

        await sweepings[first]?.[Symbol.asyncDispose]();
        await Promise.race(nodes.filter((_, at) => at !== first).map(({ reached }) => reached(20)));
        expect(working()).toHaveLength(2);

        for (const sweeping of sweepings) await sweeping[Symbol.asyncDispose]();
      });
    });
  });
}

test('a node that is killed while it sweeps keeps the others waiting until its lease has run out', async () => {
  await using folder = await emptyFolder();
  await using child = startChild('sweep', folder.path);
  await child.said(3);

  const clock = settableClock(Date.now());
  await using records = openSqliteRecords({ clock, data: folder.path, server: false });
  const leases = createLeases({ records, clock });
  const taken = () => leases.holding('sweeping', { seconds: lease }, async () => undefined);

  expect(await taken()).toBe(false);
  await child.kill();
  expect(await taken()).toBe(false);

  clock.set(Date.now() + lease * 1000);
  expect(await taken()).toBe(true);
});

/** A store with nothing in it that counts how often it was looked through. */
function counted() {
  let count = 0;
  let waiting: (() => void) | undefined;

  return {
    rounds: () => count,
    reached: (wanted: number) =>
      new Promise<void>((resolve) => {
        waiting = () => {
          if (count >= wanted) resolve();
        };
        waiting();
      }),
    swept: {
      sweep: async () => {
        count += 1;
        waiting?.();

        return 0;
      },
    },
  };
}
