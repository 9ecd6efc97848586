import { setTimeout as pause } from 'node:timers/promises';

/**
 * Sends what is queued outside of requests: at once when this node has queued something, when what failed is due again,
 * and every half minute for what other nodes left behind. Each errand is claimed by itself, so any number of nodes may do
 * this.
 */
export interface Errands<Outcome, Done> {
  /** One that is due; undefined: none is. Throws what storage throws. */
  next(): Promise<Errand<Outcome, Done> | undefined>;
  /** In how many milliseconds the next one is due. */
  dueIn(): Promise<number | undefined>;
  /** Calls its listener when this node has queued something. */
  onWake(listener: () => void, until?: AbortSignal): void;
  /** Told of each failure of the store. It is tried again in the next round. */
  failed: (error: unknown) => void;
  /** Of how an errand went. */
  done: (done: Done) => void | Promise<void>;
}

/** Something to be sent that is this caller's alone until `renew` was not called for a minute. */
export interface Errand<Outcome, Done> {
  /** Sends it, or finds that it is not to be sent. `stop` gives it back where that is possible. */
  run(stop: AbortSignal): Promise<Outcome>;
  /** Says in the store how it went. What was sent and is not settled is sent again. */
  settle(outcome: Outcome): Promise<Done>;
  renew(): Promise<void>;
}

/** Milliseconds, but for `lanes`. */
export interface Pace {
  /** Looks at the queue at least this often. */
  every: number;
  /** Keeps a claim this often; it holds for a minute. */
  renewing: number;
  /** For what is on its way already when the process ends. */
  grace: number;
  /** Errands on their way at once. */
  lanes: number;
}

export const usualPace: Pace = { every: 30_000, renewing: 20_000, grace: 8_000, lanes: 4 };
/** Milliseconds after a failure of the store. */
const afterFailure = 5_000;
/** Milliseconds until what went out is written down again, when the store did not take it. */
const beforeSettling = 1_000;
/** Milliseconds between two rounds that found nothing to claim, because other nodes were quicker. */
const shortest = 200;

/** Disposing gives back what was not handed over yet, and waits a little for the rest. */
export function startErrands(all: readonly ((stop: AbortSignal) => Promise<void>)[], pace: Pace): AsyncDisposable {
  const stop = new AbortController();
  const running = all.map((keepRunning) => keepRunning(stop.signal));

  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.race([Promise.all(running), pause(pace.grace, undefined, { ref: false })]);
    },
  };
}

/** Until it is told to stop. */
export async function runErrands<Outcome, Done>(
  { next, dueIn, onWake, failed, done }: Errands<Outcome, Done>,
  { stop, pace }: { stop: AbortSignal; pace: Pace },
): Promise<void> {
  const bell = createBell(stop);
  const underWay = new Set<Promise<void>>();
  onWake(bell.ring, stop);

  async function carry(errand: Errand<Outcome, Done>): Promise<void> {
    const renewing = setInterval(() => void errand.renew().catch(failed), pace.renewing);

    try {
      const outcome = await errand.run(stop);
      await done(await settled(() => errand.settle(outcome)));
    } catch (error) {
      failed(error);
    } finally {
      clearInterval(renewing);
    }
  }

  /** Until the store takes it: what has gone out must not go out again because nobody wrote that down. */
  async function settled(settle: () => Promise<Done>): Promise<Done> {
    for (;;) {
      try {
        return await settle();
      } catch (error) {
        if (stop.aborted) throw error;

        failed(error);
        await pause(beforeSettling, undefined, { ref: false });
      }
    }
  }

  /** Fills the lanes; answers how long to wait for more. */
  async function round(): Promise<number> {
    while (!stop.aborted && underWay.size < pace.lanes) {
      const errand = await next();
      if (!errand) break;

      const carried: Promise<void> = carry(errand).finally(() => {
        underWay.delete(carried);
        bell.ring();
      });
      underWay.add(carried);
    }

    // With all lanes taken, the first that ends rings.
    if (underWay.size === pace.lanes) return pace.every;

    return Math.min(pace.every, Math.max(shortest, (await dueIn()) ?? pace.every));
  }

  while (!stop.aborted) {
    try {
      await bell.wait(await round());
    } catch (error) {
      failed(error);
      await bell.wait(afterFailure);
    }
  }

  await Promise.all(underWay);
}

/** Something to wait for, for so long at most. Rung while nobody waits, it is heard by the next who does. */
function createBell(stop: AbortSignal) {
  let rung = Promise.withResolvers<void>();
  stop.addEventListener('abort', () => rung.resolve(), { once: true });

  return {
    ring: () => rung.resolve(),

    async wait(milliseconds: number): Promise<void> {
      const enough = new AbortController();

      try {
        await Promise.race([rung.promise, pause(milliseconds, undefined, { ref: false, signal: enough.signal })]);
      } finally {
        enough.abort();
        if (!stop.aborted) rung = Promise.withResolvers<void>();
      }
    },
  };
}
