import { describe, expect, test } from '@jest/globals';
import { Invalid } from '../../src/domain/errors.ts';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import { opened, type MakeStore } from './stores.ts';

/** Lives, claims and counters: from its end on, an entry is absent. Part of the contract of `Ephemera`. */
export function ephemeraLifeContract(make: MakeStore<Ephemera>): void {
  describe('the life of an entry', () => {
    test('ends at the very millisecond, for every method', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 1, { ttl: 10, keys: ['key'] });

      store.clock.advance(9_999);
      expect(await store.port.get('kind', 'id')).toBe(1);
      expect(await store.port.find('kind', 'key')).toEqual({ id: 'id', value: 1 });

      store.clock.advance(1);
      expect(await store.port.get('kind', 'id')).toBeUndefined();
      expect(await store.port.find('kind', 'key')).toBeUndefined();
      expect(await store.port.consume('kind', 'id')).toBe(false);
    });

    test('is set anew by each put, longer or shorter', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'longer', 1, { ttl: 10, keys: ['longer'] });
      await store.port.put('kind', 'shorter', 1, { ttl: 10, keys: ['shorter'] });
      await store.port.put('kind', 'longer', 2, { ttl: 20, keys: ['longer'] });
      await store.port.put('kind', 'shorter', 2, { ttl: 5, keys: ['shorter'] });

      store.clock.advance(5_000);
      expect(await store.port.get('kind', 'shorter')).toBeUndefined();
      expect(await store.port.find('kind', 'shorter')).toBeUndefined();

      store.clock.advance(14_999);
      expect(await store.port.find('kind', 'longer')).toEqual({ id: 'longer', value: 2 });
    });

    test('may be a fraction of a second, and a year', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'short', 1, { ttl: 0.25 });
      await store.port.put('kind', 'long', 1, { ttl: 365 * 86_400 });

      store.clock.advance(249);
      expect(await store.port.get('kind', 'short')).toBe(1);
      store.clock.advance(1);
      expect(await store.port.get('kind', 'short')).toBeUndefined();
      store.clock.advance(364 * 86_400_000);
      expect(await store.port.get('kind', 'long')).toBe(1);
    });

    test.each([0, -1])('of %p is over at once, and what was there is gone', async (ttl) => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });
      await store.port.put('kind', 'id', 2, { ttl, keys: ['key'] });

      expect(await store.port.get('kind', 'id')).toBeUndefined();
      expect(await store.port.find('kind', 'key')).toBeUndefined();
      expect(await store.port.claim('claim', 'id', ttl)).toBe(true);
      expect(await store.port.claim('claim', 'id', ttl)).toBe(true);
      expect(await store.port.increment('counter', 'id', ttl)).toBe(1);
      expect(await store.port.increment('counter', 'id', ttl)).toBe(1);
    });

    test.each([NaN, Infinity, '60' as never, undefined as never])('is never %p', async (ttl) => {
      await using store = await opened(make);

      await expect(store.port.put('kind', 'id', 1, { ttl })).rejects.toThrow(Invalid);
      await expect(store.port.claim('kind', 'id', ttl)).rejects.toThrow(Invalid);
      await expect(store.port.increment('kind', 'id', ttl)).rejects.toThrow(Invalid);
      expect(await store.port.get('kind', 'id')).toBeUndefined();
    });
  });

  describe('a claim', () => {
    test('is made once, reads as true and is free again when removed, consumed or over', async () => {
      await using store = await opened(make);

      expect(await store.port.claim('claim', 'id', 10)).toBe(true);
      expect(await store.port.claim('claim', 'id', 10)).toBe(false);
      expect(await store.port.get('claim', 'id')).toBe(true);

      await store.port.remove('claim', 'id');
      expect(await store.port.claim('claim', 'id', 10)).toBe(true);

      expect(await store.port.consume('claim', 'id')).toBe(true);
      expect(await store.port.claim('claim', 'id', 10)).toBe(true);

      store.clock.advance(9_999);
      expect(await store.port.claim('claim', 'id', 10)).toBe(false);
      store.clock.advance(1);
      expect(await store.port.get('claim', 'id')).toBeUndefined();
      expect(await store.port.claim('claim', 'id', 10)).toBe(true);
      expect(await store.port.claim('claim', 'id', 10)).toBe(false);
    });

    test('that failed does not lengthen the first one’s life', async () => {
      await using store = await opened(make);
      await store.port.claim('claim', 'id', 10);
      store.clock.advance(5_000);
      await store.port.claim('claim', 'id', 10);
      store.clock.advance(5_000);

      expect(await store.port.claim('claim', 'id', 10)).toBe(true);
    });
  });

  describe('a counter', () => {
    test('counts from 1, reads as its number and goes back when removed', async () => {
      await using store = await opened(make);

      for (const number of [1, 2, 3]) expect(await store.port.increment('counter', 'id', 10)).toBe(number);
      expect(await store.port.get('counter', 'id')).toBe(3);

      await store.port.remove('counter', 'id');
      expect(await store.port.get('counter', 'id')).toBeUndefined();
      expect(await store.port.increment('counter', 'id', 10)).toBe(1);
    });

    test.each([1000, 0])('keeps the life of its first call when a later one says %p', async (later) => {
      await using store = await opened(make);
      await store.port.increment('counter', 'id', 10);
      store.clock.advance(9_999);
      expect(await store.port.increment('counter', 'id', later)).toBe(2);
      expect(await store.port.get('counter', 'id')).toBe(2);

      store.clock.advance(1);
      expect(await store.port.get('counter', 'id')).toBeUndefined();
      expect(await store.port.increment('counter', 'id', 10)).toBe(1);
    });
  });

  describe('sweep', () => {
    test('spares what lives and answers at most what it was told', async () => {
      await using store = await opened(make);

      for (let number = 0; number < 10; number += 1) {
        await store.port.put('kind', `${number}`, number, { ttl: 10, keys: [`key-${number}`] });
        await store.port.claim('claim', `${number}`, 10);
      }

      await store.port.put('kind', 'lives', 1, { ttl: 20, keys: ['lives'] });
      await store.port.increment('counter', 'lives', 20);
      expect(await store.port.sweep(100)).toBe(0);
      store.clock.advance(10_000);

      for (let swept = await store.port.sweep(4); swept > 0; swept = await store.port.sweep(4)) {
        expect(swept).toBeLessThanOrEqual(4);
      }

      expect(await store.port.find('kind', 'lives')).toEqual({ id: 'lives', value: 1 });
      expect(await store.port.increment('counter', 'lives', 20)).toBe(2);
    });
  });
}
