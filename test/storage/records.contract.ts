import { describe, expect, test } from '@jest/globals';
import { Conflict, Invalid, Unavailable } from '../../src/domain/errors.ts';
import { shapes, type CollectionName, type Collection, type Records } from '../../src/storage/records.ts';
import { recordsApartContract } from './records-apart.contract.ts';
import { recordsDecidingContract } from './records-deciding.contract.ts';
import { recordsExpiryContract } from './records-expiry.contract.ts';
import { recordsListsContract } from './records-lists.contract.ts';
import { recordsPagesContract, recordsScanContract } from './records-pages.contract.ts';
import { recordsRacesContract } from './records-races.contract.ts';
import { recordsSeenContract } from './records-seen.contract.ts';
import { recordsSnapshotContract } from './records-snapshot.contract.ts';
import { recordsValuesContract } from './records-values.contract.ts';
import { recordsWriteContract } from './records-write.contract.ts';
import { sample, samples } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/**
 * What every backend of `Records` does. With src/storage/records.ts these suites are the whole specification: a backend
 * that passes them can be put under everything else. They need atomic changes of one document and unique indexes, and
 * no transaction over several documents.
 *
 * What a suite can't show and a backend's own tests must, by killing the process and the store: a write that was
 * acknowledged is there after any crash or power cut; one that was not is there wholly or not at all; of the writes of
 * one `write`, those that are there are a beginning of the list. When the store doesn't answer, every method throws
 * Unavailable within 3 s, and works again within 5 s of the store's return, without a restart.
 */
export function recordsContract(name: string, make: MakeStore<Records>): void {
  describe(`records on ${name}`, () => {
    recordsRowsContract(make);
    recordsValuesContract(make);
    recordsListsContract(make);
    recordsPagesContract(make);
    recordsScanContract(make);
    recordsExpiryContract(make);
    recordsWriteContract(make);
    recordsDecidingContract(make);
    recordsApartContract(make);
    recordsRacesContract(make);
    recordsSeenContract(make);
    recordsSnapshotContract(make);
  });
}

type AnyCollection = Collection<{ id: string }, string, string>;

function recordsRowsContract(make: MakeStore<Records>): void {
  describe('every collection', () => {
    test.each(Object.keys(shapes) as CollectionName[])('%s keeps, finds, lists and removes a row', async (each) => {
      await using store = await opened(make);
      const collection = store.port[each] as unknown as AnyCollection;
      const row = samples[each];
      const { unique, lists } = shapes[each] as unknown as {
        unique: Record<string, (of: unknown) => string>;
        lists: Record<string, { group: (of: unknown) => string }>;
      };

      await collection.create(row);
      expect(await collection.get(row.id)).toEqual(row);

      for (const [key, value] of Object.entries(unique)) expect(await collection.find(key, value(row))).toEqual(row);

      for (const [list, { group }] of Object.entries(lists)) {
        expect(await collection.list(list, group(row))).toEqual({ rows: [row] });
        expect(await collection.count(list, group(row))).toBe(1);
      }

      expect(await collection.remove(row.id)).toBe(true);
      expect(await collection.get(row.id)).toBeUndefined();

      for (const [list, { group }] of Object.entries(lists)) expect(await collection.count(list, group(row))).toBe(0);
    });
  });

  describe('create', () => {
    test('refuses an id that is taken and leaves the row as it was', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      await settings.create(sample('settings', { value: 'first' }));

      const refused = settings.create(sample('settings', { value: 'second' }));

      await expect(refused).rejects.toThrow(Conflict);
      await expect(refused).rejects.toMatchObject({ unique: 'id' });
      expect(await settings.get('setting-1')).toMatchObject({ value: 'first' });
    });

    test('refuses a unique value that is taken and keeps nothing of the row', async () => {
      await using store = await opened(make);
      const { accounts } = store.port;
      await accounts.create(sample('accounts'));

      const refused = accounts.create(sample('accounts', { id: 'account-2' }));

      await expect(refused).rejects.toThrow(Conflict);
      await expect(refused).rejects.toMatchObject({ unique: 'email' });
      expect(await accounts.get('account-2')).toBeUndefined();
      expect(await accounts.count('created', 'all')).toBe(1);
    });

    test('takes an id and a unique value again once their row is removed', async () => {
      await using store = await opened(make);
      const { accounts } = store.port;
      await accounts.create(sample('accounts'));
      await accounts.remove('account-1');

      await accounts.create(sample('accounts', { displayName: 'Grace' }));

      expect(await accounts.find('email', 'ada@example.org')).toMatchObject({ displayName: 'Grace' });
    });

    test('keeps the ids of one collection apart from those of another', async () => {
      await using store = await opened(make);
      await store.port.settings.create(sample('settings', { id: 'same' }));
      await store.port.used.create(sample('used', { id: 'same' }));

      expect(await store.port.settings.remove('same')).toBe(true);
      expect(await store.port.used.get('same')).toBeDefined();
    });
  });

  describe('the unknown', () => {
    test('is undefined, false or nothing, never a throw', async () => {
      await using store = await opened(make);
      const { accounts } = store.port;

      expect(await accounts.get('nobody')).toBeUndefined();
      expect(await accounts.find('email', 'nobody@example.org')).toBeUndefined();
      expect(await accounts.remove('nobody')).toBe(false);
      expect(await accounts.list('created', 'none')).toEqual({ rows: [] });
      expect(await accounts.count('created', 'none')).toBe(0);
      expect(await accounts.removeAll('created', 'none')).toBe(0);
    });

    test('is not updated: the change does not even run', async () => {
      await using store = await opened(make);
      let runs = 0;

      const answer = await store.port.settings.update('nothing', (old) => {
        runs += 1;
        return old;
      });

      expect(answer).toBeUndefined();
      expect(runs).toBe(0);
    });
  });

  describe('update', () => {
    test('answers and keeps what the change made', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      await settings.create(sample('settings', { value: [1] }));

      const answer = await settings.update('setting-1', (old) => ({ ...old, value: [2] }));

      expect(answer).toEqual(sample('settings', { value: [2] }));
      expect(await settings.get('setting-1')).toEqual(answer);
    });

    test('writes nothing when it is answered the very row that it gave', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      await settings.create(sample('settings'));

      expect(await settings.update('setting-1', (old) => old)).toEqual(sample('settings'));
    });

    test('passes on what the change throws and writes nothing', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      const reason = new RangeError('no');
      await settings.create(sample('settings'));

      const refused = settings.update('setting-1', () => {
        throw reason;
      });

      await expect(refused).rejects.toBe(reason);
      expect(await settings.get('setting-1')).toEqual(sample('settings'));
    });

    test('moves a unique value: the new one finds the row, the old one is free', async () => {
      await using store = await opened(make);
      const { accounts } = store.port;
      await accounts.create(sample('accounts'));

      await accounts.update('account-1', (old) => ({ ...old, emailKey: 'new@example.org' }));

      expect(await accounts.find('email', 'ada@example.org')).toBeUndefined();
      expect(await accounts.find('email', 'new@example.org')).toMatchObject({ id: 'account-1' });
      await accounts.create(sample('accounts', { id: 'account-2' }));
    });

    test('refuses a unique value that is taken and leaves both rows as they were', async () => {
      await using store = await opened(make);
      const { accounts } = store.port;
      await accounts.create(sample('accounts'));
      await accounts.create(sample('accounts', { id: 'account-2', emailKey: 'two@example.org' }));

      const refused = accounts.update('account-2', (old) => ({
        ...old,
        emailKey: 'ada@example.org',
        displayName: 'x',
      }));

      await expect(refused).rejects.toMatchObject({ code: 'conflict', unique: 'email' });
      expect(await accounts.get('account-2')).toMatchObject({ emailKey: 'two@example.org', displayName: 'Ada' });
      expect(await accounts.find('email', 'ada@example.org')).toMatchObject({ id: 'account-1' });
    });

    test('refuses to change the id', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      await settings.create(sample('settings'));

      await expect(settings.update('setting-1', (old) => ({ ...old, id: 'other' }))).rejects.toThrow(Invalid);
      expect(await settings.get('other')).toBeUndefined();
      expect(await settings.get('setting-1')).toBeDefined();
    });
  });

  describe('remove', () => {
    test('answers true once, then false', async () => {
      await using store = await opened(make);
      await store.port.settings.create(sample('settings'));

      expect(await store.port.settings.remove('setting-1')).toBe(true);
      expect(await store.port.settings.remove('setting-1')).toBe(false);
    });
  });

  describe('two nodes', () => {
    test('each sees at once what the other wrote', async () => {
      await using store = await opened(make);
      const here = store.port.accounts;
      const there = (await store.another()).accounts;

      await here.create(sample('accounts'));
      expect(await there.get('account-1')).toEqual(sample('accounts'));

      await there.update('account-1', (old) => ({ ...old, emailKey: 'new@example.org' }));
      expect(await here.find('email', 'new@example.org')).toMatchObject({ id: 'account-1' });

      await here.remove('account-1');
      expect(await there.count('created', 'all')).toBe(0);
    });

    test('what was written is there when the store is opened again', async () => {
      await using store = await opened(make);
      await store.port.settings.create(sample('settings'));
      await store.port[Symbol.asyncDispose]();

      expect(await (await store.another()).settings.get('setting-1')).toEqual(sample('settings'));
    });
  });

  describe('the store itself', () => {
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
      await expect(port.settings.get('x')).rejects.toThrow(Unavailable);
      await expect(port.settings.create(sample('settings'))).rejects.toThrow(Unavailable);
      await expect(port.write([{ in: 'settings', put: sample('settings') }])).rejects.toThrow(Unavailable);
      await expect(port.sweep(10)).rejects.toThrow(Unavailable);
    });
  });
}
