import { emptyPlace } from '../storage/places.ts';
import { openRecordsPlace } from './records-place.ts';
import type { Need } from './machine.ts';

/**
 * The stores that people run side by side, each empty and of its own, as a start is told of them. What is true on one
 * pair has to be true on all: suites for whole apps go through `pairs`.
 */
export const pairs = ['sqlite', 'sqlite+redis', 'mongo+redis', 'mongo+mongo'] as const;

export type Pair = (typeof pairs)[number];

/**
 * Each kind of store once: for what hangs on a store, which the contracts hold, and not on how two of them are paired.
 * `npm run races` plays on all pairs, and so does whatever is run with its `GATEHOUSE_TEST_RACE_ROUNDS`.
 */
export const eachStore: readonly Pair[] =
  process.env['GATEHOUSE_TEST_RACE_ROUNDS'] === undefined ? ['sqlite', 'mongo+redis'] : pairs;

/** What the machine has to have for it. */
export function needsOf(pair: Pair): Need[] {
  return (['mongo', 'redis'] as const).filter((need) => pair.includes(need));
}

export interface PairPlace extends AsyncDisposable {
  /** `GATEHOUSE_STORAGE_…`. */
  env: Record<string, string>;
}

export async function openPair(pair: Pair): Promise<PairPlace> {
  const [records = 'sqlite', ephemera = records] = pair.split('+');
  const stack = new AsyncDisposableStack();
  const env: Record<string, string> = {};

  if (records !== 'sqlite') Object.assign(env, stack.use(await openRecordsPlace(records)).env);

  if (ephemera !== 'sqlite') {
    const { options, remove } = await emptyPlace(ephemera);
    stack.defer(async () => await remove());
    env['GATEHOUSE_STORAGE_EPHEMERA_KIND'] = ephemera;

    for (const [name, value] of Object.entries(options)) {
      // Lists are for Sentinels and a Cluster: empty here.
      if (!Array.isArray(value)) env[`GATEHOUSE_STORAGE_EPHEMERA_${name.toUpperCase()}`] = String(value);
    }
  }

  return { env, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Throws for a pair that there is none of. */
export function pairNamed(name: string): Pair {
  const pair = pairs.find((one) => one === name);
  if (pair === undefined) throw new Error(`there is no pair of stores ${name}; there are ${pairs.join(', ')}`);

  return pair;
}
