import { setTimeout as pause } from 'node:timers/promises';

/**
 * Background work. Sweeping removes what has expired, in small batches: absence is the store's promise already, this
 * only gives the room back. It knows the ports and no feature.
 *
 * Sweeping has no owner: two nodes that sweep at once remove different rows or find nothing, so nothing is claimed.
 * Work that must be done once (sending a message, a logout notice, replacing a key) has to be owned: a lease in a
 * record, taken by `update` and lost by its time, whose holder alone goes on.
 */
export interface Sweeping {
  /** What is swept: both ports, or one of them. */
  stores: readonly Swept[];
  /** Milliseconds between one round's end and the next one's start. */
  every: number;
  /** Rows a batch. A batch holds up everything else for as long as it takes. */
  batch: number;
  /** Told of each failure. The store is tried again in the next round. */
  failed: (error: unknown) => void;
}

export interface Swept {
  /** Removes at most `limit` expired rows; answers how many. */
  sweep(limit: number): Promise<number>;
}

/** Milliseconds between two batches, for requests to come through. */
const breath = 10;

/** Sweeps at once and then `every` so often, without keeping the process alive. Disposing waits for a batch under way. */
export function startSweeping(of: Sweeping): AsyncDisposable {
  const stop = new AbortController();
  const running = keepSweeping(of, stop.signal);

  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

async function keepSweeping({ stores, every, batch, failed }: Sweeping, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    for (const store of stores) {
      try {
        await sweepAll(store, batch, stop);
      } catch (error) {
        failed(error);
      }
    }

    await until(every, stop);
  }
}

async function sweepAll(store: Swept, batch: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && (await store.sweep(batch)) >= batch) await until(breath, stop);
}

/** Ends early, and quietly, when it is told to stop. */
async function until(milliseconds: number, stop: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, { ref: false, signal: stop });
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}
