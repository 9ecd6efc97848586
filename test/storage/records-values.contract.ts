import { describe, expect, test } from '@jest/globals';
import { Invalid } from '../../src/domain/errors.ts';
import type { Json } from '../../src/domain/json.ts';
import type { Records } from '../../src/storage/records.ts';
import { noTexts, oddTexts, sample } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** What goes in comes out: documents, keys and ids of every kind. Part of the contract of `Records`. */
export function recordsValuesContract(make: MakeStore<Records>): void {
  describe('documents', () => {
    const everything: Json = {
      texts: oddTexts,
      numbers: [0, -1, 0.1, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, start()],
      others: [true, false, null, [], {}, [[[]]], [null]],
      keys: Object.fromEntries(oddTexts.map((text, at) => [text, at])),
    };

    test('come back as they were, whatever their texts, numbers and keys', async () => {
      await using store = await opened(make);

      await store.port.settings.create(sample('settings', { value: everything }));

      expect((await store.port.settings.get('setting-1'))?.value).toStrictEqual(everything);
    });

    test('come back as they were through update, put and list, too', async () => {
      await using store = await opened(make);
      const claims = { everything };
      await store.port.accounts.create(sample('accounts'));
      await store.port.accounts.update('account-1', (old) => ({ ...old, claims }));
      await store.port.write([{ in: 'settings', put: sample('settings', { value: everything }) }]);

      expect((await store.port.accounts.list('created', 'all')).rows[0]?.claims).toStrictEqual(claims);
      expect((await store.port.settings.get('setting-1'))?.value).toStrictEqual(everything);
    });

    test('keep a key `__proto__` as a key: no prototype is touched', async () => {
      await using store = await opened(make);
      const value = JSON.parse('{"__proto__": {"admin": true}, "inner": {"__proto__": {"admin": true}}}') as Json;
      await store.port.settings.create(sample('settings', { value }));

      const found = (await store.port.settings.get('setting-1'))?.value as Record<string, Record<string, unknown>>;

      expect(JSON.stringify(found)).toBe(JSON.stringify(value));
      expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
      expect(found['admin']).toBeUndefined();
      expect(found['inner']?.['admin']).toBeUndefined();
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    });

    test('leave out properties that are undefined', async () => {
      await using store = await opened(make);
      await store.port.settings.create(sample('settings', { value: { kept: 1, gone: undefined } }));

      expect((await store.port.settings.get('setting-1'))?.value).toStrictEqual({ kept: 1 });
    });

    test('of 100 kB are kept whole', async () => {
      await using store = await opened(make);
      const value = Array.from({ length: 1000 }, (_, at) => `${at} ${'\u00e9'.repeat(50)}`);

      await store.port.settings.create(sample('settings', { value }));

      expect((await store.port.settings.get('setting-1'))?.value).toEqual(value);
    });

    test('are copies: changing what was given or answered changes nothing stored', async () => {
      await using store = await opened(make);
      const given = sample('sessions', { amr: ['pwd'] });
      await store.port.sessions.create(given);
      given.amr.push('given');

      const answered = await store.port.sessions.get('session-1');
      answered?.amr.push('answered');
      const updated = await store.port.sessions.update('session-1', (old) => ({ ...old, ip: '192.0.2.9' }));
      updated?.amr.push('updated');

      expect((await store.port.sessions.get('session-1'))?.amr).toEqual(['pwd']);
    });

    test('with half a surrogate pair are refused, in a value and in a key', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      const deep = { list: ['fine', { key: 'a\ud800' }] };

      await expect(settings.create(sample('settings', { value: deep }))).rejects.toThrow(Invalid);
      await expect(settings.create(sample('settings', { value: { '\udc00': 1 } }))).rejects.toThrow(Invalid);
      expect(await settings.get('setting-1')).toBeUndefined();

      await settings.create(sample('settings'));
      await expect(settings.update('setting-1', (old) => ({ ...old, value: deep }))).rejects.toThrow(Invalid);
      expect(await settings.get('setting-1')).toEqual(sample('settings'));
    });
  });

  describe('ids, unique values and groups', () => {
    test('are any text, and each is only itself', async () => {
      await using store = await opened(make);
      const { oneTimeSecrets } = store.port;

      for (const [at, text] of oddTexts.entries()) {
        await oneTimeSecrets.create(
          sample('oneTimeSecrets', { id: text, hash: text, accountId: text, purpose: `${at}` }),
        );
      }

      for (const [at, text] of oddTexts.entries()) {
        const row = sample('oneTimeSecrets', { id: text, hash: text, accountId: text, purpose: `${at}` });

        expect(await oneTimeSecrets.get(text)).toEqual(row);
        expect(await oneTimeSecrets.find('hash', text)).toEqual(row);
        expect(await oneTimeSecrets.list('account', text)).toEqual({ rows: [row] });
      }

      for (const text of oddTexts) expect(await oneTimeSecrets.remove(text)).toBe(true);
    });

    test('that were never stored are unknown, odd ones too', async () => {
      await using store = await opened(make);
      await store.port.oneTimeSecrets.create(sample('oneTimeSecrets'));

      for (const text of oddTexts) {
        expect(await store.port.oneTimeSecrets.get(text)).toBeUndefined();
        expect(await store.port.oneTimeSecrets.find('hash', text)).toBeUndefined();
        expect(await store.port.oneTimeSecrets.count('account', text)).toBe(0);
      }
    });

    test.each(noTexts.map((each) => [JSON.stringify(each) ?? 'undefined', each]))(
      '%s is none: every method refuses it',
      async (_name, no) => {
        await using store = await opened(make);
        const { oneTimeSecrets } = store.port;
        await oneTimeSecrets.create(sample('oneTimeSecrets'));

        await expect(oneTimeSecrets.get(no)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.find('hash', no)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.update(no, (old) => old)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.remove(no)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.list('account', no)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.count('account', no)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.removeAll('account', no)).rejects.toThrow(Invalid);
        await expect(oneTimeSecrets.create(sample('oneTimeSecrets', { id: no, hash: 'h' }))).rejects.toThrow(Invalid);
        expect(await oneTimeSecrets.count('account', 'account-1')).toBe(1);
      },
    );

    test.each(['\ud800', 'a\udc00'])('half a surrogate pair is no unique value and no group (%j)', async (half) => {
      await using store = await opened(make);
      const { oneTimeSecrets } = store.port;

      await expect(oneTimeSecrets.create(sample('oneTimeSecrets', { hash: half }))).rejects.toThrow(Invalid);
      await expect(oneTimeSecrets.create(sample('oneTimeSecrets', { accountId: half }))).rejects.toThrow(Invalid);
      expect(await oneTimeSecrets.get('secret-1')).toBeUndefined();
    });
  });
}

function start(): number {
  return Date.UTC(2026, 0, 1) + 0.5;
}
