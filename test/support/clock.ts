import type { Clock } from '../../src/domain/clock.ts';

export interface SettableClock extends Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  set(milliseconds: number): void;
  advance(milliseconds: number): void;
}

/** A clock that stands still until it is told otherwise. */
export function settableClock(start = Date.UTC(2026, 0, 1)): SettableClock {
  let now = start;

  return {
    now: () => now,
    set: (milliseconds) => {
      now = milliseconds;
    },
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}
