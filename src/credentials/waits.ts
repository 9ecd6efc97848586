/**
 * Those of this process who wait until something happens to what has an id. Where it fails, they fail with it: nobody
 * is kept waiting behind a store that does not answer.
 */
export interface Waits {
  /** How many wait, over all ids. */
  readonly size: number;
  /** Until it has happened, or for so many milliseconds. Throws the failure that it came to. */
  until(id: string, milliseconds: number): Promise<void>;
  happened(id: string, failure?: Error): void;
}

export function createWaits(): Waits {
  const waiting = new Map<string, Set<(failure?: Error) => void>>();
  let size = 0;

  return {
    get size() {
      return size;
    },

    until(id, milliseconds) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const those = waiting.get(id) ?? new Set();

      const go = (failure?: Error) => {
        clearTimeout(timer);
        those.delete(go);
        if (those.size === 0 && waiting.get(id) === those) waiting.delete(id);
        size -= 1;
        if (failure) reject(failure);
        else resolve();
      };
      const timer = setTimeout(go, milliseconds);

      waiting.set(id, those.add(go));
      size += 1;

      return promise;
    },

    happened(id, failure) {
      for (const go of waiting.get(id) ?? []) go(failure);
    },
  };
}
