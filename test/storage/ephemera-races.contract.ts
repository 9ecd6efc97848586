import { describe, expect, test } from '@jest/globals';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import { failed, fifty, succeeded } from './rows.ts';
import { opened, type MakeStore, type Opened } from './stores.ts';

/** Fifty at once, on one node and over two. Part of the contract of `Ephemera`. */
export function ephemeraRacesContract(make: MakeStore<Ephemera>): void {
  describe.each([['one node'], ['two nodes']])('fifty at once on %s', (nodes) => {
    const racing = async (store: Opened<Ephemera>): Promise<(number: number) => Ephemera> => {
      const other = nodes === 'two nodes' ? await store.another() : store.port;

      return (number) => (number % 2 === 0 ? store.port : other);
    };

    test('consume: exactly one did', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });

      const results = await fifty((number) => on(number).consume('kind', 'id'));

      expect(failed(results)).toEqual([]);
      expect(succeeded(results).filter(Boolean)).toHaveLength(1);
      expect(await store.port.find('kind', 'key')).toBeUndefined();
    });

    test('claim: exactly one did', async () => {
      await using store = await opened(make);
      const on = await racing(store);

      const results = await fifty((number) => on(number).claim('claim', 'id', 60));

      expect(failed(results)).toEqual([]);
      expect(succeeded(results).filter(Boolean)).toHaveLength(1);
    });

    test('claim what has just expired: exactly one did', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.claim('claim', 'id', 10);
      store.clock.advance(10_000);

      const results = await fifty((number) => on(number).claim('claim', 'id', 10));

      expect(succeeded(results).filter(Boolean)).toHaveLength(1);
    });

    test('increment: every number from 1 to 50 is answered once', async () => {
      await using store = await opened(make);
      const on = await racing(store);

      const results = await fifty((number) => on(number).increment('counter', 'id', 60));

      expect(succeeded(results).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    });

    test('increment what has just expired: it begins again at 1', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.increment('counter', 'id', 10);
      store.clock.advance(10_000);

      const results = await fifty((number) => on(number).increment('counter', 'id', 10));

      expect(Math.max(...succeeded(results))).toBe(50);
      expect(new Set(succeeded(results)).size).toBe(50);
    });

    test('put one entry with different keys: one of them is there, with its key alone', async () => {
      await using store = await opened(make);
      const on = await racing(store);

      await fifty((number) => on(number).put('kind', 'id', number, { ttl: 60, keys: [`key-${number}`] }));
      const value = await store.port.get('kind', 'id');
      const found = await fifty((number) => store.port.find('kind', `key-${number}`));

      expect(succeeded(found).filter((each) => each !== undefined)).toEqual([{ id: 'id', value }]);
      expect(await store.port.find('kind', `key-${value as number}`)).toEqual({ id: 'id', value });
    });

    test('put fifty entries with one key: it finds one of them, whole', async () => {
      await using store = await opened(make);
      const on = await racing(store);

      await fifty((number) => on(number).put('kind', `${number}`, number, { ttl: 60, keys: ['key'] }));
      const found = await store.port.find('kind', 'key');

      expect(found).toEqual({ id: expect.any(String), value: Number(found?.id) });
    });
  });
}
