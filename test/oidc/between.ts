/** What happens to a call of a store: `run` is the call itself. */
export type Around = (run: () => Promise<unknown>) => Promise<unknown>;

/** A store whose every call goes through `around`, those of its collections too. */
export function intercepted<T extends object>(store: T, around: Around): T {
  const inner = new Map<unknown, object>();

  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);

      if (typeof value === 'function') {
        return (...args: unknown[]) => around(() => Promise.resolve(Reflect.apply(value, target, args) as unknown));
      }

      if (typeof value !== 'object' || value === null) return value;

      const known = inner.get(name) ?? intercepted(value, around);
      inner.set(name, known);

      return known;
    },
  });
}

/**
 * Counts how often a request waits for a store, one after another: what is asked before anything was answered is one
 * trip, because it can travel together.
 */
export function tripCounter() {
  let trips = 0;
  let waiting: (() => void)[] | undefined;

  const around: Around = async (run) => {
    await new Promise<void>((resolve) => {
      if (waiting === undefined) {
        waiting = [];
        // Everything that can be asked by now has been, once the event loop comes round.
        setImmediate(() => {
          const all = waiting ?? [];
          waiting = undefined;
          trips += 1;
          for (const one of all) one();
        });
      }

      waiting.push(resolve);
    });

    return run();
  };

  return {
    around,
    async count(work: () => Promise<unknown>): Promise<number> {
      const before = trips;
      await work();

      return trips - before;
    },
  };
}
