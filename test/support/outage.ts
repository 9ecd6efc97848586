import { Unavailable } from '../../src/domain/errors.ts';
import type { Stores } from '../../src/services-stores.ts';
import type { Write } from '../../src/storage/records.ts';

/**
 * Takes the stores of a running app away, whole or in part, and remembers what was asked of them.
 *
 *     const outage = createOutage();
 *     await using app = await startTestApp({ aroundStores: outage.around });
 *     outage.take('records.attempts');      // every call to that collection fails as an unreachable store does
 *     outage.mend();
 *
 * Names are `records`, `ephemera`, `records.accounts`, `records.accounts.get`: each takes everything below it, also
 * where it is a part of a `write`.
 */
export interface Outage {
  around(stores: Stores): Stores;
  take(...names: string[]): void;
  /** The same once so many of their calls have been let through. */
  takeBehind(calls: number, ...names: string[]): void;
  /** The same with a failure that nobody expects. */
  fail(error: Error, ...names: string[]): void;
  mend(): void;
  /**
   * The calls that have failed since the last `take`, by rounds of those who waited together: what was asked before the
   * others were told is one round. Whoever still waits is not among them.
   */
  failed(): string[][];
  /** Called before a round is told that it has failed: while they waited, time has passed. */
  onFailing: (() => void) | undefined;
  /** Answers come so many milliseconds later, as over a network: what was read is old by then. */
  delay(milliseconds: number): void;
  /** Every call so far, in order: `records.accounts.get`. */
  calls: string[];
}

export function createOutage(): Outage {
  const calls: string[] = [];
  let taken: readonly string[] = [];
  let failure: Error = unanswered();
  let lag = 0;
  let spared = 0;
  let rounds: string[][] = [];
  let round: { calls: string[]; over: Promise<void> } | undefined;

  /** As long as nobody has been told, others wait with it. */
  async function failing(call: string): Promise<never> {
    const [current, told] = [(round ??= begin()), failure];
    current.calls.push(call);
    await current.over;
    throw told;
  }

  function begin() {
    const calls: string[] = [];
    const among = rounds;

    const over = new Promise<void>((resolve) => {
      setTimeout(() => {
        round = undefined;
        outage.onFailing?.();
        among.push(calls);
        resolve();
      }, roundLasts);
    });

    return { calls, over };
  }

  const isTaken = (name: string): boolean => taken.some((one) => name === one || name.startsWith(`${one}.`));

  function watched<T extends object>(target: T, name: string): T {
    return new Proxy(target, {
      get(of, key) {
        const value: unknown = Reflect.get(of, key);

        if (typeof key === 'symbol') return typeof value === 'function' ? value.bind(of) : value;
        if (typeof value === 'object' && value !== null) return watched(value, `${name}.${key}`);
        if (typeof value !== 'function') return value;

        return (...given: unknown[]): unknown => {
          const call = `${name}.${key}`;
          calls.push(call);

          return [call, ...partsOf(call, given)].some(isTaken) && (spared -= 1) < 0
            ? failing(call)
            : later(value.apply(of, given), lag);
        };
      },
    });
  }

  function take(names: readonly string[], behind = 0): void {
    taken = names;
    failure = unanswered();
    spared = behind;
    rounds = [];
  }

  const outage: Outage = {
    onFailing: undefined,
    calls,
    around: ({ records, ephemera }) => ({
      records: watched(records, 'records'),
      ephemera: watched(ephemera, 'ephemera'),
    }),
    take: (...names) => take(names),
    takeBehind: (count, ...names) => take(names, count),
    fail: (error, ...names) => {
      take(names);
      failure = error;
    },
    failed: () => rounds,
    delay: (milliseconds) => {
      lag = milliseconds;
    },
    mend: () => {
      taken = [];
    },
  };

  return outage;
}

/** Milliseconds: longer than a request takes to ask for all that it needs at once. */
const roundLasts = 40;

/** What a `write` does to collections, as a call of each would be named. */
function partsOf(call: string, [writes]: unknown[]): string[] {
  if (call !== 'records.write') return [];

  return (writes as Write[]).map((write) => {
    const kind = (['create', 'put', 'update', 'remove'] as const).find((one) => one in write);

    return `records.${write.in}.${kind}`;
  });
}

function unanswered(): Error {
  return new Unavailable('the store does not answer');
}

function later(answer: unknown, milliseconds: number): unknown {
  if (milliseconds === 0) return answer;

  return new Promise((resolve) => setTimeout(() => resolve(answer), milliseconds));
}
