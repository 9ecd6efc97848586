import { describe, expect, test } from '@jest/globals';
import { startSweeping, type Swept } from '../../src/jobs/sweeping.ts';

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

const never = 2 ** 31 - 1;

function fail(error: unknown): void {
  throw error;
}

describe('sweeping', () => {
  test('removes everything that has expired, in batches, from every store', async () => {
    const records = storeWith(25);
    const ephemera = storeWith(3);

    await using _sweeping = startSweeping({ stores: [records, ephemera], every: never, batch: 10, failed: fail });

    expect(await records.emptied).toEqual([10, 10, 5]);
    expect(await ephemera.emptied).toEqual([3]);
  });

  test('lets others run between two batches', async () => {
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

    await using _sweeping = startSweeping({ stores: [store], every: never, batch: 10, failed: fail });
    await done;

    expect(order.slice(0, 5)).toEqual(['batch', 'request', 'batch', 'request', 'batch']);
  });

  test('tells of a failure, goes on with the other store and tries again in the next round', async () => {
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

    const sweeping = startSweeping({ stores: [store], every: 1, batch: 10, failed: fail });
    await begun;
    const disposed = sweeping[Symbol.asyncDispose]();
    expect(finished).toBe(false);
    open();
    await disposed;

    expect(finished).toBe(true);
    expect(batches).toBe(1);
  });
});
