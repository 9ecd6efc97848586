import { Unavailable } from '../../domain/errors.ts';

/** What those with one key hand on from one to the next. */
export interface Turn<Left> {
  left?: Left;
}

/**
 * Lets those of this process that change one thing do so one after another. Without it, n of them at once would each try
 * up to n times. Where the store does not answer one, nobody behind it is kept waiting: they fail as it did.
 */
export function createTurns<Left>(): <A>(key: string, work: (turn: Turn<Left>) => Promise<A>) => Promise<A> {
  const queues = new Map<string, Turn<Left> & { last: Promise<void>; waiting: number }>();

  return async (key, work) => {
    const queue = queues.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    const before = queue.last;
    const { promise, resolve, reject } = Promise.withResolvers<void>();

    queues.set(key, queue);
    queue.last = promise;
    queue.waiting += 1;
    // Whoever comes next looks at it; there may be nobody.
    promise.catch(() => undefined);

    try {
      await before;

      return await work(queue);
    } catch (error) {
      if (error instanceof Unavailable) reject(error);

      throw error;
    } finally {
      resolve();
      queue.waiting -= 1;
      if (queue.waiting === 0) queues.delete(key);
    }
  };
}
