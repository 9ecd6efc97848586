import { describe, expect, test } from '@jest/globals';
import { Invalid, Unavailable } from '../../src/domain/errors.ts';
import type { Json } from '../../src/domain/json.ts';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import { ephemeraLifeContract } from './ephemera-life.contract.ts';
import { ephemeraRacesContract } from './ephemera-races.contract.ts';
import { noTexts, oddTexts } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/**
 * What every backend of `Ephemera` does. With src/storage/ephemera.ts these suites are the whole specification. They
 * need atomic operations on one entry (and, to `put`, on its keys) and nothing beyond.
 *
 * What a suite can't show: all of it may be lost at any moment (a restart of the store, a fail-over) and nobody is
 * signed out, nothing is let through that was not; an entry is never half there. A key that outlives its entry, or the
 * other way round, is fine in the store as long as `find` answers as it does here. When the store doesn't answer, every
 * method throws Unavailable within 1 s, and works again within 5 s of the store's return, without a restart.
 *
 * The life of an entry goes by the clock that the backend was opened with: a store that counts by its own clock keeps
 * the end with the entry and compares, and uses its own only to tidy up some time later.
 */
export function ephemeraContract(name: string, make: MakeStore<Ephemera>): void {
  describe(`ephemera on ${name}`, () => {
    ephemeraValuesContract(make);
    ephemeraKeysContract(make);
    ephemeraLifeContract(make);
    ephemeraRacesContract(make);
    ephemeraStoreContract(make);
  });
}

const life = { ttl: 60 };

function ephemeraValuesContract(make: MakeStore<Ephemera>): void {
  describe('a value', () => {
    const everything: Json = {
      texts: oddTexts,
      numbers: [0, -1, 0.1, 1e300, 5e-324, Number.MAX_SAFE_INTEGER],
      others: [true, false, null, [], {}, [[[]]]],
      keys: Object.fromEntries(oddTexts.map((text, at) => [text, at])),
    };

    test.each([
      ['an object', everything],
      ['null', null],
      ['false', false],
      ['no text', ''],
      ['a number', 0.5],
      ['[]', []],
    ])('comes back as it was: %s', async (_name, value) => {
      await using store = await opened(make);

      await store.port.put('kind', 'id', value, { ttl: 60, keys: ['key'] });

      expect(await store.port.get('kind', 'id')).toStrictEqual(value);
      expect(await store.port.find('kind', 'key')).toStrictEqual({ id: 'id', value });
    });

    test('keeps a key `__proto__` as a key and leaves out what is undefined', async () => {
      await using store = await opened(make);
      const value = JSON.parse('{"__proto__": {"admin": true}}') as { [key: string]: Json };
      await store.port.put('kind', 'id', { ...value, gone: undefined }, life);

      const found = (await store.port.get('kind', 'id')) as Record<string, unknown>;

      expect(JSON.stringify(found)).toBe(JSON.stringify(value));
      expect(found['admin']).toBeUndefined();
    });

    test('of 100 kB is kept whole', async () => {
      await using store = await opened(make);
      const value = '\u00e9'.repeat(50_000);
      await store.port.put('kind', 'id', value, life);

      expect(await store.port.get('kind', 'id')).toBe(value);
    });

    test('is a copy: changing what was given or answered changes nothing stored', async () => {
      await using store = await opened(make);
      const given = { list: [1] };
      await store.port.put('kind', 'id', given, { ttl: 60, keys: ['key'] });
      given.list.push(2);
      ((await store.port.get('kind', 'id')) as typeof given).list.push(3);
      const found = (await store.port.find('kind', 'key')) as unknown as { value: typeof given };
      found.value.list.push(4);

      expect(await store.port.get('kind', 'id')).toEqual({ list: [1] });
    });

    test('is replaced by the next put', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', { a: 1, b: 2 }, life);
      await store.port.put('kind', 'id', { a: 3 }, life);

      expect(await store.port.get('kind', 'id')).toEqual({ a: 3 });
    });

    test('that is unknown is undefined, and can’t be consumed; removing it is fine, twice too', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 1, life);

      expect(await store.port.get('kind', 'other')).toBeUndefined();
      expect(await store.port.get('other', 'id')).toBeUndefined();
      expect(await store.port.find('kind', 'id')).toBeUndefined();
      expect(await store.port.consume('kind', 'other')).toBe(false);
      await store.port.remove('kind', 'id');
      await store.port.remove('kind', 'id');
      expect(await store.port.get('kind', 'id')).toBeUndefined();
    });

    test('is consumed once', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });

      expect(await store.port.consume('kind', 'id')).toBe(true);
      expect(await store.port.consume('kind', 'id')).toBe(false);
      expect(await store.port.get('kind', 'id')).toBeUndefined();
      expect(await store.port.find('kind', 'key')).toBeUndefined();
    });

    test('with half a surrogate pair is refused', async () => {
      await using store = await opened(make);

      await expect(store.port.put('kind', 'id', ['\ud800'], life)).rejects.toThrow(Invalid);
      await expect(store.port.put('kind', 'id', { '\udc00': 1 }, life)).rejects.toThrow(Invalid);
      expect(await store.port.get('kind', 'id')).toBeUndefined();
    });
  });

  describe('kinds, ids and keys', () => {
    test('are any text, and each is only itself', async () => {
      await using store = await opened(make);

      for (const [at, text] of oddTexts.entries()) {
        await store.port.put('kind', text, at, { ttl: 60, keys: [text] });
        await store.port.put(text, 'id', at, life);
        await store.port.claim('claim', text, 60);
        await store.port.increment('counter', text, 60);
      }

      for (const [at, text] of oddTexts.entries()) {
        expect(await store.port.get('kind', text)).toBe(at);
        expect(await store.port.find('kind', text)).toEqual({ id: text, value: at });
        expect(await store.port.get(text, 'id')).toBe(at);
        expect(await store.port.increment('counter', text, 60)).toBe(2);
      }
    });

    test('never run into each other, however a store puts them together', async () => {
      await using store = await opened(make);
      const pairs = [
        ['a', 'b:c'],
        ['a:b', 'c'],
        ['a\u0000b', 'c'],
        ['a', 'b\u0000c'],
        ['a b', 'c'],
        ['a', 'b c'],
        ['', 'a:b:c'],
        ['a/b', 'c'],
        ['a', 'b/c'],
      ] as const;

      for (const [at, [kind, id]] of pairs.entries())
        await store.port.put(kind, id, at, { ttl: 60, keys: [`key ${id}`] });

      for (const [at, [kind, id]] of pairs.entries()) {
        expect(await store.port.get(kind, id)).toBe(at);
        expect(await store.port.find(kind, `key ${id}`)).toEqual({ id, value: at });
      }
    });

    test.each(noTexts.map((each) => [JSON.stringify(each) ?? 'undefined', each]))('%s is none', async (_name, no) => {
      await using store = await opened(make);

      for (const [kind, id] of [
        [no, 'id'],
        ['kind', no],
      ] as const) {
        await expect(store.port.put(kind, id, 1, life)).rejects.toThrow(Invalid);
        await expect(store.port.get(kind, id)).rejects.toThrow(Invalid);
        await expect(store.port.find(kind, id)).rejects.toThrow(Invalid);
        await expect(store.port.consume(kind, id)).rejects.toThrow(Invalid);
        await expect(store.port.claim(kind, id, 60)).rejects.toThrow(Invalid);
        await expect(store.port.increment(kind, id, 60)).rejects.toThrow(Invalid);
        await expect(store.port.remove(kind, id)).rejects.toThrow(Invalid);
      }

      await expect(store.port.put('kind', 'id', 1, { ttl: 60, keys: [no] })).rejects.toThrow(Invalid);
      expect(await store.port.get('kind', 'id')).toBeUndefined();
    });
  });
}

function ephemeraKeysContract(make: MakeStore<Ephemera>): void {
  describe('keys', () => {
    test('find the entry, each of them, within its kind', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 'value', { ttl: 60, keys: ['one', 'two', 'two'] });

      expect(await store.port.find('kind', 'one')).toEqual({ id: 'id', value: 'value' });
      expect(await store.port.find('kind', 'two')).toEqual({ id: 'id', value: 'value' });
      expect(await store.port.find('other', 'one')).toBeUndefined();
      expect(await store.port.get('kind', 'one')).toBeUndefined();
    });

    test('find the entry that was put last; that one gone, none', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'old', 1, { ttl: 60, keys: ['key'] });
      await store.port.put('kind', 'new', 2, { ttl: 60, keys: ['key'] });
      expect(await store.port.find('kind', 'key')).toEqual({ id: 'new', value: 2 });

      await store.port.remove('kind', 'new');

      expect(await store.port.find('kind', 'key')).toBeUndefined();
      expect(await store.port.get('kind', 'old')).toBe(1);
    });

    test('are replaced with the entry', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 1, { ttl: 60, keys: ['one', 'two'] });
      await store.port.put('kind', 'id', 2, { ttl: 60, keys: ['two', 'three'] });

      expect(await store.port.find('kind', 'one')).toBeUndefined();
      expect(await store.port.find('kind', 'two')).toEqual({ id: 'id', value: 2 });
      expect(await store.port.find('kind', 'three')).toEqual({ id: 'id', value: 2 });

      await store.port.put('kind', 'id', 3, life);

      for (const key of ['one', 'two', 'three']) expect(await store.port.find('kind', key)).toBeUndefined();
    });

    test('do not find an entry that was made anew without them', async () => {
      await using store = await opened(make);
      await store.port.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });
      await store.port.consume('kind', 'id');
      await store.port.put('kind', 'id', 2, life);

      expect(await store.port.find('kind', 'key')).toBeUndefined();
    });
  });
}

function ephemeraStoreContract(make: MakeStore<Ephemera>): void {
  describe('the store itself', () => {
    test('shows each node at once what the other wrote', async () => {
      await using store = await opened(make);
      const other = await store.another();

      await store.port.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });
      expect(await other.find('kind', 'key')).toEqual({ id: 'id', value: 1 });
      expect(await other.consume('kind', 'id')).toBe(true);
      expect(await store.port.get('kind', 'id')).toBeUndefined();
    });

    test('is ready while it is open', async () => {
      await using store = await opened(make);

      await expect(store.port.ready()).resolves.toBeUndefined();
    });

    test('is Unavailable once closed; closing twice is fine', async () => {
      await using store = await opened(make);
      const { port } = store;
      await port[Symbol.asyncDispose]();
      await port[Symbol.asyncDispose]();

      await expect(port.ready()).rejects.toThrow(Unavailable);
      await expect(port.get('kind', 'id')).rejects.toThrow(Unavailable);
      await expect(port.put('kind', 'id', 1, life)).rejects.toThrow(Unavailable);
      await expect(port.put('kind', 'id', 1, { ttl: 60, keys: ['key'] })).rejects.toThrow(Unavailable);
      await expect(port.claim('kind', 'id', 60)).rejects.toThrow(Unavailable);
      await expect(port.increment('kind', 'id', 60)).rejects.toThrow(Unavailable);
    });
  });
}
