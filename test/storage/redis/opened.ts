import { systemClock, type Clock } from '../../../src/domain/clock.ts';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import { openRedisEphemera } from '../../../src/storage/redis/ephemera.ts';
import type { RedisSettings } from '../../../src/storage/redis/settings.ts';

/** Opens the store as the configuration would; only what differs from the defaults has to be said. */
export function openStore(settings: Partial<RedisSettings>, clock: Clock = systemClock): Promise<Ephemera> {
  return openRedisEphemera({ sentinels: [], nodes: [], ...settings }, { clock });
}

/** Every way to ask something of a store. */
export const asks: [string, (store: Ephemera) => Promise<unknown>][] = [
  ['put', (store) => store.put('kind', 'id', 1, { ttl: 60 })],
  ['put with a key', (store) => store.put('kind', 'id', 1, { ttl: 60, keys: ['key'] })],
  ['get', (store) => store.get('kind', 'id')],
  ['find', (store) => store.find('kind', 'key')],
  ['consume', (store) => store.consume('kind', 'id')],
  ['claim', (store) => store.claim('claim', 'id', 60)],
  ['increment', (store) => store.increment('counter', 'id', 60)],
  ['remove', (store) => store.remove('kind', 'id')],
  ['ready', (store) => store.ready()],
];

/** Its failure, or undefined when it succeeded; and the milliseconds that it took. */
export async function outcomeOf(work: Promise<unknown>): Promise<{ failure: unknown; took: number }> {
  const began = performance.now();
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );

  return { failure, took: performance.now() - began };
}

/** Asks until there is an answer, and says after how many milliseconds; throws after `most`. */
export async function recovery(ask: () => Promise<unknown>, most = 5000): Promise<number> {
  const began = performance.now();

  for (;;) {
    const { failure } = await outcomeOf(ask());
    const passed = performance.now() - began;

    if (failure === undefined) return passed;
    if (passed > most) throw new Error(`not back within ${most} ms`, { cause: failure });

    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
