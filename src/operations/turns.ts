/**
 * Does something for each, one after another. One that fails doesn't keep those behind it from their turn; the first
 * failure is thrown at the end.
 */
export async function eachInTurn<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];

  for (const one of all) {
    try {
      await run(one);
    } catch (error) {
      failures.push(error);
    }
  }

  if (failures.length > 0) throw failures[0];
}
