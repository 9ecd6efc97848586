import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../src/domain/errors.ts';
import { openDatabase } from '../../../src/storage/sqlite/database.ts';
import { ephemeraFile, openSqliteEphemera } from '../../../src/storage/sqlite/ephemera.ts';
import { toFailure } from '../../../src/storage/sqlite/failures.ts';
import { openSqliteRecords, recordsFile } from '../../../src/storage/sqlite/records.ts';
import { settableClock } from '../../support/clock.ts';
import { sample } from '../rows.ts';
import { emptyFolder } from '../places.ts';
import { startChild } from './children.ts';

const clock = settableClock();

describe('what is acknowledged', () => {
  test.each([
    [recordsFile, 2],
    [ephemeraFile, 1],
  ])('is on disk as its port needs it: $name', async (file, synchronous) => {
    await using folder = await emptyFolder();
    using database = openDatabase(file, { data: folder.path, server: false });

    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous });
  });

  test.each([1, 2, 3])('survives kill -9 in the middle of writing (run %p)', async (run) => {
    await using folder = await emptyFolder();
    await using child = startChild('write', folder.path);
    await child.said(run * 40);
    await child.kill();

    await using records = openSqliteRecords({ clock, data: folder.path, server: true });
    const acknowledged = child.lines.map(Number);

    for (const number of acknowledged) {
      expect(await records.used.get(`single-${number}`)).toBeDefined();
      expect(await records.used.get(`first-${number}`)).toBeDefined();
      expect(await records.settings.get(`second-${number}`)).toBeDefined();
    }

    // What was under way when it died: the second write of a batch is never there without the first.
    const last = acknowledged.length;
    const first = await records.used.get(`first-${last}`);
    const second = await records.settings.get(`second-${last}`);
    expect(second !== undefined && first === undefined).toBe(false);
  });

  test('is not lost between two processes that write at once', async () => {
    await using folder = await emptyFolder();
    await using records = openSqliteRecords({ clock, data: folder.path, server: true });
    await records.attempts.create(sample('attempts', { expiresAt: Date.UTC(2100, 0, 1) }));

    await using child = startChild('count', folder.path);
    await child.said(1);
    for (let times = 0; times < 200; times += 1) {
      await records.attempts.update('attempts-1', (old) => ({ ...old, failures: old.failures + 1 }));
    }

    expect(await child.ended).toBe(0);
    expect(await records.attempts.get('attempts-1')).toMatchObject({ failures: 400 });
  });
});

describe('the files', () => {
  test('are readable by their owner alone, the log beside them too', async () => {
    await using parent = await emptyFolder();
    const data = join(parent.path, 'data');
    await using records = openSqliteRecords({ clock, data, server: true });
    await using ephemera = openSqliteEphemera({ clock, data, server: true });
    await records.settings.create(sample('settings'));
    await ephemera.put('kind', 'id', 1, { ttl: 60 });

    expect((await stat(data)).mode & 0o777).toBe(0o700);

    for (const name of ['records.db', 'ephemera.db'].flatMap((file) => [file, `${file}-wal`, `${file}-shm`])) {
      expect([name, (await stat(join(data, name))).mode & 0o777]).toEqual([name, 0o600]);
    }

    expect((await stat(join(data, 'server.lock'))).mode & 0o777).toBe(0o600);
  });

  test('that others could read are made private when opened', async () => {
    await using folder = await emptyFolder();
    const path = join(folder.path, 'records.db');
    await writeFile(path, '');
    await chmod(path, 0o644);

    await using _records = openSqliteRecords({ clock, data: folder.path, server: false });

    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});

describe('a store that does not answer', () => {
  test('is Unavailable while another process holds the write lock; reads go on, and writes after it', async () => {
    await using folder = await emptyFolder();
    await using records = openSqliteRecords({ clock, data: folder.path, server: true, busyTimeout: 20 });
    await records.settings.create(sample('settings'));
    using other = new DatabaseSync(join(folder.path, 'records.db'));
    other.exec('BEGIN IMMEDIATE');

    await expect(records.settings.create(sample('settings', { id: 'new' }))).rejects.toThrow(Unavailable);
    await expect(records.settings.update('setting-1', (old) => ({ ...old, value: 1 }))).rejects.toThrow(Unavailable);
    await expect(records.write([{ in: 'settings', remove: 'setting-1' }])).rejects.toThrow(Unavailable);
    expect(await records.settings.get('setting-1')).toEqual(sample('settings'));

    other.exec('ROLLBACK');
    await records.settings.create(sample('settings', { id: 'new' }));
    expect(await records.settings.get('new')).toBeDefined();
  });

  test('says nothing of the driver’s: a full disk is Unavailable', async () => {
    using database = new DatabaseSync(':memory:');
    database.exec('PRAGMA max_page_count = 3; CREATE TABLE t (a TEXT)');
    let thrown: unknown;

    try {
      database.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000));
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toMatchObject({ errcode: 13 });
    expect(toFailure(thrown)).toBeInstanceOf(Unavailable);
    expect(toFailure(thrown)).toMatchObject({ message: expect.stringContaining('full') });
  });

  test('is Unavailable when its file is damaged', async () => {
    await using folder = await emptyFolder();
    await writeFile(join(folder.path, 'records.db'), 'not a database at all, whatever it may be'.repeat(200));

    expect(() => openSqliteRecords({ clock, data: folder.path, server: true })).toThrow(Unavailable);
  });
});
