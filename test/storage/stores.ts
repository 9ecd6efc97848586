import { beforeAll } from '@jest/globals';
import type { Clock } from '../../src/domain/clock.ts';
import type { ephemeraBackends, recordsBackends } from '../../src/storage/backends.ts';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import type { Records } from '../../src/storage/records.ts';
import { settableClock, type SettableClock } from '../support/clock.ts';
import type { Need } from '../support/machine.ts';
import { describeWith } from '../support/need.ts';
import { emptyPlace } from './places.ts';

/**
 * Where the contract suites get their stores from.
 */

/** An empty store of its own for one test. What is opened twice is the same store, as two nodes see it. */
export interface Store<Port> extends AsyncDisposable {
  open(clock: Clock): Promise<Port>;
}

export type MakeStore<Port> = () => Promise<Store<Port>>;

/** A store with one node opened; `another` opens more. All are closed, and the store removed, with it. */
export interface Opened<Port> extends AsyncDisposable {
  port: Port;
  clock: SettableClock;
  another(): Promise<Port>;
}

export async function opened<Port extends AsyncDisposable>(make: MakeStore<Port>): Promise<Opened<Port>> {
  const stack = new AsyncDisposableStack();
  const store = stack.use(await make());
  const clock = settableClock();
  const another = async () => stack.use(await store.open(clock));

  return { port: await another(), clock, another, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export const recordsStore =
  (backend: (typeof recordsBackends)[number]): MakeStore<Records> =>
  async () => {
    const { options, data, remove } = await emptyPlace(backend.kind);

    return {
      open: (clock) => backend.openRecords(options, { clock, data, server: false }),
      [Symbol.asyncDispose]: remove,
    };
  };

export const ephemeraStore =
  (backend: (typeof ephemeraBackends)[number]): MakeStore<Ephemera> =>
  async () => {
    const { options, data, remove } = await emptyPlace(backend.kind);

    return {
      open: (clock) => backend.openEphemera(options, { clock, data, server: false }),
      [Symbol.asyncDispose]: remove,
    };
  };

/** What a kind needs from the machine. */
const needs: Record<string, Need> = { mongo: 'mongo', redis: 'redis' };

/** Runs a kind's suite where its server is installed. */
export function describeStore(kind: string, suite: () => void): void {
  const need = needs[kind];

  if (need === undefined) suite();
  else {
    describeWith(need, `storage in ${kind}`, () => {
      // The start of its server is no test's.
      beforeAll(async () => await (await emptyPlace(kind)).remove(), 60_000);
      suite();
    });
  }
}

/** The same for what stands on several kinds at once. */
export function describeStores(kinds: readonly string[], name: string, suite: () => void): void {
  const needed = kinds.flatMap((kind) => needs[kind] ?? []);

  describeWith([...new Set(needed)], name, suite);
}
