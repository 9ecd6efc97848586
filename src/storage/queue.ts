import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Collection } from './records.ts';

/**
 * Rows that are to be sent, whatever they are. A node claims one by a conditional update, so of many nodes one sends it;
 * while it does, it renews the claim, and a claim that nobody renews is over: the row is anybody's again.
 */
export interface Queue<T extends Waiting> {
  /** The one of the group that is longest due, now this caller's alone. Undefined: none is due. */
  claim(group: string): Promise<Claimed<T> | undefined>;
  /** Keeps the claim for another while. */
  renew(row: Claimed<T>): Promise<void>;
  /**
   * Writes down how it went: what `change` (pure) makes of the row, whose claim is over. Answers it; undefined: the claim
   * was lost meanwhile.
   */
  settle(row: Claimed<T>, change: (old: T, now: number) => T): Promise<T | undefined>;
  /** When the next one of the group is due, in milliseconds. */
  nextAt(group: string): Promise<number | undefined>;
}

/** A row with a list `state`, by `nextAt`, whose groups keep those that are `queued` apart from the others. */
export interface Waiting {
  id: string;
  state: string;
  /** Those that were begun. */
  attempts: number;
  /** Milliseconds: when it is due; with a claim, when that is over. */
  nextAt: number;
  claim?: string;
}

export type Claimed<T> = T & { claim: string };

/** Milliseconds. */
export const claimLasts = 60_000;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** After the first, second, … attempt; 21 hours in all, so that what nobody takes is given up within a day. */
const waits = [10 * second, minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour, 12 * hour];

/** How many are looked at to find one that nobody else takes at the same time. */
const looked = 20;

/** When it is tried again after so many attempts, in milliseconds; undefined: not any more. */
export function nextTry(attempts: number, now: number, atLeast = 0): number | undefined {
  const wait = waits[attempts - 1];

  return wait === undefined ? undefined : now + Math.max(wait, atLeast);
}

export function createQueue<T extends Waiting>({
  rows,
  clock,
}: {
  rows: Pick<Collection<T, never, 'state'>, 'list' | 'update'>;
  clock: Clock;
}): Queue<T> {
  async function take({ id }: T): Promise<Claimed<T> | undefined> {
    const now = clock.now();
    const claim = newId();
    const taken = await rows.update(id, (old) =>
      isDue(old, now) ? { ...old, claim, attempts: old.attempts + 1, nextAt: now + claimLasts } : old,
    );

    return taken?.claim === claim ? { ...taken, claim } : undefined;
  }

  return {
    async claim(group) {
      for (;;) {
        const found = await rows.list('state', group, { limit: looked });
        const due = found.rows.filter((row) => isDue(row, clock.now()));

        for (const row of due) {
          const taken = await take(row);
          if (taken) return taken;
        }

        if (due.length < looked) return undefined;
      }
    },

    async renew({ id, claim }) {
      const nextAt = clock.now() + claimLasts;

      await rows.update(id, (old) => (isHeld(old, claim) ? { ...old, nextAt } : old));
    },

    async settle({ id, claim }, change) {
      const now = clock.now();
      let settled: T | undefined;

      await rows.update(id, (old) => {
        settled = isHeld(old, claim) ? change(withoutClaim(old), now) : undefined;

        return settled ?? old;
      });

      return settled;
    },

    async nextAt(group) {
      const { rows: found } = await rows.list('state', group, { limit: 1 });

      return found[0]?.nextAt;
    },
  };
}

function withoutClaim<T extends Waiting>(row: T): T {
  const { claim: _, ...rest } = row;

  return rest as T;
}

function isDue({ state, nextAt }: Waiting, now: number): boolean {
  return state === 'queued' && nextAt <= now;
}

function isHeld({ state, claim: held }: Waiting, claim: string): boolean {
  return state === 'queued' && held === claim;
}
