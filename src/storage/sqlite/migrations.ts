import type { DatabaseSync } from 'node:sqlite';
import { clientNameKey } from '../../domain/client.ts';
import { nameKey } from '../../domain/account.ts';
import { SchemaTooNew } from '../refusals.ts';
import { addList, createCollection } from './schema.ts';
import { Unavailable } from '../../domain/errors.ts';

/** One step forward. It runs inside the transaction of the whole migration, so a kill leaves the old version. */
export type Migration = (database: DatabaseSync) => void;

/** The first makes version 1 out of an empty file, the next version 2, and so on. What was released never changes. */
export const recordsMigrations: readonly Migration[] = [
  (database) => {
    const account = { lists: ['account'] };
    const byCreation = { lists: ['created'] };

    database.exec(
      [
        createCollection('accounts', { unique: ['email'], lists: ['created', 'email', 'administrators'] }),
        createCollection('passwords', {}),
        createCollection('clients', byCreation),
        createCollection('consents', { lists: ['account', 'client'] }),
        createCollection('grants', { lists: ['account', 'client', 'session'], expires: true }),
        createCollection('refreshFamilies', { lists: ['grant', 'account', 'client', 'session'], expires: true }),
        createCollection('sessions', { ...account, unique: ['cookie'], expires: true }),
        createCollection('knownDevices', { ...account, expires: true }),
        createCollection('events', { lists: ['time', 'account'] }),
        createCollection('signingKeys', byCreation),
        createCollection('settings', {}),
        createCollection('attempts', { expires: true }),
        createCollection('oneTimeSecrets', { ...account, unique: ['hash'], expires: true }),
        createCollection('used', { expires: true }),
      ].join('\n'),
    );
  },
  (database) => {
    const account = { lists: ['account'] };

    database.exec(
      [
        createCollection('leases', { expires: true }),
        createCollection('codes', { ...account, expires: true }),
        createCollection('factors', {}),
        createCollection('passkeys', account),
        createCollection('messages', { lists: ['state', 'newest', 'account'], expires: true }),
        createCollection('rememberedBrowsers', { ...account, expires: true }),
        createCollection('formerAddresses', { ...account, expires: true }),
        addList('events', 'group'),
        createCollection('logoutNotices', { lists: ['state', 'person', 'receipt'], expires: true }),
        createCollection('receipts', { ...account, expires: true }),
        createCollection('apiKeys', { ...account, unique: ['hash', 'slot'], expires: true }),
        addList('events', 'tries'),
        addList('clients', 'portals'),
        addList('grants', 'device'),
        createCollection('deviceCodes', { unique: ['userCode'], expires: true }),
        `UPDATE clients SET group_portals = 'all', order_portals = json_extract(doc, '$.createdAt')
         WHERE json_extract(doc, '$.metadata.portal');`,
        addList('accounts', 'closing'),
        createCollection('closedAccounts', { lists: ['look'] }),
        addList('clients', 'name'),
        addList('clients', 'rotating'),
        `UPDATE clients SET group_rotating = 'all', order_rotating = json_extract(doc, '$.createdAt')
         WHERE json_array_length(doc, '$.secrets') > 1;`,
        createCollection('clientUses', {}),
        createCollection('clientReceipts', { lists: ['client'], expires: true }),
        createCollection('webhooks', { lists: ['created'] }),
        createCollection('webhookDeliveries', { lists: ['state', 'webhook'], expires: true }),
        ...['name', 'lastName', 'locked'].map((list) => addList('accounts', list)),
        ...['client', 'actor', 'kind'].map((list) => addList('events', list)),
        `UPDATE events SET
           group_client = json_extract(doc, '$.clientId'), order_client = json_extract(doc, '$.at'),
           group_actor = json_extract(doc, '$.actor'), order_actor = json_extract(doc, '$.at'),
           group_kind = json_extract(doc, '$.kind'), order_kind = json_extract(doc, '$.at');`,
        createCollection('auditSegments', { lists: ['number'] }),
        createCollection('keyUses', {}),
        createCollection('tallies', { lists: ['time'], expires: true }),
        addList('sessions', 'created'),
        `UPDATE sessions SET group_created = 'all', order_created = json_extract(doc, '$.createdAt');`,
      ].join('\n'),
    );

    const named = database.prepare(`UPDATE clients SET group_name = 'all', order_name = ? WHERE id = ?`);
    const name = `json_extract(doc, '$.metadata.client_name')`;
    for (const row of database.prepare(`SELECT id, ${name} AS name FROM clients`).all()) {
      named.run(clientNameKey(String(row['name'])), String(row['id']));
    }
    listNames(database);
  },
];

/** Those who were there before anybody could look for them. Lower case is more than SQLite knows. */
function listNames(database: DatabaseSync): void {
  const set = database.prepare(
    'UPDATE accounts SET group_name = ?, order_name = ?, group_lastName = ?, order_lastName = ? WHERE id = ?',
  );

  for (const { id, doc } of database.prepare('SELECT id, doc FROM accounts').all()) {
    const { displayName, lastName } = JSON.parse(String(doc)) as Record<'displayName' | 'lastName', string>;

    set.run(...[displayName, lastName].flatMap((name) => (name ? ['all', nameKey(name)] : [null, null])), String(id));
  }
}

export const ephemeraMigrations: readonly Migration[] = [
  (database) => {
    // `keys` of an entry says which names its last `put` gave it: a name that points to it but is not there is stale.
    database.exec(`
      CREATE TABLE entries (
        kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, keys TEXT, expires_at REAL NOT NULL,
        PRIMARY KEY (kind, id)
      ) STRICT;
      CREATE INDEX entries_expires ON entries (expires_at);
      CREATE TABLE names (
        kind TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, expires_at REAL NOT NULL,
        PRIMARY KEY (kind, name)
      ) STRICT;
      CREATE INDEX names_expires ON names (expires_at);
    `);
  },
];

/** The version of an open file; 0 for an empty one. Reads only. */
export function versionOf(database: DatabaseSync, file: string): number {
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();

  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === 'meta')) throw new Unavailable(`${file} is not a database of Gatehouse`);

  return Number(database.prepare('SELECT version FROM meta').get()?.['version'] ?? 0);
}

/**
 * Brings a file to the newest version in one transaction. Two processes may do so at once: the second waits for the
 * first and then finds nothing left to do. Throws SchemaTooNew before anything is written.
 */
export function migrate(database: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  if (known(database, file, migrations) === migrations.length) return;

  database.exec('BEGIN IMMEDIATE');

  try {
    const version = known(database, file, migrations);

    for (const step of migrations.slice(version)) step(database);
    if (version === 0)
      database.exec('CREATE TABLE meta (version INTEGER NOT NULL) STRICT; INSERT INTO meta VALUES (0)');

    database.prepare('UPDATE meta SET version = ?').run(migrations.length);
    database.exec('COMMIT');
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

function known(database: DatabaseSync, file: string, migrations: readonly Migration[]): number {
  const found = versionOf(database, file);

  if (found > migrations.length) throw new SchemaTooNew(file, { found, known: migrations.length });

  return found;
}
