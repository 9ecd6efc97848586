import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../src/domain/errors.ts';
import { clientNameKey } from '../../../src/domain/client.ts';
import { writeCursor } from '../../../src/storage/cursor.ts';
import { shapes } from '../../../src/storage/records.ts';
import { AlreadyRunning, SchemaTooNew } from '../../../src/storage/refusals.ts';
import { openDatabase } from '../../../src/storage/sqlite/database.ts';
import { ephemeraFile } from '../../../src/storage/sqlite/ephemera.ts';
import { migrate, versionOf, type Migration } from '../../../src/storage/sqlite/migrations.ts';
import { openSqliteRecords, recordsFile } from '../../../src/storage/sqlite/records.ts';
import { createCollection, layoutOf } from '../../../src/storage/sqlite/schema.ts';
import { collectionStatements } from '../../../src/storage/sqlite/statements.ts';
import { settableClock } from '../../support/clock.ts';
import { sample } from '../rows.ts';
import { emptyFolder } from '../places.ts';
import { startChild } from './children.ts';

const files = [recordsFile, ephemeraFile];

/** The tables' columns and indexes, whichever order they were added in. */
function schemaOf(database: DatabaseSync): Record<string, unknown> {
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta' ORDER BY name`)
    .all();

  return Object.fromEntries(
    tables.map(({ name }) => [
      name,
      {
        columns: database
          .prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name')
          .all(String(name)),
        indexes: database.prepare('SELECT name, "unique" FROM pragma_index_list(?) ORDER BY name').all(String(name)),
        indexed: database
          .prepare(
            `SELECT il.name AS name, ii.seqno AS place, ii.name AS column FROM pragma_index_list(?) AS il
             JOIN pragma_index_info(il.name) AS ii ORDER BY il.name, ii.seqno`,
          )
          .all(String(name)),
      },
    ]),
  );
}

/** How each released version looked: `<file>-<version>.sql`, a whole database. A released one never changes. */
function releasedSchema(file: string, version: number): string {
  return readFileSync(new URL(`schemas/${file.replace('.db', '')}-${version}.sql`, import.meta.url), 'utf8');
}

describe('the schema', () => {
  test('is what shapes ask for: a change of shapes needs a migration', () => {
    using made = new DatabaseSync(':memory:');
    using asked = new DatabaseSync(':memory:');
    migrate(made, 'made', recordsFile.migrations);

    for (const [name, shape] of Object.entries(shapes)) asked.exec(createCollection(name, layoutOf(shape as never)));

    expect(schemaOf(made)).toEqual(schemaOf(asked));
  });

  test.each(Object.entries(shapes))('serves every read of %s from an index, in its order', (name, shape) => {
    using database = new DatabaseSync(':memory:');
    migrate(database, 'made', recordsFile.migrations);
    const sql = collectionStatements(database, name, shape as never);
    const lists = Object.keys(shape.lists).map((list) => sql.list(list));
    const reads = [
      sql.get(),
      sql.scan.first(),
      sql.scan.next(),
      ...Object.keys(shape.unique).map((unique) => sql.find(unique)),
      ...lists.flatMap(({ ascending, descending, ids, count }) => [
        ascending.first(),
        ascending.next(),
        descending.first(),
        descending.next(),
        ascending.firstWithin(),
        ascending.nextWithin(),
        descending.firstWithin(),
        descending.nextWithin(),
        ids(),
        count(),
      ]),
      ...('expiresAt' in shape ? [sql.purge(), sql.sweep()] : []),
    ];

    for (const statement of reads) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${statement.sourceSQL}`).all();
      const details = plan.map(({ detail }) => String(detail)).filter((detail) => /^(SCAN|USE TEMP)/.test(detail));

      expect(details).toEqual([]);
      expect(plan.map(({ detail }) => detail).join()).toMatch(/USING (COVERING )?INDEX/);
    }
  });
});

describe('a search by how something begins', () => {
  test('reads what lies between two places of the index, from wherever a page before has ended', () => {
    using database = new DatabaseSync(':memory:');
    migrate(database, 'made', recordsFile.migrations);
    const { ascending, descending } = collectionStatements(database, 'accounts', shapes.accounts).list('email');
    const found = [ascending, descending].flatMap(({ firstWithin, nextWithin }) =>
      [firstWithin(), nextWithin()].map((statement) => {
        const [plan] = database.prepare(`EXPLAIN QUERY PLAN ${statement.sourceSQL}`).all();

        return String(plan?.['detail']).replace('SEARCH accounts USING INDEX accounts_list_email ', '');
      }),
    );

    expect(found).toEqual([
      '(group_email=? AND order_email>? AND order_email<?)',
      '(group_email=? AND (order_email,id)>(?,?) AND order_email<?)',
      '(group_email=? AND order_email>? AND order_email<?)',
      '(group_email=? AND order_email>? AND (order_email,id)<(?,?))',
    ]);
  });
});

describe.each(files)('migrations of $name', (file) => {
  const versions = file.migrations.map((_step, at) => at + 1);

  test('every released version is on record', () => {
    const name = file.name.replace('.db', '');
    const recorded = readdirSync(new URL('schemas', import.meta.url)).filter((each) => each.startsWith(`${name}-`));

    expect(recorded.sort()).toEqual(versions.map((version) => `${name}-${version}.sql`).sort());
  });

  test.each(versions)('make version %p as it was released', (version) => {
    using made = new DatabaseSync(':memory:');
    using released = new DatabaseSync(':memory:');
    migrate(made, 'made', file.migrations.slice(0, version));
    released.exec(releasedSchema(file.name, version));

    expect(schemaOf(made)).toEqual(schemaOf(released));
    expect(versionOf(released, 'released')).toBe(version);
  });

  test.each(versions)('bring version %p to the newest', async (version) => {
    await using folder = await emptyFolder();
    const old = new DatabaseSync(join(folder.path, file.name));
    old.exec(releasedSchema(file.name, version));
    old.close();

    using opened = openDatabase(file, { data: folder.path, server: false });
    using newest = new DatabaseSync(':memory:');
    migrate(newest, 'newest', file.migrations);

    expect(versionOf(opened, 'opened')).toBe(file.migrations.length);
    expect(schemaOf(opened)).toEqual(schemaOf(newest));
  });

  test('refuse a newer version and write nothing', async () => {
    await using folder = await emptyFolder();
    const path = join(folder.path, file.name);
    const newer = openDatabase({ ...file, migrations: [...file.migrations, () => undefined] }, placeOf(folder.path));
    newer.close();
    const before = readFileSync(path);

    expect(() => openDatabase(file, placeOf(folder.path))).toThrow(SchemaTooNew);
    const known = file.migrations.length;
    expect(() => openDatabase(file, placeOf(folder.path))).toThrow(
      `written by a newer release (schema ${known + 1}, this one knows ${known})`,
    );
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('a migration', () => {
  const addColumn: Migration = (database) => database.exec('ALTER TABLE settings ADD COLUMN later TEXT');
  const next = { ...recordsFile, migrations: [...recordsFile.migrations, addColumn] };

  test('keeps the rows', async () => {
    await using folder = await emptyFolder();
    const records = openSqliteRecords({ clock: settableClock(), ...placeOf(folder.path) });
    await records.settings.create(sample('settings'));
    await records[Symbol.asyncDispose]();

    using migrated = openDatabase(next, placeOf(folder.path));

    expect(migrated.prepare('SELECT id, later FROM settings').all()).toEqual([{ id: 'setting-1', later: null }]);
    expect(versionOf(migrated, 'migrated')).toBe(next.migrations.length);
  });

  test('puts the portals that are there on everybody’s list, and all apps on the one by name', async () => {
    await using folder = await emptyFolder();
    const old = new DatabaseSync(join(folder.path, 'records.db'));
    old.exec(releasedSchema('records', 1));
    const insert = old.prepare('INSERT INTO clients (id, doc) VALUES (?, ?)');
    for (const [id, portal] of Object.entries({ portal: true, wiki: false })) {
      const row = sample('clients', { id, metadata: { client_name: `Über ${id}`, first_party: true, portal } });
      insert.run(id, JSON.stringify(row));
    }
    old.close();

    await using records = openSqliteRecords({ clock: settableClock(), ...placeOf(folder.path) });

    expect((await records.clients.list('portals', 'all')).rows.map(({ id }) => id)).toEqual(['portal']);
    const from = writeCursor({ order: clientNameKey('ÜBER W'), id: '' });
    expect((await records.clients.list('name', 'all', { after: from })).rows.map(({ id }) => id)).toEqual(['wiki']);
  });

  test('finds the people who are there by their names', async () => {
    await using folder = await emptyFolder();
    const old = new DatabaseSync(join(folder.path, 'records.db'));
    old.exec(releasedSchema('records', 1));
    const ada = sample('accounts', { displayName: 'Ädä', lastName: 'LOVELACE' });
    old.prepare('INSERT INTO accounts (id, doc) VALUES (?, ?)').run(ada.id, JSON.stringify(ada));
    old.close();

    await using records = openSqliteRecords({ clock: settableClock(), ...placeOf(folder.path) });

    expect((await records.accounts.list('name', 'all', { prefix: 'äd' })).rows).toEqual([ada]);
    expect((await records.accounts.list('lastName', 'all', { prefix: 'love' })).rows).toEqual([ada]);
  });

  test('that breaks off leaves the old version, to be tried again', async () => {
    await using folder = await emptyFolder();
    openDatabase(recordsFile, placeOf(folder.path)).close();
    const broken: Migration = (database) => {
      addColumn(database);
      throw new RangeError('cut');
    };

    expect(() =>
      openDatabase({ ...recordsFile, migrations: [...recordsFile.migrations, broken] }, placeOf(folder.path)),
    ).toThrow('cut');
    openDatabase(recordsFile, placeOf(folder.path)).close();
    using migrated = openDatabase(next, placeOf(folder.path));

    expect(versionOf(migrated, 'migrated')).toBe(next.migrations.length);
  });

  test('waits for no command: beside a running server it is refused', async () => {
    await using folder = await emptyFolder();
    await using _server = openSqliteRecords({ clock: settableClock(), data: folder.path, server: true });

    expect(() => openDatabase(next, placeOf(folder.path))).toThrow(AlreadyRunning);
  });

  test('by several first starts at once is made once', async () => {
    await using folder = await emptyFolder();
    const children = Array.from({ length: 4 }, () => startChild('open', folder.path));

    expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0, 0]);
    using database = openDatabase(recordsFile, placeOf(folder.path));
    expect(database.prepare('SELECT version FROM meta').all()).toEqual([{ version: recordsFile.migrations.length }]);
  });
});

describe('a file that is not ours', () => {
  test('is refused: another program’s database', async () => {
    await using folder = await emptyFolder();
    const foreign = new DatabaseSync(join(folder.path, 'records.db'));
    foreign.exec('CREATE TABLE accounts (name TEXT)');
    foreign.close();

    expect(() => openDatabase(recordsFile, placeOf(folder.path))).toThrow(/is not a database of Gatehouse/);
  });

  test('is refused: a folder that cannot be made', () => {
    expect(() => openDatabase(recordsFile, placeOf('/dev/null/data'))).toThrow(Unavailable);
  });
});

function placeOf(data: string): { data: string; server: boolean } {
  return { data, server: false };
}
