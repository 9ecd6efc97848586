import { describe, expect, test } from '@jest/globals';
import { Conflict } from '../../src/domain/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import { failed, fifty, sample, succeeded } from './rows.ts';
import { opened, type MakeStore, type Opened } from './stores.ts';

/**
 * Fifty at once, on one node and over two. Part of the contract of `Records`. Nobody may fail because others were
 * faster: however often a backend has to try again, all fifty end as they would have one after another.
 */
export function recordsRacesContract(make: MakeStore<Records>): void {
  describe.each([['one node'], ['two nodes']])('fifty at once on %s', (nodes) => {
    const racing = async (store: Opened<Records>): Promise<(number: number) => Records> => {
      const other = nodes === 'two nodes' ? await store.another() : store.port;

      return (number) => (number % 2 === 0 ? store.port : other);
    };

    test('create one id once; the row is the winner’s', async () => {
      await using store = await opened(make);
      const on = await racing(store);

      const results = await fifty(async (number) => {
        await on(number).settings.create(sample('settings', { value: number }));
        return number;
      });

      expect(succeeded(results)).toHaveLength(1);
      expect(failed(results)).toEqual(Array.from({ length: 49 }, () => expect.any(Conflict)));
      expect(await store.port.settings.get('setting-1')).toMatchObject({ value: succeeded(results)[0] });
    });

    test('create one unique value once; nothing of the losers is kept', async () => {
      await using store = await opened(make);
      const on = await racing(store);

      const results = await fifty((number) => on(number).accounts.create(sample('accounts', { id: `${number}` })));

      expect(succeeded(results)).toHaveLength(1);
      expect(failed(results)).toEqual(Array.from({ length: 49 }, () => expect.objectContaining({ unique: 'email' })));
      expect(await store.port.accounts.count('created', 'all')).toBe(1);
      expect(await store.port.accounts.find('email', 'ada@example.org')).toBeDefined();
    });

    test('update one row and lose no change', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.attempts.create(sample('attempts'));

      const results = await fifty((number) =>
        on(number).attempts.update('attempts-1', (old) => ({ ...old, failures: old.failures + 1 })),
      );

      expect(new Set(succeeded(results).map((row) => row?.failures)).size).toBe(50);
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 50 });
    });

    test('update one row that all had seen before and lose no change', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.attempts.create(sample('attempts'));
      const seen = await Promise.all([on(0), on(1)].map((records) => records.attempts.get('attempts-1')));

      const results = await fifty((number) =>
        on(number).attempts.update('attempts-1', (old) => ({ ...old, failures: old.failures + 1 }), seen[number % 2]),
      );

      expect(new Set(succeeded(results).map((row) => row?.failures)).size).toBe(50);
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 50 });
    });

    test('update one row, half of them throwing: only the others count', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.attempts.create(sample('attempts'));

      const results = await fifty((number) =>
        on(number).attempts.update('attempts-1', (old) => {
          if (number % 4 < 2) throw new RangeError('no');

          return { ...old, failures: old.failures + 1 };
        }),
      );

      expect(failed(results)).toHaveLength(26);
      expect(failed(results)).toEqual(Array.from({ length: 26 }, () => expect.any(RangeError)));
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 24 });
    });

    test('take what can be taken once: exactly one gets it', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.grants.create(sample('grants'));

      const results = await fifty((number) =>
        on(number).grants.update('grant-1', (old) => {
          if (old.consumed.length > 0) throw new RangeError('taken');

          return { ...old, consumed: [{ hash: 'code', at: number }] };
        }),
      );

      expect(succeeded(results)).toHaveLength(1);
      expect((await store.port.grants.get('grant-1'))?.consumed).toEqual(succeeded(results)[0]?.consumed);
    });

    test('update into one unique value: one has it, the others stay as they were', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await fifty((number) =>
        store.port.accounts.create(sample('accounts', { id: `${number}`, emailKey: `${number}` })),
      );

      const results = await fifty((number) =>
        on(number).accounts.update(`${number}`, (old) => ({ ...old, emailKey: 'wanted' })),
      );
      const { rows } = await store.port.accounts.list('created', 'all');

      expect(succeeded(results)).toHaveLength(1);
      expect(rows.filter((row) => row.emailKey === row.id)).toHaveLength(49);
      expect(await store.port.accounts.find('email', 'wanted')).toMatchObject({ id: succeeded(results)[0]?.id });
    });

    test('remove one row: one call did it', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.settings.create(sample('settings'));

      const results = await fifty((number) => on(number).settings.remove('setting-1'));

      expect(succeeded(results).filter(Boolean)).toHaveLength(1);
      expect(failed(results)).toEqual([]);
    });

    test('remove and update: what is removed stays removed', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await fifty((number) => store.port.sessions.create(session(number)));

      const results = await fifty(async (number) => {
        const [removed] = await Promise.all([
          on(number).sessions.remove(`${number}`),
          on(number + 1).sessions.update(`${number}`, (old) => ({ ...old, ip: '192.0.2.9' })),
          on(number + 1).write([
            { in: 'sessions', update: `${number}`, change: (old) => ({ ...old, ip: '192.0.2.8' }) },
          ]),
        ]);

        return removed;
      });

      expect(succeeded(results)).toEqual(Array.from({ length: 50 }, () => true));
      expect(await store.port.sessions.count('account', 'account-1')).toBe(0);
    });

    test('remove a group: every row is removed by one of them', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await fifty((number) => store.port.sessions.create(session(number)));

      const results = await fifty((number) => on(number).sessions.removeAll('account', 'account-1'));

      expect(succeeded(results).reduce((sum, each) => sum + each)).toBe(50);
      expect(await store.port.sessions.count('account', 'account-1')).toBe(0);
    });

    test('read while one writes: a row is the old or the new one, never a mixture, and unique values follow', async () => {
      await using store = await opened(make);
      const on = await racing(store);
      await store.port.sessions.create(sample('sessions', { cookieHash: '0', ip: '0' }));

      const results = await fifty(async (number) => {
        if (number % 5 === 0) {
          await on(number).sessions.update('session-1', (old) => ({
            ...old,
            cookieHash: `${number}`,
            ip: `${number}`,
          }));
        }

        return await on(number + 1).sessions.get('session-1');
      });

      expect(succeeded(results)).toHaveLength(50);
      for (const row of succeeded(results)) expect(row?.cookieHash).toBe(row?.ip);
      expect(
        await store.port.sessions.find('cookie', (await store.port.sessions.get('session-1'))?.ip ?? ''),
      ).toBeDefined();
    });
  });
}

function session(number: number): ReturnType<typeof sample<'sessions'>> {
  return sample('sessions', { id: `${number}`, cookieHash: `cookie-${number}` });
}
