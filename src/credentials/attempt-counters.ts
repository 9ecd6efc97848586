import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Attempts, Records, Write } from '../storage/records.ts';

/** One thing that failures are counted for. Durations in seconds. */
export interface Counter<Reason extends string = string> {
  id: string;
  reason: Reason;
  /** From so many failures on, a try has to wait. */
  limit: number;
  /** How long after the last one, given that `failures` has reached the limit. */
  wait(failures: number): number;
  /** Forgotten so long after the last failure. */
  life: number;
}

/** A try that was counted and whose outcome is open. */
export interface Counted {
  id: string;
  at: number;
  /** When the one before it was counted. */
  before: number;
}

export type Count = { counted: Counted } | { refused: { /** Seconds. */ retryAfter: number } };

/** Tries that wait for the outcome of those before them, a counter. */
const mostWaiting = 100;
/** Milliseconds that one waits before it is sent away. */
const longestPatience = 10_000;

/**
 * Counts tries before their outcome is known, as records (a restart or a lost cache forgets none). A try that only
 * finds no room because others are being verified waits for their outcome instead of being refused: many right
 * passwords at once all get in, many wrong ones never outrun the limit (S86).
 */
export function createAttemptCounters({ records, clock }: { records: Pick<Records, 'attempts'>; clock: Clock }) {
  const inTurn = createTurns();
  const open = new Map<string, number>();
  const waiting = new Map<string, Set<() => void>>();

  async function add(counter: Counter): Promise<{ counted: Counted } | { until: number; failures: number }> {
    const now = clock.now();
    const expiresAt = now + counter.life * 1000;
    let outcome: { counted: Counted } | { until: number; failures: number } | undefined;

    const change = (old: Attempts): Attempts => {
      const until = blockedUntil(counter, old);

      if (now < until) {
        outcome = { until, failures: old.failures };
        return old;
      }

      outcome = { counted: { id: counter.id, at: now, before: old.lastAt } };
      return { ...old, failures: old.failures + 1, lastAt: now, expiresAt };
    };

    for (;;) {
      if ((await records.attempts.update(counter.id, change)) && outcome) return outcome;

      try {
        await records.attempts.create({ id: counter.id, failures: 1, lastAt: now, expiresAt });
        return { counted: { id: counter.id, at: now, before: now } };
      } catch (error) {
        // Somebody else counted the first one in between.
        if (!(error instanceof Conflict)) throw error;
      }
    }
  }

  function oneSettles(id: string): Promise<void> {
    const others = waiting.get(id) ?? new Set();
    waiting.set(id, others);

    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        others.delete(go);
        resolve();
      };
      const timer = setTimeout(go, longestPatience);

      others.add(go);
    });
  }

  return {
    async count(counter: Counter): Promise<Count> {
      const patience = performance.now() + longestPatience;

      for (;;) {
        const outcome = await inTurn(counter.id, async () => {
          const added = await add(counter);
          const running = open.get(counter.id) ?? 0;
          if ('counted' in added) open.set(counter.id, running + 1);

          return { ...added, running };
        });

        if ('counted' in outcome) return { counted: outcome.counted };

        const others = waiting.get(counter.id)?.size ?? 0;
        const full = outcome.failures - outcome.running >= counter.limit;

        if (full || others >= mostWaiting || performance.now() >= patience) {
          return { refused: { retryAfter: Math.max(1, Math.ceil((outcome.until - clock.now()) / 1000)) } };
        }

        // Whoever was running may have finished since it was this one's turn.
        if (open.has(counter.id)) await oneSettles(counter.id);
      }
    },

    /** The outcome is known (and stored, where something had to be): lets those who wait for it try. */
    settle(tries: readonly Counted[]): void {
      for (const { id } of tries) {
        const running = (open.get(id) ?? 0) - 1;

        if (running > 0) open.set(id, running);
        else open.delete(id);

        for (const go of waiting.get(id) ?? []) go();
        if (running <= 0) waiting.delete(id);
      }
    },
  };
}

/** Takes one counted try back, with the wait that it caused. */
export function givenBack({ id, at, before }: Counted): Write {
  return {
    in: 'attempts',
    update: id,
    change: (old) => ({
      ...old,
      failures: Math.max(0, old.failures - 1),
      lastAt: old.lastAt === at ? before : old.lastAt,
    }),
  };
}

function blockedUntil(counter: Counter, { failures, lastAt }: Attempts): number {
  return failures < counter.limit ? 0 : lastAt + counter.wait(failures) * 1000;
}

/** Runs what belongs to one key one after another, so that `open` is exact when a refusal is judged by it. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();

  return async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    const mine = (last.get(key) ?? Promise.resolve()).then(task, task);
    last.set(key, mine);

    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
