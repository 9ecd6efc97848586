import { describe, expect, test } from '@jest/globals';
import { Conflict } from '../../src/domain/errors.ts';
import type { Records } from '../../src/storage/records.ts';
import { failed, fifty, hour, sample, start, succeeded } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** From `expiresAt` on a row is absent, swept or not. Part of the contract of `Records`. */
export function recordsExpiryContract(make: MakeStore<Records>): void {
  describe('expiry', () => {
    test('comes at the very millisecond, for every method', async () => {
      await using store = await opened(make);
      const { sessions } = store.port;
      await sessions.create(sample('sessions'));

      store.clock.set(start + hour - 1);
      expect(await sessions.get('session-1')).toBeDefined();
      expect(await sessions.find('cookie', 'cookie-1')).toBeDefined();
      expect(await sessions.count('account', 'account-1')).toBe(1);

      store.clock.set(start + hour);
      expect(await sessions.get('session-1')).toBeUndefined();
      expect(await sessions.find('cookie', 'cookie-1')).toBeUndefined();
      expect(await sessions.update('session-1', (old) => ({ ...old, expiresAt: start + 9 * hour }))).toBeUndefined();
      expect(await sessions.list('account', 'account-1')).toEqual({ rows: [] });
      expect(await sessions.count('account', 'account-1')).toBe(0);
      expect(await sessions.removeAll('account', 'account-1')).toBe(0);
      expect(await sessions.remove('session-1')).toBe(false);
    });

    test('of a row that was over when it was created has come already', async () => {
      await using store = await opened(make);
      await store.port.used.create(sample('used', { expiresAt: start }));

      expect(await store.port.used.get('used-1')).toBeUndefined();
      await store.port.used.create(sample('used'));
      expect(await store.port.used.get('used-1')).toBeDefined();
    });

    test('never comes to a collection without it', async () => {
      await using store = await opened(make);
      await store.port.accounts.create(sample('accounts'));

      store.clock.advance(100 * 365 * 24 * hour);

      expect(await store.port.accounts.get('account-1')).toEqual(sample('accounts'));
    });

    test('moves with an update, later or sooner', async () => {
      await using store = await opened(make);
      const { attempts } = store.port;
      await attempts.create(sample('attempts'));

      await attempts.update('attempts-1', (old) => ({ ...old, expiresAt: start + 2 * hour }));
      store.clock.set(start + hour);
      expect(await attempts.get('attempts-1')).toBeDefined();

      await attempts.update('attempts-1', (old) => ({ ...old, expiresAt: start + hour }));
      expect(await attempts.get('attempts-1')).toBeUndefined();
    });

    test('frees the id: a new row has nothing of the old one', async () => {
      await using store = await opened(make);
      const { sessions } = store.port;
      await sessions.create(sample('sessions'));
      store.clock.advance(hour);

      const anew = sample('sessions', { cookieHash: 'cookie-2', accountId: 'account-2', expiresAt: start + 2 * hour });
      await sessions.create(anew);

      expect(await sessions.get('session-1')).toEqual(anew);
      expect(await sessions.find('cookie', 'cookie-1')).toBeUndefined();
      expect(await sessions.count('account', 'account-1')).toBe(0);
      expect(await sessions.count('account', 'account-2')).toBe(1);
      await expect(sessions.create(anew)).rejects.toThrow(Conflict);
    });

    test('frees the unique value for a new row', async () => {
      await using store = await opened(make);
      const { sessions } = store.port;
      await sessions.create(sample('sessions'));
      store.clock.advance(hour);

      await sessions.create(sample('sessions', { id: 'session-2', expiresAt: start + 2 * hour }));

      expect(await sessions.find('cookie', 'cookie-1')).toMatchObject({ id: 'session-2' });
      expect(await sessions.get('session-1')).toBeUndefined();
    });

    test('frees the unique value for an update and a put', async () => {
      await using store = await opened(make);
      const { sessions } = store.port;
      const later = start + 2 * hour;
      await sessions.create(sample('sessions', { id: 'old-1', cookieHash: 'cookie-1' }));
      await sessions.create(sample('sessions', { id: 'old-2', cookieHash: 'cookie-2' }));
      await sessions.create(sample('sessions', { id: 'new-1', cookieHash: 'cookie-3', expiresAt: later }));
      store.clock.advance(hour);

      await sessions.update('new-1', (old) => ({ ...old, cookieHash: 'cookie-1' }));
      await store.port.write([
        { in: 'sessions', put: sample('sessions', { id: 'new-2', cookieHash: 'cookie-2', expiresAt: later }) },
      ]);

      expect(await sessions.find('cookie', 'cookie-1')).toMatchObject({ id: 'new-1' });
      expect(await sessions.find('cookie', 'cookie-2')).toMatchObject({ id: 'new-2' });
    });

    test('lets exactly one of fifty have the id again, and the unique value', async () => {
      await using store = await opened(make);
      const nodes = [store.port, await store.another()] as const;
      const { sessions } = store.port;
      await sessions.create(sample('sessions'));
      store.clock.advance(hour);

      const results = await fifty((number) =>
        nodes[number % 2 === 0 ? 0 : 1].sessions.create(
          sample('sessions', { id: `session-${number % 25}`, ip: `${number}`, expiresAt: start + 2 * hour }),
        ),
      );

      expect(succeeded(results)).toHaveLength(1);
      expect(failed(results)).toEqual(Array.from({ length: 49 }, () => expect.any(Conflict)));
      expect(await sessions.count('account', 'account-1')).toBe(1);
    });

    test('is skipped by pages: they are full and end where the living rows end', async () => {
      await using store = await opened(make);
      const { knownDevices } = store.port;

      for (let number = 0; number < 9; number += 1) {
        const expiresAt = number % 3 === 0 ? start + 2 * hour : start + hour;
        await knownDevices.create(sample('knownDevices', { id: `${number}`, lastSeenAt: number, expiresAt }));
      }

      store.clock.advance(hour);
      const first = await knownDevices.list('account', 'account-1', { limit: 2 });
      const second = await knownDevices.list('account', 'account-1', { limit: 2, after: first.next ?? '' });

      expect(first.rows.map((row) => row.id)).toEqual(['0', '3']);
      expect(second).toMatchObject({ rows: [{ id: '6' }] });
      expect(second.next).toBeUndefined();
    });
  });

  describe('sweep', () => {
    test('removes expired rows of every collection, at most as many as it is told, and no other', async () => {
      await using store = await opened(make);
      const { used, attempts, accounts } = store.port;

      for (let number = 0; number < 7; number += 1) {
        await used.create(sample('used', { id: `${number}` }));
        await attempts.create(sample('attempts', { id: `${number}` }));
      }

      await used.create(sample('used', { id: 'lives', expiresAt: start + 2 * hour }));
      await accounts.create(sample('accounts'));
      expect(await store.port.sweep(100)).toBe(0);
      store.clock.advance(hour);

      const swept: number[] = [];
      while (swept.at(-1) !== 0) swept.push(await store.port.sweep(4));

      expect(Math.max(...swept)).toBeLessThanOrEqual(4);
      expect(swept.reduce((sum, each) => sum + each)).toBe(14);
      expect(await used.get('lives')).toBeDefined();
      expect(await accounts.get('account-1')).toBeDefined();
    });

    test('spares a row that was created again in the place of an expired one', async () => {
      await using store = await opened(make);
      await store.port.used.create(sample('used'));
      store.clock.advance(hour);
      await store.port.used.create(sample('used', { expiresAt: start + 2 * hour }));

      expect(await store.port.sweep(100)).toBe(0);
      expect(await store.port.used.get('used-1')).toBeDefined();
    });

    test('by two nodes at once is fine', async () => {
      await using store = await opened(make);
      const other = await store.another();
      await fifty((number) => store.port.used.create(sample('used', { id: `${number}` })));
      store.clock.advance(hour);

      const swept = await Promise.all([store.port.sweep(50), other.sweep(50)]);

      expect(swept[0] + swept[1]).toBe(50);
      expect(await other.sweep(50)).toBe(0);
    });
  });
}
