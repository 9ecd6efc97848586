import { Unavailable } from '../domain/errors.ts';

/** Seconds after which a person who was sent away may try again. */
const retryAfter = 2;

/**
 * Runs at most `concurrency` tasks at once, the others in the order of their arrival. With `waiting` tasks in line, one
 * more throws Unavailable at once: a flood is shed while those inside still get their answer.
 */
export function createHashQueue({ concurrency, waiting }: { concurrency: number; waiting: number }) {
  const line: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < concurrency) {
      running += 1;
      return;
    }

    if (line.length >= waiting) {
      throw new Unavailable('too many passwords wait to be hashed', { retryAfter });
    }

    // The one that leaves hands its place on, so `running` stays.
    await new Promise<void>((resolve) => line.push(resolve));
  }

  function leave(): void {
    const next = line.shift();

    if (next) next();
    else running -= 1;
  }

  return async <T>(task: () => Promise<T>): Promise<T> => {
    await enter();

    try {
      return await task();
    } finally {
      leave();
    }
  };
}
