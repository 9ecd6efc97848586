import { describe, expect, test } from '@jest/globals';
import { Conflict, Invalid } from '../../src/domain/errors.ts';
import type { Records, Row } from '../../src/storage/records.ts';
import { recordsDecidingContract } from './records-deciding.contract.ts';
import { fifty, sample } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** `write`: several writes that need no answer. Part of the contract of `Records`. */
export function recordsWriteContract(make: MakeStore<Records>): void {
  recordsDecidingContract(make);

  describe('write', () => {
    test('of nothing does nothing', async () => {
      await using store = await opened(make);

      await expect(store.port.write([])).resolves.toBe(true);
    });

    test('creates, puts, updates and removes, over several collections', async () => {
      await using store = await opened(make);
      const { accounts, sessions, settings } = store.port;
      await sessions.create(sample('sessions'));
      await settings.create(sample('settings'));

      await store.port.write([
        { in: 'accounts', create: sample('accounts') },
        { in: 'sessions', update: 'session-1', change: (old) => ({ ...old, ip: '192.0.2.9' }) },
        { in: 'settings', remove: 'setting-1' },
        { in: 'settings', put: sample('settings', { id: 'setting-2' }) },
      ]);

      expect(await accounts.find('email', 'ada@example.org')).toEqual(sample('accounts'));
      expect(await sessions.get('session-1')).toMatchObject({ ip: '192.0.2.9' });
      expect(await settings.get('setting-1')).toBeUndefined();
      expect(await settings.get('setting-2')).toBeDefined();
    });

    test('goes in the order given: each sees those before it', async () => {
      await using store = await opened(make);
      const add = (text: string) => ({
        in: 'sessions' as const,
        update: 'session-1',
        change: (old: Row<'sessions'>) => ({ ...old, amr: [...old.amr, text] }),
      });

      await store.port.write([
        { in: 'sessions', create: sample('sessions', { amr: [] }) },
        add('a'),
        { in: 'sessions', remove: 'session-1' },
        add('b'),
        { in: 'sessions', create: sample('sessions', { amr: ['c'] }) },
        add('d'),
        add('e'),
      ]);

      expect(await store.port.sessions.get('session-1')).toMatchObject({ amr: ['c', 'd', 'e'] });
    });

    test('frees a unique value for what comes after', async () => {
      await using store = await opened(make);
      await store.port.accounts.create(sample('accounts'));

      await store.port.write([
        { in: 'accounts', remove: 'account-1' },
        { in: 'accounts', create: sample('accounts', { id: 'account-2' }) },
      ]);

      expect(await store.port.accounts.find('email', 'ada@example.org')).toMatchObject({ id: 'account-2' });
    });

    test('put replaces the whole row, its unique value and its lists', async () => {
      await using store = await opened(make);
      const { sessions } = store.port;
      await sessions.create(sample('sessions'));

      await store.port.write([
        { in: 'sessions', put: sample('sessions', { cookieHash: 'cookie-2', accountId: 'account-2', amr: [] }) },
      ]);

      expect(await sessions.find('cookie', 'cookie-1')).toBeUndefined();
      expect(await sessions.find('cookie', 'cookie-2')).toMatchObject({ id: 'session-1', amr: [] });
      expect(await sessions.count('account', 'account-1')).toBe(0);
      expect(await sessions.count('account', 'account-2')).toBe(1);
    });

    test('never brings a removed row back by an update; removing the unknown is fine', async () => {
      await using store = await opened(make);

      await store.port.write([
        { in: 'settings', update: 'setting-1', change: (old) => ({ ...old, value: 1 }) },
        { in: 'settings', remove: 'setting-1' },
      ]);

      expect(await store.port.settings.get('setting-1')).toBeUndefined();
    });

    test('leaves out what conflicts, writes the rest and then throws the Conflict', async () => {
      await using store = await opened(make);
      const { accounts, settings } = store.port;
      await accounts.create(sample('accounts'));
      await settings.create(sample('settings', { value: 'first' }));

      const refused = store.port.write([
        { in: 'settings', put: sample('settings', { id: 'before' }) },
        { in: 'accounts', put: sample('accounts', { id: 'account-2' }) },
        { in: 'settings', create: sample('settings', { value: 'second' }) },
        { in: 'settings', put: sample('settings', { id: 'after' }) },
      ]);

      await expect(refused).rejects.toThrow(Conflict);
      await expect(refused).rejects.toMatchObject({ unique: 'email' });
      expect(await settings.get('before')).toBeDefined();
      expect(await settings.get('after')).toBeDefined();
      expect(await settings.get('setting-1')).toMatchObject({ value: 'first' });
      expect(await accounts.get('account-2')).toBeUndefined();
    });

    test('leaves out a change that throws or makes what cannot be kept, writes the rest and then throws', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      const reason = new RangeError('no');
      await settings.create(sample('settings'));

      const refused = store.port.write([
        {
          in: 'settings',
          update: 'setting-1',
          change: () => {
            throw reason;
          },
        },
        { in: 'settings', put: sample('settings', { id: 'after' }) },
      ]);

      await expect(refused).rejects.toBe(reason);
      expect(await settings.get('setting-1')).toEqual(sample('settings'));
      expect(await settings.get('after')).toBeDefined();

      await expect(
        store.port.write([
          { in: 'settings', put: sample('settings', { id: 'half', value: '\ud800' }) },
          { in: 'settings', remove: 'after' },
        ]),
      ).rejects.toThrow(Invalid);
      expect(await settings.get('half')).toBeUndefined();
      expect(await settings.get('after')).toBeUndefined();
    });

    test('fifty at once over two nodes lose no change', async () => {
      await using store = await opened(make);
      const nodes = [store.port, await store.another()] as const;
      await store.port.attempts.create(sample('attempts'));

      const results = await fifty((number) =>
        nodes[number % 2 === 0 ? 0 : 1].write([
          { in: 'used', create: sample('used', { id: `${number}` }) },
          { in: 'attempts', update: 'attempts-1', change: (old) => ({ ...old, failures: old.failures + 1 }) },
        ]),
      );

      expect(results.every((result) => result.status === 'fulfilled')).toBe(true);
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 50 });
      expect(await store.port.used.get('49')).toBeDefined();
    });
  });
}
