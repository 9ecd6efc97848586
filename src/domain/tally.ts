/** What is counted over time. `sessions` is how many there were at once, the others how many there were in all. */
export const tallied = ['signIns', 'failures', 'tokens', 'sessions'] as const;
export type Tallied = (typeof tallied)[number];

/** What happened in one hour, on all nodes. */
export interface Tally {
  /** The hour, as `tallyId` names it. */
  id: string;
  /** When it began: milliseconds. */
  at: number;
  counts: Partial<Record<Tallied, number>>;
  /** Milliseconds. */
  expiresAt: number;
}

/** Milliseconds. */
export const hour = 3_600_000;

/** Sorts by time. */
export function tallyId(at: number): string {
  return new Date(at - (at % hour)).toISOString();
}
