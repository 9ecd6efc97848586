import type { Clock } from '../domain/clock.ts';
import { clientChanges } from '../storage/client-changes.ts';
import type { Records } from '../storage/records.ts';

/**
 * Whether clients were changed anywhere, from one setting (storage/client-changes.ts): what nobody has touched need not
 * be read again.
 */
export interface ClientChanges {
  /** Looks again. Throws Unavailable. */
  look(): Promise<void>;
  /** Whether no client was changed since then, in milliseconds, for all that can be said. */
  noneSince(then: number): boolean;
}

/** Milliseconds between two looks. */
export const clientCheck = 2_000;

/** How long a look is good for: a node that stood still, or whose store does not answer, reads again what it needs. */
const lookLasts = 3_000;

/** A change is announced before it is made: it is there at the latest so many milliseconds behind its announcement. */
const underWay = 10_000;

/** What could escape nevertheless: a process that stood still for longer than that in between and then was killed. */
const longest = 300_000;

export function createClientChanges({
  records,
  clock,
}: {
  records: Pick<Records, 'settings'>;
  clock: Clock;
}): ClientChanges {
  let seen: unknown;
  let lookedAt = -Infinity;
  let quietFrom = Infinity;

  return {
    async look() {
      const begun = clock.now();
      const value = (await records.settings.get(clientChanges))?.value ?? null;

      if (value !== seen) quietFrom = clock.now() + underWay;

      seen = value;
      lookedAt = begun;
    },

    noneSince(then) {
      const now = clock.now();

      return Math.abs(now - lookedAt) < lookLasts && then >= quietFrom && Math.abs(now - then) < longest;
    },
  };
}
