/** Counts what happens and lets a test wait until it has happened so many times: nothing has to be slept for. */
export interface Tally {
  count: number;
  add(): void;
  /** Resolves once the count is there, which may be now. */
  reaches(count: number): Promise<void>;
}

export function createTally(): Tally {
  const waiting: { count: number; resolve: () => void }[] = [];

  const tally: Tally = {
    count: 0,
    add() {
      tally.count += 1;
      for (const { count, resolve } of waiting) if (tally.count >= count) resolve();
    },
    reaches: (count) =>
      tally.count >= count ? Promise.resolve() : new Promise((resolve) => void waiting.push({ count, resolve })),
  };

  return tally;
}
