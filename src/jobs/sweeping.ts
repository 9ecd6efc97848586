import { startJob, until, type Job } from './job.ts';

/**
 * Sweeping removes what has expired, in small batches: absence is the store's promise already, this only gives the room
 * back. Two nodes that sweep at once would do no harm, but both would hold up the store for what one of them finds.
 */
export interface Sweeping extends Omit<Job, 'id' | 'round'> {
  /** What is swept: both ports, or one of them. */
  stores: readonly Swept[];
  /** Rows a batch. A batch holds up everything else for as long as it takes. */
  batch: number;
}

export interface Swept {
  /** Removes at most `limit` expired rows; answers how many. */
  sweep(limit: number): Promise<number>;
}

/** Milliseconds between two batches, for requests to come through. */
const breath = 10;

/** Sweeps at once and then `every` so often. Disposing waits for a batch under way. */
export function startSweeping({ stores, batch, ...job }: Sweeping): AsyncDisposable {
  return startJob({
    ...job,
    id: 'sweeping',
    async round(stop) {
      for (const store of stores) {
        try {
          await sweepAll(store, batch, stop);
        } catch (error) {
          // The other store may be fine.
          job.failed(error);
        }
      }
    },
  });
}

async function sweepAll(store: Swept, batch: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && (await store.sweep(batch)) >= batch) await until(breath, stop);
}
