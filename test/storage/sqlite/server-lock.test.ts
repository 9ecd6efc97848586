import { expect, test } from '@jest/globals';
import { AlreadyRunning } from '../../../src/storage/refusals.ts';
import { openSqliteEphemera } from '../../../src/storage/sqlite/ephemera.ts';
import { openSqliteRecords } from '../../../src/storage/sqlite/records.ts';
import { lockServer } from '../../../src/storage/sqlite/server-lock.ts';
import { settableClock } from '../../support/clock.ts';
import { sample } from '../rows.ts';
import { emptyFolder } from '../places.ts';
import { startChild } from './children.ts';

const clock = settableClock();

test('a second server on a data folder is refused, with its name', async () => {
  await using folder = await emptyFolder();
  await using _first = openSqliteRecords({ clock, data: folder.path, server: true });

  expect(() => openSqliteRecords({ clock, data: folder.path, server: true })).toThrow(AlreadyRunning);
  expect(() => lockServer(folder.path, 0)).toThrow(`Another server is using ${folder.path}`);
});

test('a second server is refused while the first is another process, and let in once that was killed', async () => {
  await using folder = await emptyFolder();
  await using child = startChild('serve', folder.path);
  await child.said(1);

  expect(() => lockServer(folder.path, 0)).toThrow(AlreadyRunning);
  await child.kill();

  await using records = openSqliteRecords({ clock, data: folder.path, server: true });
  await expect(records.ready()).resolves.toBeUndefined();
});

test('a closed server makes room for the next', async () => {
  await using folder = await emptyFolder();
  const first = openSqliteRecords({ clock, data: folder.path, server: true });
  await first[Symbol.asyncDispose]();

  await using second = openSqliteRecords({ clock, data: folder.path, server: true });
  await expect(second.ready()).resolves.toBeUndefined();
});

test('one that could not start holds nothing', async () => {
  await using folder = await emptyFolder();
  await using first = openSqliteRecords({ clock, data: folder.path, server: true });
  expect(() => lockServer(folder.path, 0)).toThrow(AlreadyRunning);
  await first[Symbol.asyncDispose]();

  using _lock = lockServer(folder.path, 0);
});

test('a command works beside a server, which sees its change at once', async () => {
  await using folder = await emptyFolder();
  await using server = openSqliteRecords({ clock, data: folder.path, server: true });
  await using serverEphemera = openSqliteEphemera({ clock, data: folder.path, server: true });
  await using command = openSqliteRecords({ clock, data: folder.path, server: false });
  await using commandEphemera = openSqliteEphemera({ clock, data: folder.path, server: false });

  await command.clients.create(sample('clients'));
  await commandEphemera.put('kind', 'id', 1, { ttl: 60 });

  expect(await server.clients.get('client-1')).toEqual(sample('clients'));
  expect(await serverEphemera.get('kind', 'id')).toBe(1);
});
