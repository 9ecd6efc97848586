import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { isDeepStrictEqual } from 'node:util';

import type { Stores } from '../../src/services-stores.ts';
import type { Write } from '../../src/storage/records.ts';

/**
 * Counts how often requests wait for a store, one after another, were each question to travel over a network. What is
 * asked before anything was answered is one trip, because it can travel together. A call costs there:
 *
 * - an `update` two trips: it reads the row and writes it on condition. One where `seen` is the row as it is, or where
 *   there is nothing to write.
 * - a `write` one trip for each collection that follows another, and one for each update; with `inOrder: false` one for
 *   all together. One more where it has to read what it updates, and one more behind a write that decides.
 * - everything else one.
 *
 *     const trips = createTrips();
 *     await using app = await startTestApp({ aroundStores: trips.around });
 *     expect(await trips.of(() => browser.get('/account'))).toHaveLength(2);   // what was asked, trip by trip
 */
export interface Trips {
  around(stores: Stores): Stores;
  of(requests: () => Promise<unknown>): Promise<string[][]>;
}

type Call = (...args: unknown[]) => Promise<unknown>;

export function createTrips(): Trips {
  /** What a program asks of itself, in the background, belongs to no request. */
  const inRequest = new AsyncLocalStorage<true>();
  subscribe('http.server.request.start', () => inRequest.enterWith(true));

  let trips: string[][] = [];
  let waiting: { what: string[]; go: (() => void)[] } | undefined;

  function trip(what: string): Promise<void> {
    return new Promise((resolve) => {
      waiting ??= depart();
      waiting.what.push(what);
      waiting.go.push(resolve);
    });
  }

  function depart() {
    const now = { what: [] as string[], go: [] as (() => void)[] };

    // Everything that can be asked by now has been, once the event loop comes round.
    setImmediate(() => {
      waiting = undefined;
      trips.push(now.what);
      for (const go of now.go) go();
    });

    return now;
  }

  async function travel(name: string, run: Call, args: unknown[]): Promise<unknown> {
    if (name === 'records.write') return write(run, args as [Write[], { inOrder?: boolean }?]);
    if (name.startsWith('records.') && name.endsWith('.update')) return update(name, run, args as Update);

    await trip(name);

    return run(...args);
  }

  async function update(name: string, run: Call, [id, change, seen]: Update): Promise<unknown> {
    const watched = watch(change, seen);
    await trip(seen === undefined ? `${name}: read` : name);
    const answer = await run(id, watched.change);

    if (watched.isWrong()) await trip(`${name}: read again`);
    if (watched.writes() && (seen === undefined || watched.isWrong())) await trip(name);

    return answer;
  }

  async function write(run: Call, [writes, how = {}]: [Write[], { inOrder?: boolean }?]): Promise<unknown> {
    const made = new Set(writes.flatMap((one) => ('create' in one ? [`${one.in} ${one.create.id}`] : [])));
    const updates = writes.flatMap((one) =>
      'update' in one ? [{ one, ...watch(one.change as Change, one.seen) }] : [],
    );
    const unseen = updates.filter(({ one }) => one.seen === undefined && !made.has(`${one.in} ${one.update}`));

    if (unseen.length > 0) await trip(`read ${unseen.map(({ one }) => one.in).join(', ')}`);

    for (const group of how.inOrder === false ? aroundDeciding(writes) : inTurn(writes)) {
      await trip(`write ${group.map((one) => one.in).join(', ')}`);
    }

    const answer = await run(
      writes.map((one) => {
        const found = updates.find((each) => each.one === one);

        return found ? { ...one, change: found.change } : one;
      }),
      how,
    );

    if (updates.some(({ isWrong }) => isWrong())) {
      await trip('read again');
      await trip('write again');
    }

    return answer;
  }

  function around<T extends object>(target: T, name: string): T {
    return new Proxy(target, {
      get(of, key) {
        const value: unknown = Reflect.get(of, key);

        if (typeof key === 'symbol') return typeof value === 'function' ? value.bind(of) : value;
        if (typeof value === 'object' && value !== null) return around(value, `${name}.${key}`);
        if (typeof value !== 'function') return value;

        const run = value.bind(of) as Call;

        return (...args: unknown[]) => (inRequest.getStore() ? travel(`${name}.${key}`, run, args) : run(...args));
      },
    });
  }

  return {
    around: ({ records, ephemera }) => ({
      records: around(records, 'records'),
      ephemera: around(ephemera, 'ephemera'),
    }),

    async of(requests) {
      trips = [];
      await requests();

      return trips;
    },
  };
}

type Change = (old: object) => object;
type Update = [id: string, change: Change, seen?: object];

/** `isWrong`: what was seen is not what is there. */
function watch(change: Change, seen: object | undefined) {
  let [wrong, writes] = [false, false];

  return {
    change(old: object): object {
      wrong = seen !== undefined && !isDeepStrictEqual(old, seen);
      writes = true;
      const next = change(old);
      writes = next !== old;

      return next;
    },
    isWrong: () => wrong,
    writes: () => writes,
  };
}

function aroundDeciding(writes: readonly Write[]): Write[][] {
  const last = writes.findLastIndex(({ decides }) => decides);

  return [writes.slice(0, last + 1), writes.slice(last + 1)].filter((group) => group.length > 0);
}

function inTurn(writes: readonly Write[]): Write[][] {
  const groups: Write[][] = [];

  for (const one of writes) {
    const before = groups.at(-1);
    const together = before?.[0]?.in === one.in && !('update' in one) && !before.some((each) => 'update' in each);

    if (together) before.push(one);
    else groups.push([one]);
  }

  return groups;
}
