/**
 * Keeps what anybody can cause from filling the store: of one key, the first event is written at once, then at most one
 * each minute, which says how many more it stands for. Nothing is left uncounted: when the minute or the program ends,
 * what is pending is written. Each node counts for itself: ten nodes write ten a minute, which fills no store either.
 */
export interface Throttle extends AsyncDisposable {
  /** Calls `write` now or later; `leftOut`: how many others it stands for. Throws what a `write` now throws. */
  pass(key: string, write: Write): Promise<void>;
}

type Write = (leftOut: number) => Promise<void>;

interface Open {
  timer: NodeJS.Timeout;
  /** Of those since the last one that was written. */
  count: number;
  last?: Write;
}

/** Milliseconds. */
const interval = 60_000;

/** `failed` is told what a later `write` throws. */
export function createThrottle(failed: (error: unknown) => void): Throttle {
  const open = new Map<string, Open>();
  const writing = new Set<Promise<void>>();

  function begin(key: string): void {
    open.set(key, { timer: setTimeout(() => end(key), interval).unref(), count: 0 });
  }

  function end(key: string): void {
    const pending = flush(key);
    if (pending) begin(key);
  }

  /** Whether there was anything. */
  function flush(key: string): boolean {
    const { timer, count = 0, last } = open.get(key) ?? {};
    open.delete(key);
    clearTimeout(timer);

    if (!last) return false;

    const write = last(count - 1)
      .catch(failed)
      .finally(() => writing.delete(write));
    writing.add(write);

    return true;
  }

  return {
    async pass(key, write) {
      const current = open.get(key);

      if (current) {
        current.count += 1;
        current.last = write;
      } else {
        begin(key);
        await write(0);
      }
    },

    async [Symbol.asyncDispose]() {
      for (const key of open.keys()) flush(key);

      await Promise.all(writing);
    },
  };
}
