import { describe, expect, test } from '@jest/globals';
import { Invalid } from '../../src/domain/errors.ts';
import { everyRow, type PageRequest, type Records } from '../../src/storage/records.ts';
import { addConsent, hour, idsOf, sample } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** Lists: their order and their groups. Part of the contract of `Records`. */
export function recordsListsContract(make: MakeStore<Records>): void {
  describe('a list', () => {
    test('follows its numbers, then the ids', async () => {
      await using store = await opened(make);
      const numbers = [10, 9, -1.5, 2, 0, 1e15, -1000, 2.5, start];
      const { consents } = store.port;

      for (const [at, lastUsedAt] of numbers.entries()) await addConsent(store.port, `${at}`, lastUsedAt);
      for (const id of ['b', 'B', 'a', '', '\u{1f600}', '\ufffd', 'a\u0000']) await addConsent(store.port, id, 5);

      const { rows } = await consents.list('account', 'account-1');

      expect(rows.map((row) => row.lastUsedAt)).toEqual([
        -1000,
        -1.5,
        0,
        2,
        2.5,
        5,
        5,
        5,
        5,
        5,
        5,
        5,
        9,
        10,
        start,
        1e15,
      ]);
      expect(rows.slice(5, 12).map((row) => row.id)).toEqual(['', 'B', 'a', 'a\u0000', 'b', '\ufffd', '\u{1f600}']);
    });

    test('follows its texts by code point, not by UTF-16 unit and not as people sort', async () => {
      await using store = await opened(make);
      const sorted = [
        '',
        '1',
        '10',
        '2',
        'B',
        'a',
        'a\u0000',
        'a b',
        'aa',
        'z',
        '\u00e9',
        '\ue000',
        '\ufffd',
        '\u{1f600}',
      ];

      for (const [at, emailKey] of [...sorted].reverse().entries()) {
        await store.port.accounts.create(sample('accounts', { id: `${at}`, emailKey }));
      }

      const { rows } = await store.port.accounts.list('email', 'all');
      const { rows: reversed } = await store.port.accounts.list('email', 'all', { descending: true });

      expect(rows.map((row) => row.emailKey)).toEqual(sorted);
      expect(reversed.map((row) => row.emailKey)).toEqual([...sorted].reverse());
    });

    test('has a part of texts that begin alike, page by page in both ways', async () => {
      await using store = await opened(make);
      const { accounts } = store.port;
      const within = [
        'an',
        'an\u0000',
        'an b',
        'ana',
        'an\ud7ff',
        'an\ue000',
        'an\uffff',
        'an\u{10ffff}',
        'an\u{10ffff}z',
      ];
      const others = ['', 'a', 'am\u{10ffff}', 'ao', 'An', ' an', 'b', '\ud7ff', '\ud7ffx', '\ue000', '\u{10ffff}'];

      for (const [at, emailKey] of [...others, ...within.toReversed()].entries()) {
        await accounts.create(sample('accounts', { id: `${at}`, emailKey }));
      }

      const found = async (page: PageRequest) => {
        const keys: string[] = [];
        const rows = everyRow((next) => accounts.list('email', 'all', { ...next, ...page }));
        for await (const { emailKey } of rows) keys.push(emailKey);

        return keys;
      };

      expect(await found({ prefix: 'an', limit: 2 })).toEqual(within);
      expect(await found({ prefix: 'an', limit: 2, descending: true })).toEqual(within.toReversed());
      expect(await found({ prefix: 'an\u{10ffff}', limit: 1 })).toEqual(within.slice(-2));
      expect(await found({ prefix: '\u{10ffff}', limit: 1 })).toEqual(['\u{10ffff}']);
      expect(await found({ prefix: '\ud7ff', limit: 1 })).toEqual(['\ud7ff', '\ud7ffx']);
      expect(await found({ prefix: 'c' })).toEqual([]);
      expect(await found({ prefix: '', limit: 3 })).toHaveLength(within.length + others.length);

      const { next = '' } = await accounts.list('email', 'all', { prefix: 'an', limit: 1 });
      await expect(accounts.list('email', 'all', { prefix: 'b', after: next })).rejects.toThrow(Invalid);
      await expect(accounts.list('email', 'all', { prefix: '\ud800' })).rejects.toThrow(Invalid);
    });

    test('descending is exactly the other way round, equal ones too', async () => {
      await using store = await opened(make);

      for (let number = 0; number < 12; number += 1) await addConsent(store.port, `${number}`, number % 3);

      const up = await store.port.consents.list('account', 'account-1');
      const down = await store.port.consents.list('account', 'account-1', { descending: true });

      expect(down.rows).toEqual([...up.rows].reverse());
    });

    test('follows what an update changes', async () => {
      await using store = await opened(make);
      const { consents } = store.port;
      for (const number of [1, 2, 3]) await addConsent(store.port, `${number}`, number);

      await consents.update('1', (old) => ({ ...old, lastUsedAt: 9 }));

      expect(idsOf(await consents.list('account', 'account-1'))).toEqual(['2', '3', '1']);
    });

    test('has only its group; an update moves a row into another and out of every one', async () => {
      await using store = await opened(make);
      const { sessions } = store.port;
      await sessions.create(sample('sessions', { id: 'a', cookieHash: 'a' }));
      await sessions.create(sample('sessions', { id: 'b', cookieHash: 'b' }));

      await sessions.update('a', (old) => ({ ...old, accountId: 'account-2' }));
      await sessions.update('b', ({ accountId: _signedOut, ...old }) => old);

      expect(idsOf(await sessions.list('account', 'account-1'))).toEqual([]);
      expect(idsOf(await sessions.list('account', 'account-2'))).toEqual(['a']);
      expect(await sessions.get('b')).toMatchObject({ cookieHash: 'b' });
      expect(await sessions.count('account', 'account-1')).toBe(0);
    });

    test('names the rows of its group alone, its last first', async () => {
      await using store = await opened(make);
      const { consents, sessions } = store.port;
      const ids = ['a', '\u{1f600}', '\ud7ff00', 'b'];

      for (const [at, id] of ids.entries()) await addConsent(store.port, id, at);
      await consents.create(sample('consents', { id: 'theirs', accountId: 'account-2' }));
      await sessions.create(sample('sessions'));

      expect(await consents.ids('account', 'account-1')).toEqual(ids.toReversed());
      expect(await consents.ids('account', 'account-3')).toEqual([]);
      expect(await sessions.ids('account', 'account-1')).toEqual(['session-1']);

      store.clock.advance(hour);
      expect(await sessions.ids('account', 'account-1')).toEqual([]);
    });

    test('counts and removes its group alone', async () => {
      await using store = await opened(make);
      const { consents } = store.port;
      for (let number = 0; number < 60; number += 1) await addConsent(store.port, `one-${number}`, number);
      await consents.create(sample('consents', { id: 'two', accountId: 'account-2' }));

      expect(await consents.count('account', 'account-1')).toBe(60);
      expect(await consents.removeAll('account', 'account-1')).toBe(60);
      expect(await consents.removeAll('account', 'account-1')).toBe(0);
      expect(await consents.count('account', 'account-1')).toBe(0);
      expect(await consents.get('one-0')).toBeUndefined();
      expect(idsOf(await consents.list('client', 'client-1'))).toEqual(['two']);
    });

    test.each([[NaN], [Infinity], ['\ud800' as never]])('takes no order like %p', async (order) => {
      await using store = await opened(make);

      await expect(addConsent(store.port, 'x', order)).rejects.toThrow(Invalid);
      expect(await store.port.consents.get('x')).toBeUndefined();
    });
  });
}

const start = Date.UTC(2026, 0, 1) + 0.25;
