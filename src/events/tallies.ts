import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { hour, tallyId, type Tallied, type Tally } from '../domain/tally.ts';
import type { Records } from '../storage/records.ts';
import type { EventKind } from './catalogue.ts';

/**
 * How much happens, hour by hour: counted in memory by each node as events are written, and added to what all of them have
 * counted once a minute. A node that is killed loses the counts of its last minute, and nothing else.
 */
export interface Tallies {
  note(kind: EventKind): void;
  /** A grant was answered with tokens, of whatever type: most of them are no event. */
  noteTokens(): void;
  /** Adds what was counted since the last time. */
  flush(): Promise<void>;
  /** How many sessions there are now. An hour keeps the most that were seen in it. */
  sample(): Promise<void>;
  /** The hours from `since` on (milliseconds) in which anything was counted, the oldest first. */
  read(since: number): Promise<Tally[]>;
}

export interface TalliesDeps {
  records: Pick<Records, 'tallies' | 'sessions'>;
  clock: Clock;
}

const counted: Partial<Record<EventKind, Tallied>> = {
  'sign_in.succeeded': 'signIns',
  'sign_in.failed': 'failures',
  'second_factor.failed': 'failures',
  'passkey.refused': 'failures',
};

/** Milliseconds. */
const kept = 400 * 24 * hour;

export function createTallies({ records, clock }: TalliesDeps): Tallies {
  let counting = new Map<string, Tally['counts']>();

  function add(what: Tallied): void {
    const id = tallyId(clock.now());
    const counts = counting.get(id) ?? {};
    counting.set(id, { ...counts, [what]: (counts[what] ?? 0) + 1 });
  }

  /** `merge` is as pure as an update asks for. */
  async function change(id: string, merge: (old: Tally['counts']) => Tally['counts']): Promise<void> {
    const at = Date.parse(id);
    const update = () => records.tallies.update(id, (old) => ({ ...old, counts: merge(old.counts) }));
    if (await update()) return;

    try {
      await records.tallies.create({ id, at, counts: merge({}), expiresAt: at + kept });
    } catch (error) {
      // Another node was the first of this hour.
      if (!(error instanceof Conflict)) throw error;
      await update();
    }
  }

  return {
    note(kind) {
      const what = counted[kind];
      if (what !== undefined) add(what);
    },

    noteTokens: () => add('tokens'),

    async flush() {
      const due = [...counting];
      counting = new Map();

      for (const [at, [id, counts]] of due.entries()) {
        try {
          await change(id, (old) => sum(old, counts));
        } catch (error) {
          // They are added when the store answers again, with those behind them.
          for (const [late, left] of due.slice(at)) counting.set(late, sum(counting.get(late) ?? {}, left));
          throw error;
        }
      }
    },

    async sample() {
      const now = await records.sessions.count('created', 'all');
      await change(tallyId(clock.now()), (old) => ({ ...old, sessions: Math.max(old.sessions ?? 0, now) }));
    },

    async read(since) {
      const rows: Tally[] = [];
      let after: string | undefined;

      do {
        const page = await records.tallies.list('time', 'all', {
          limit: 1000,
          descending: true,
          ...(after !== undefined && { after }),
        });
        rows.push(...page.rows.filter(({ at }) => at >= since));
        after = rows.length > 0 && page.rows.every(({ at }) => at >= since) ? page.next : undefined;
      } while (after !== undefined);

      return rows.toReversed();
    },
  };
}

function sum(old: Tally['counts'], more: Tally['counts']): Tally['counts'] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(more)])] as Tallied[];

  return Object.fromEntries(names.map((name) => [name, (old[name] ?? 0) + (more[name] ?? 0)]));
}
