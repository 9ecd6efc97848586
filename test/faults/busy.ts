/**
 * What a store that was late before anything was done to it says is that the machine is busy: such a run counts for
 * nothing, and another one takes its place.
 */
export class TooBusy extends Error {}

/** Whether a failure is that of a store which did not answer in time. */
export function isLate(error: unknown): error is Error {
  return (
    error instanceof Error &&
    /\(503\)|answered 503|temporarily_unavailable|timed out|does not answer/.test(error.message)
  );
}

/** Work of which late stores are not the point. Throws TooBusy. */
export async function beforehand<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isLate(error) ? new TooBusy(error.message.slice(0, 200)) : error;
  }
}

/** So many runs that count. Throws when as many counted for nothing. */
export async function eachRun(runs: number, told: (line: string) => void, play: (run: number) => Promise<void>) {
  let left = runs;

  for (let run = 1; run <= runs;) {
    try {
      await play(run);
      run += 1;
    } catch (error) {
      left -= 1;
      if (!(error instanceof TooBusy) || left < 0) throw error;

      told(`run ${run} again: ${error.message}`);
    }
  }
}
