import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Attempts, Records, Write } from '../storage/records.ts';
import { createTriesUnderWay, type Looking } from './tries-under-way.ts';

/** One thing that failures are counted for. Durations in seconds. */
export interface Counter<Reason extends string> {
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
  reason: string;
  at: number;
  /** When the one before it was counted. */
  before: number;
  /** The counter as it was left. */
  row: Attempts;
}

/** Counters as they are in the store, by id. */
export type Rows = ReadonlyMap<string, Attempts | undefined>;

/** `retryAfter` in seconds. */
export type Count<Reason extends string> = { counted: Counted[] } | { refused: { reason: Reason; retryAfter: number } };

interface Full<Reason extends string> {
  counter: Counter<Reason>;
  failures: number;
  lastAt: number;
  lastBy: string | undefined;
  /** Milliseconds. */
  until: number;
}

/** Tries that wait for the outcome of those before them. */
const mostWaiting = 100;
/** Milliseconds that one waits before it is sent away. */
const longestPatience = 10_000;
/** Milliseconds in which a try that another node counted may still be open there; it is asked about so often. */
const openElsewhere = 3_000;
const askAgain = 100;

/**
 * Counts tries before their outcome is known, as records (a restart or a lost cache forgets none). A try that only
 * finds no room because others are being verified waits for their outcome instead of being refused: many right
 * passwords at once all get in, many wrong ones never outrun the limit (S86), over all nodes.
 *
 * Nobody waits for the trips of another, except where those on their way may leave no room for one more.
 */
export function createAttemptCounters({
  records,
  clock,
}: {
  records: Pick<Records, 'attempts' | 'write'>;
  clock: Clock;
}) {
  const node = newId();
  const { lookAt, counts, outcomes, settle } = createTriesUnderWay();

  async function read(ids: readonly string[]): Promise<Rows> {
    return new Map(await Promise.all(ids.map(async (id) => [id, await records.attempts.get(id)] as const)));
  }

  /** Counts at every counter or at none; answers the first one that has no room, or that may have none. */
  async function add<R extends string>(
    counters: readonly Counter<R>[],
    { looking, ahead }: { looking: Looking; ahead: Rows | undefined },
  ): Promise<Counted[] | Full<R> | { crowded: Counter<R> }> {
    const now = clock.now();
    const findFull = (seen: Rows) => counters.map((one) => fullness(one, seen.get(one.id), now)).find(Boolean);

    // What was read ahead may be old by now: it only says what the counters most likely are, and refuses nobody.
    const isOld = ahead === undefined || findFull(ahead) !== undefined;
    const rows = isOld ? await read(counters.map(({ id }) => id)) : ahead;
    const full = findFull(rows);
    if (full) return full;

    const crowded = counters.find(({ id, limit }) => {
      const { writing } = looking.at(id);

      return writing > 0 && (rows.get(id)?.failures ?? 0) + writing >= limit;
    });
    if (crowded) return { crowded };

    looking.setOut();

    try {
      const written = await write(counters, rows, now);
      looking.arrived({ counted: Array.isArray(written) });

      return written;
    } catch (failure) {
      looking.arrived({ counted: false, failure });
      throw failure;
    }
  }

  async function write<R extends string>(
    counters: readonly Counter<R>[],
    rows: Rows,
    now: number,
  ): Promise<Counted[] | Full<R>> {
    const found = new Map<string, Counted | Full<R>>();
    const creates = counters
      .filter(({ id }) => rows.get(id) === undefined)
      .map(({ id, life }) => ({ id, failures: 0, lastAt: 0, expiresAt: now + life * 1000 }));
    const updates = counters.map((counter): Write => ({
      in: 'attempts',
      update: counter.id,
      seen: rows.get(counter.id),
      change: (old) => {
        // Others may have filled it since.
        const full = fullness(counter, old, now);
        const expiresAt = now + counter.life * 1000;
        const row = { ...old, failures: old.failures + 1, lastAt: now, lastBy: node, expiresAt };
        const counted = { id: counter.id, reason: counter.reason, at: now, before: old.lastAt, row };
        found.set(counter.id, full ?? counted);

        return full ? old : row;
      },
    }));

    try {
      await records.write([...creates.map((create): Write => ({ in: 'attempts', create })), ...updates], {
        inOrder: false,
      });
    } catch (error) {
      // Another one created it: the updates were written all the same.
      if (!(error instanceof Conflict)) throw error;
    }

    const counted = [...found.values()].filter((outcome) => 'before' in outcome);
    const overtaken = [...found.values()].find((outcome) => 'until' in outcome);
    if (overtaken) await records.write(counted.map(givenBack), { inOrder: false });

    return overtaken ?? counted;
  }

  return {
    /** To be handed to `count`: what it would read first. */
    read,

    async count<R extends string>(counters: readonly Counter<R>[], ahead?: Rows): Promise<Count<R>> {
      const begun = performance.now();
      const lasts = (milliseconds: number) => performance.now() < begun + milliseconds;
      const ids = counters.map(({ id }) => id);

      for (let turn = 1; ; turn += 1) {
        const looking = lookAt(ids);

        try {
          const added = await add(counters, { looking, ahead: turn === 1 ? ahead : undefined });
          if (Array.isArray(added)) return { counted: added };

          if ('crowded' in added) {
            const { id, reason } = added.crowded;
            if (!lasts(longestPatience)) return { refused: { reason, retryAfter: 1 } };
            if (looking.at(id).writing > 0) await counts.until(id, longestPatience);
            continue;
          }

          const { counter, failures, until, lastAt, lastBy } = added;
          const { id, reason, limit } = counter;
          const here = failures - looking.running(id) < limit;
          const elsewhere = lastBy !== node && clock.now() - lastAt < openElsewhere && lasts(openElsewhere);

          if ((!here && !elsewhere) || outcomes.size >= mostWaiting || !lasts(longestPatience)) {
            return { refused: { reason, retryAfter: Math.max(1, Math.ceil((until - clock.now()) / 1000)) } };
          }

          // Whoever was running may have finished meanwhile.
          const { open, writing } = looking.at(id);
          if (!here) await outcomes.until(id, askAgain);
          else if (open > 0) await outcomes.until(id, longestPatience);
          else if (writing > 0) await counts.until(id, longestPatience);
        } finally {
          looking.letGo();
        }
      }
    },

    /** The outcome is known (and stored, where something had to be): lets those who wait for it try, or fail with it. */
    settle(tries: readonly Counted[], failure?: unknown): void {
      settle(
        tries.map(({ id }) => id),
        failure,
      );
    },
  };
}

/** Takes one counted try back, with the wait that it caused. */
export function givenBack({ id, at, before, row }: Counted): Write {
  return {
    in: 'attempts',
    update: id,
    seen: row,
    change: (old) => ({
      ...old,
      failures: Math.max(0, old.failures - 1),
      lastAt: old.lastAt === at ? before : old.lastAt,
    }),
  };
}

function fullness<R extends string>(counter: Counter<R>, row: Attempts | undefined, now: number): Full<R> | undefined {
  if (!row || row.failures < counter.limit) return undefined;
  const until = row.lastAt + counter.wait(row.failures) * 1000;

  const { failures, lastAt, lastBy } = row;

  return now < until ? { counter, failures, until, lastAt, lastBy } : undefined;
}
