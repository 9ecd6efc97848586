import { expect, test } from '@jest/globals';
import { Invalid } from '../../../src/domain/errors.ts';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import type { Records, Row } from '../../../src/storage/records.ts';
import { noTexts, sample } from '../rows.ts';
import { describeMongo, nameOf, watchedDatabase, writesAmong } from './watched.ts';

const writes = new Set(['insert', 'update', 'delete', 'findAndModify', 'createIndexes']);

/** Everything that the ports can do. */
async function doEverything(records: Records, ephemera: Ephemera): Promise<void> {
  const { accounts, sessions } = records;
  await accounts.create(sample('accounts'));
  await sessions.create(sample('sessions'));
  await sessions.update('session-1', (old) => ({ ...old, ip: '192.0.2.9' }));
  await records.write([
    { in: 'settings', create: sample('settings') },
    { in: 'settings', put: sample('settings', { id: 'setting-2' }) },
    { in: 'settings', remove: 'setting-2' },
    { in: 'settings', update: 'setting-1', change: (old) => ({ ...old, value: 1 }) },
  ]);
  await accounts.get('account-1');
  await accounts.find('email', 'ada@example.org');
  await accounts.list('created', 'all');
  await accounts.scan();
  await accounts.count('created', 'all');
  await sessions.remove('session-1');
  await accounts.removeAll('created', 'all');
  await records.sweep(10);

  await ephemera.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });
  await ephemera.find('kind', 'key');
  await ephemera.consume('kind', 'id');
  await ephemera.claim('claim', 'id', 60);
  await ephemera.increment('counter', 'id', 60);
}

describeMongo('what MongoDB is asked', () => {
  test.each([
    ['', 'by itself'],
    ['w=1&journal=false&readPreference=secondaryPreferred&readConcernLevel=available', 'whatever the URL says'],
  ])('is to have each write in the journals of a majority, and to read at the primary: %s %s', async (options) => {
    await using watched = await watchedDatabase();
    const { url = '' } = watched.settings;
    const settings = { ...watched.settings, url: `${url}${url.includes('?') ? '&' : '/?'}${options}` };

    await doEverything(await watched.records(settings), await watched.ephemera(settings));

    const written = watched.sent.filter((command) => writes.has(nameOf(command)));
    const read = watched.sent.filter((command) => ['find', 'aggregate'].includes(nameOf(command)));
    expect(new Set(written.map(nameOf))).toEqual(writes);
    for (const command of written) expect(command['writeConcern']).toEqual({ w: 'majority', j: true });
    for (const command of read) expect(command['readConcern']).toEqual({ level: 'local' });
    for (const { $readPreference } of watched.sent) {
      expect([undefined, 'primary']).toContain(($readPreference as { mode: string } | undefined)?.mode);
    }
  });

  test('is nothing with what is no text: no operator of a query gets in', async () => {
    await using watched = await watchedDatabase();
    const { settings, accounts } = await watched.records();
    const ephemera = await watched.ephemera();
    watched.sent.length = 0;

    for (const no of [...noTexts, { $gt: '' }, { $regex: '.*' }, { $where: '1' }, [], new String('a')] as never[]) {
      await expect(settings.get(no)).rejects.toThrow(Invalid);
      await expect(settings.remove(no)).rejects.toThrow(Invalid);
      await expect(accounts.find('email', no)).rejects.toThrow(Invalid);
      await expect(accounts.removeAll('created', no)).rejects.toThrow(Invalid);
      await expect(ephemera.consume('kind', no)).rejects.toThrow(Invalid);
    }

    for (const no of ['__proto__', 'constructor', '_id', 'doc', { $ne: null }] as never[]) {
      await expect(accounts.find(no, 'x')).rejects.toThrow(Invalid);
      await expect(accounts.list(no, 'x')).rejects.toThrow(Invalid);
    }

    expect(watched.sent).toEqual([]);
  });
});

describeMongo('round trips to MongoDB', () => {
  const add = (old: Row<'attempts'>) => ({ ...old, failures: old.failures + 1 });

  async function countedRow() {
    const watched = await watchedDatabase();
    const records = await watched.records();
    await records.attempts.create(sample('attempts'));
    const seen = await records.attempts.get('attempts-1');
    watched.sent.length = 0;

    return { watched, records, seen, names: () => watched.sent.splice(0).map(nameOf) };
  }

  test('an update is a read and a write; with the row that was seen, in any way, the write alone', async () => {
    const { watched, records, names } = await countedRow();
    await using _database = watched;
    const { attempts } = records;

    const answered = await attempts.update('attempts-1', add);
    expect(names()).toEqual(['find', 'update']);

    const again = await attempts.update('attempts-1', add, answered);
    const [scanned] = (await attempts.scan()).rows;
    expect(names()).toEqual(['update', 'find']);

    await attempts.update('attempts-1', add, scanned);
    expect(names()).toEqual(['update']);
    expect(again).toMatchObject({ failures: 2 });
    expect(await attempts.get('attempts-1')).toMatchObject({ failures: 3 });
  });

  test('what was seen never decides: where it is old, it costs a trip, and what is there counts', async () => {
    const { watched, records, seen, names } = await countedRow();
    await using _database = watched;
    const other = await watched.records();
    await other.attempts.update('attempts-1', (old) => ({ ...old, failures: 10 }));
    names();

    const limited = (old: Row<'attempts'>): Row<'attempts'> => {
      if (old.failures < 10) throw new RangeError('too few');

      return add(old);
    };

    expect(await records.attempts.update('attempts-1', limited, seen)).toMatchObject({ failures: 11 });
    expect(names()).toEqual(['find', 'update']);

    const untouched = (old: Row<'attempts'>) => (old.failures === 0 ? old : add(old));
    expect(await records.attempts.update('attempts-1', untouched, seen)).toMatchObject({ failures: 12 });
    expect(names()).toEqual(['find', 'update']);

    expect(await records.attempts.update('attempts-1', add, seen)).toMatchObject({ failures: 13 });
    expect(names()).toEqual(['update', 'find', 'update']);
  });

  test('what was seen is what was answered, whatever has been done to it since', async () => {
    const { watched, records, seen, names } = await countedRow();
    await using _database = watched;
    if (seen) seen.failures = 1000;

    expect(await records.attempts.update('attempts-1', add, seen)).toMatchObject({ failures: 1 });
    expect(names()).toEqual(['update']);
  });

  test('what was seen has expired like any row', async () => {
    const { watched, records, seen, names } = await countedRow();
    await using _database = watched;
    watched.clock.advance(3_600_000);
    const forever = (old: Row<'attempts'>) => ({ ...old, expiresAt: Date.UTC(2100, 0, 1) });

    expect(await records.attempts.update('attempts-1', forever, seen)).toBeUndefined();
    expect(names()).toEqual(['find']);
  });

  test('fifty updates of one row take one trip each, and a read', async () => {
    const { watched, records, names } = await countedRow();
    await using _database = watched;

    await Promise.all(Array.from({ length: 50 }, () => records.attempts.update('attempts-1', add)));

    expect(names()).toHaveLength(51);
    expect(await records.attempts.get('attempts-1')).toMatchObject({ failures: 50 });
  });

  test('neighbours of one collection are written in one go; rows to be changed are read together, beforehand', async () => {
    const { watched, records, names } = await countedRow();
    await using _database = watched;
    await records.sessions.create(sample('sessions'));
    names();

    await records.write([
      { in: 'settings', put: sample('settings', { id: 'a' }) },
      { in: 'settings', put: sample('settings', { id: 'b' }) },
      { in: 'settings', put: sample('settings', { id: 'c' }) },
      { in: 'attempts', update: 'attempts-1', change: add },
      { in: 'sessions', update: 'session-1', change: (old) => ({ ...old, ip: '192.0.2.9' }) },
    ]);

    const sent = watched.sent.splice(0);
    expect(sent.map(nameOf)).toEqual(['find', 'find', 'update', 'update', 'update']);
    expect(writesAmong(sent)[0]).toMatchObject({ update: 'settings', ordered: true, updates: { length: 3 } });
  });
});

describeMongo('what is done to very many rows', () => {
  const many = Array.from({ length: 450 }, (_, number) => sample('messages', { id: `${number}`, accountId: 'one' }));
  const put = many.map((row) => ({ in: 'messages' as const, put: row }));

  const most = (sent: readonly Record<string, unknown>[]): number =>
    Math.max(
      ...sent.flatMap(({ updates, deletes, limit }) => [
        Array.isArray(updates) ? updates.length : 0,
        ...(Array.isArray(deletes)
          ? deletes.map(({ q }: { q: { _id?: { $in?: unknown[] } } }) => q._id?.$in?.length ?? Infinity)
          : []),
        typeof limit === 'number' ? limit : 0,
      ]),
    );

  test('is done in batches, each with a patience of its own: writing, removing a group, sweeping', async () => {
    await using watched = await watchedDatabase();
    const records = await watched.records();
    watched.sent.length = 0;

    await records.write(put);
    expect(await records.messages.removeAll('account', 'one')).toBe(450);
    expect(await records.messages.count('account', 'one')).toBe(0);

    await records.write(put);
    watched.clock.advance(400 * 86_400_000);
    expect(await records.sweep(440)).toBe(440);
    expect(await records.sweep(1000)).toBe(10);

    expect(writesAmong(watched.sent).map(nameOf)).toEqual(
      ['update', 'delete', 'update', 'delete'].flatMap((name) => [name, name, name]).concat('delete'),
    );
    expect(most(watched.sent)).toBe(200);
  });

  test('leaves out what is taken, also behind the first batch, and goes on', async () => {
    await using watched = await watchedDatabase();
    const { sessions, write } = await watched.records();
    const rows = Array.from({ length: 250 }, (_, number) =>
      sample('sessions', { id: `${number}`, cookieHash: number === 220 ? 'cookie-1' : `${number}` }),
    );
    await sessions.create(sample('sessions'));

    await expect(write(rows.map((row) => ({ in: 'sessions', create: row })))).rejects.toMatchObject({
      unique: 'cookie',
    });

    for (const { id } of rows) expect([id, (await sessions.get(id)) === undefined]).toEqual([id, id === '220']);
  });

  test('leaves a row alone that has left the group meanwhile, and those of other groups', async () => {
    await using watched = await watchedDatabase();
    const { messages } = await watched.records();
    await messages.create(sample('messages', { id: 'other', accountId: 'other' }));
    await messages.create(sample('messages', { id: 'own', accountId: 'one' }));

    expect(await messages.removeAll('account', 'one')).toBe(1);
    expect(await messages.removeAll('account', 'one')).toBe(0);
    expect(await messages.get('other')).toBeDefined();
  });
});
