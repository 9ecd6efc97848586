import { describe, expect, test } from '@jest/globals';
import { Invalid } from '../../src/domain/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import { addConsent, idsOf, sample } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** The pages of a list and the cursors between them. Part of the contract of `Records`. */
export function recordsPagesContract(make: MakeStore<Records>): void {
  describe('pages', () => {
    test('have 50 rows unless told otherwise, and the last one has no next', async () => {
      await using store = await opened(make);
      const { consents } = store.port;
      await store.port.write(
        Array.from({ length: 100 }, (_, number) => ({
          in: 'consents' as const,
          create: sample('consents', { id: `${number}`, lastUsedAt: number }),
        })),
      );

      const first = await consents.list('account', 'account-1');
      const second = await consents.list('account', 'account-1', { after: first.next ?? '' });

      expect(first.rows.map((row) => row.lastUsedAt)).toEqual(Array.from({ length: 50 }, (_, number) => number));
      expect(second.rows.map((row) => row.lastUsedAt)).toEqual(Array.from({ length: 50 }, (_, number) => 50 + number));
      expect(second.next).toBeUndefined();
    });

    test('hold up to 1000 rows', async () => {
      await using store = await opened(make);
      await store.port.write(
        Array.from({ length: 1001 }, (_, number) => ({
          in: 'events' as const,
          create: sample('events', { id: `${number}`, at: number }),
        })),
      );

      const page = await store.port.events.list('time', 'all', { limit: 1000 });

      expect(page.rows).toHaveLength(1000);
      expect(page.next).toEqual(expect.any(String));
    });

    test.each([0, -1, 1.5, 1001, NaN, Infinity, '5' as never])('are not of %p rows', async (limit) => {
      await using store = await opened(make);

      await expect(store.port.accounts.list('created', 'all', { limit })).rejects.toThrow(Invalid);
    });

    test.each([false, true])(
      'together are the list, each row once, among equal orders (descending: %p)',
      async (descending) => {
        await using store = await opened(make);
        for (let number = 0; number < 23; number += 1) await addConsent(store.port, `${number}`, number % 2);

        const whole = await store.port.consents.list('account', 'account-1', { descending });

        for (const limit of [1, 2, 7, 22, 23, 24]) {
          expect(await allPages(store.port, { limit, descending })).toEqual(idsOf(whole));
        }
      },
    );

    test('by text go on where they ended, odd texts too', async () => {
      await using store = await opened(make);
      const keys = ['', '"', '\\', 'a\u0000', 'a\u0001', '\u00e9', '\ufffd', '\u{1f600}'];
      for (const emailKey of keys) await store.port.accounts.create(sample('accounts', { id: emailKey, emailKey }));

      const found: string[] = [];
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const page = await store.port.accounts.list('email', 'all', {
          limit: 1,
          ...(after === undefined ? {} : { after }),
        });
        found.push(...idsOf(page));
        after = page.next;
      }

      expect(found).toEqual(keys);
    });

    test('neither repeat nor lose a row while others come and go', async () => {
      await using store = await opened(make);
      const { consents } = store.port;
      for (let number = 0; number < 10; number += 1) await addConsent(store.port, `${number}`, number * 10);

      const first = await consents.list('account', 'account-1', { limit: 4 });
      await consents.remove('3');
      await consents.remove('5');
      await addConsent(store.port, 'before', 25);
      await addConsent(store.port, 'after', 65);
      const rest = await consents.list('account', 'account-1', { after: first.next ?? '' });

      expect(idsOf(first)).toEqual(['0', '1', '2', '3']);
      expect(idsOf(rest)).toEqual(['4', '6', 'after', '7', '8', '9']);
    });

    test('go on even when every row so far is gone', async () => {
      await using store = await opened(make);
      for (let number = 0; number < 4; number += 1) await addConsent(store.port, `${number}`, 0);

      const first = await store.port.consents.list('account', 'account-1', { limit: 2 });
      for (const id of idsOf(first)) await store.port.consents.remove(id);

      expect(idsOf(await store.port.consents.list('account', 'account-1', { after: first.next ?? '' }))).toEqual([
        '2',
        '3',
      ]);
    });

    test('of another group are all that a cursor can reach: it never leaves the group that is asked for', async () => {
      await using store = await opened(make);
      for (let number = 0; number < 3; number += 1) await addConsent(store.port, `${number}`, number);
      await store.port.consents.create(sample('consents', { id: 'theirs', accountId: 'account-2', lastUsedAt: 9 }));

      const mine = await store.port.consents.list('account', 'account-1', { limit: 1 });

      expect(idsOf(await store.port.consents.list('account', 'account-2', { after: mine.next ?? '' }))).toEqual([
        'theirs',
      ]);
    });

    test.each(badCursors)('begin nowhere with a cursor that nobody gave out: %j', async (after) => {
      await using store = await opened(make);
      await addConsent(store.port, 'x', 0);

      await expect(store.port.consents.list('account', 'account-1', { after: after as never })).rejects.toThrow(
        Invalid,
      );
    });
  });
}

/** Every row of a collection, for whoever copies a store. Part of the contract of `Records`. */
export function recordsScanContract(make: MakeStore<Records>): void {
  describe('scan', () => {
    test('goes through every row by id, by code point, page by page', async () => {
      await using store = await opened(make);
      const ids = ['', '"', '$x', '1', '10', '2', 'B', 'a', 'a\u0000', 'a.b', 'z', '\u00e9', '\ufffd', '\u{1f600}'];
      for (const id of [...ids].reverse()) await store.port.settings.create(sample('settings', { id }));

      const first = await store.port.settings.scan({ limit: 5 });
      const second = await store.port.settings.scan({ limit: 5, after: first.next ?? 'none' });
      const third = await store.port.settings.scan({ limit: 5, after: second.next ?? 'none' });

      expect([first, second, third].flatMap(idsOf)).toEqual(ids);
      expect(third.next).toBeUndefined();
      expect(await store.port.accounts.scan()).toEqual({ rows: [] });
    });

    test('has 50 rows a page unless told otherwise, and no next on the last', async () => {
      await using store = await opened(make);
      await store.port.write(
        Array.from({ length: 100 }, (_, number) => ({
          in: 'settings' as const,
          create: sample('settings', { id: `${number}`.padStart(3, '0') }),
        })),
      );

      const first = await store.port.settings.scan();
      const second = await store.port.settings.scan({ after: first.next ?? 'none' });

      expect([first.rows.length, first.next]).toEqual([50, '049']);
      expect([second.rows.length, second.next]).toEqual([50, undefined]);
      await expect(store.port.settings.scan({ limit: 1001 })).rejects.toThrow(Invalid);
      await expect(store.port.settings.scan({ after: '\ud800' })).rejects.toThrow(Invalid);
    });

    test('leaves out what has expired', async () => {
      await using store = await opened(make);
      await store.port.used.create(sample('used', { id: 'over' }));
      await store.port.used.create(sample('used', { id: 'lives', expiresAt: Date.UTC(2027, 0, 1) }));
      store.clock.set(Date.UTC(2026, 5, 1));

      expect(idsOf(await store.port.used.scan())).toEqual(['lives']);
    });
  });
}

const badCursors: unknown[] = [
  '',
  'x',
  '0',
  '!!!',
  'x'.repeat(10_000),
  ...[
    'null',
    '{}',
    '[]',
    '[1]',
    '[1,2]',
    '[{"$gt":""},"a"]',
    '[null,"a"]',
    '[1,"a","b"]',
    '[1,"\\ud800"]',
    '[1,"a"',
  ].map((text) => Buffer.from(text).toString('base64url')),
  { $gt: '' },
  ['WzAsIngiXQ'],
  null,
];

async function allPages(records: Records, of: { limit: number; descending: boolean }): Promise<string[]> {
  const found: string[] = [];
  let page = await records.consents.list('account', 'account-1', of);
  found.push(...idsOf(page));

  while (page.next !== undefined) {
    page = await records.consents.list('account', 'account-1', { ...of, after: page.next });
    expect(page.rows.length).toBeGreaterThan(0);
    found.push(...idsOf(page));
  }

  return found;
}
