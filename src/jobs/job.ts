import { setTimeout as pause } from 'node:timers/promises';

import type { Leases } from './leases.ts';

/**
 * Background work. Every node runs the same jobs, and each job's lease lets one of them do it; the others ask again and
 * again whether it has become free. This folder knows the ports and what can be done, and no page and no protocol.
 */
export interface Job extends Round {
  leases: Leases;
  /** Names the job's lease. */
  id: string;
  /** Seconds that a node which died keeps the others waiting. Several times `every`: the store hears of it rarely then. */
  lease: number;
}

export interface Round {
  /** Milliseconds between one round's end and the next one's start. */
  every: number;
  /** Ends soon after the signal aborts: the program ends, or the job has become another node's. */
  round(stop: AbortSignal): Promise<void>;
  /** Told of each failure. The next round comes all the same. */
  failed: (error: unknown) => void;
}

/** Begins at once, without keeping the process alive. Disposing waits for a round under way and gives the job away. */
export function startJob(job: Job): AsyncDisposable {
  return running((stop) => keepTrying(job, stop));
}

/** What every node does for itself. The first round is after `every`. */
export function startRounds(of: Round): AsyncDisposable {
  return running(async (stop) => {
    await until(of.every, stop);
    await rounds(of, stop);
  });
}

function running(work: (stop: AbortSignal) => Promise<void>): AsyncDisposable {
  const stop = new AbortController();
  const going = work(stop.signal);

  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await going;
    },
  };
}

async function keepTrying(job: Job, stop: AbortSignal): Promise<void> {
  const { leases, id, lease, every, failed } = job;

  while (!stop.aborted) {
    try {
      await leases.holding(id, { seconds: lease }, (lost) => rounds(job, AbortSignal.any([stop, lost])));
    } catch (error) {
      failed(error);
    }

    await until(every, stop);
  }
}

async function rounds({ round, every, failed }: Round, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      await round(stop);
    } catch (error) {
      failed(error);
    }

    await until(every, stop);
  }
}

/** Ends early, and quietly, when it is told to stop. */
export async function until(milliseconds: number, stop: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, { ref: false, signal: stop });
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}
