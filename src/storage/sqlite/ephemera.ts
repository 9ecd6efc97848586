import type { Json } from '../../domain/json.ts';
import { endOfLife, storableText as text, writeDocument } from '../documents.ts';
import type { Ephemera } from '../ephemera.ts';
import { guard } from './collection.ts';
import { inTransaction, openDatabase } from './database.ts';
import { ephemeraMigrations } from './migrations.ts';
import type { SqlitePlace } from './records.ts';
import { preparedIn } from './statements.ts';

export const ephemeraFile = { name: 'ephemera.db', synchronous: 'NORMAL', migrations: ephemeraMigrations } as const;

/** Opens `ephemera.db`. Throws AlreadyRunning (a migration beside a server), SchemaTooNew or Unavailable. */
export function openSqliteEphemera(place: SqlitePlace): Ephemera {
  const { clock } = place;
  const database = openDatabase(ephemeraFile, place);
  const prepare = preparedIn(database);
  const sql = {
    put: prepare(
      `INSERT INTO entries (kind, id, value, keys, expires_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE
       SET value = excluded.value, keys = excluded.keys, expires_at = excluded.expires_at`,
    ),
    name: prepare(
      `INSERT INTO names (kind, name, id, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, name) DO UPDATE SET id = excluded.id, expires_at = excluded.expires_at`,
    ),
    get: prepare('SELECT value FROM entries WHERE kind = ? AND id = ? AND +expires_at > ?'),
    find: prepare(
      `SELECT entries.id, value, keys FROM names JOIN entries USING (kind, id)
       WHERE names.kind = ? AND names.name = ? AND +names.expires_at > ?3 AND +entries.expires_at > ?3`,
    ),
    remove: prepare('DELETE FROM entries WHERE kind = ? AND id = ? AND +expires_at > ?'),
    claim: prepare(
      `INSERT INTO entries (kind, id, value, keys, expires_at) VALUES (?, ?, 'true', NULL, ?)
       ON CONFLICT (kind, id) DO UPDATE SET value = 'true', keys = NULL, expires_at = excluded.expires_at
       WHERE entries.expires_at <= ?`,
    ),
    increment: prepare(
      `INSERT INTO entries (kind, id, value, keys, expires_at) VALUES (?1, ?2, '1', NULL, ?3)
       ON CONFLICT (kind, id) DO UPDATE
       SET value = iif(entries.expires_at <= ?4, '1', CAST(CAST(entries.value AS INTEGER) + 1 AS TEXT)),
           keys = NULL,
           expires_at = iif(entries.expires_at <= ?4, ?3, entries.expires_at)
       RETURNING value`,
    ),
    sweepEntries: prepare(sweepOf('entries')),
    sweepNames: prepare(sweepOf('names')),
    ready: prepare('SELECT version FROM meta'),
  };

  const endOf = (ttl: number): number => endOfLife(clock.now(), ttl);

  function put(kind: string, id: string, value: Json, life: { ttl: number; keys?: readonly string[] }): void {
    const keys = (life.keys ?? []).map(text);
    const ends = endOf(life.ttl);
    const entry = [text(kind), text(id), writeDocument(value), keys.length > 0 ? JSON.stringify(keys) : null, ends];

    if (keys.length === 0) {
      sql.put().run(...entry);
      return;
    }

    inTransaction(database, () => {
      sql.put().run(...entry);

      for (const key of keys) sql.name().run(kind, key, id, ends);
    });
  }

  function find(kind: string, key: string): { id: string; value: Json } | undefined {
    const found = sql.find().get(text(kind), text(key), clock.now());

    if (!found || !(JSON.parse(String(found['keys'])) as string[] | null)?.includes(key)) return undefined;

    return { id: String(found['id']), value: JSON.parse(String(found['value'])) as Json };
  }

  return {
    put: async (kind, id, value, life) => guard(() => put(kind, id, value, life)),

    get: async (kind, id) =>
      guard(() => {
        const found = sql.get().get(text(kind), text(id), clock.now());

        return found && (JSON.parse(String(found['value'])) as Json);
      }),

    find: async (kind, key) => guard(() => find(kind, key)),
    consume: async (kind, id) => guard(() => sql.remove().run(text(kind), text(id), clock.now()).changes === 1),

    claim: async (kind, id, ttl) =>
      guard(() => sql.claim().run(text(kind), text(id), endOf(ttl), clock.now()).changes === 1),

    increment: async (kind, id, ttl) =>
      guard(() => Number(sql.increment().get(text(kind), text(id), endOf(ttl), clock.now())?.['value'])),

    remove: async (kind, id) => {
      guard(() => sql.remove().run(text(kind), text(id), clock.now()));
    },

    sweep: async (limit) =>
      guard(() => {
        const swept = Number(sql.sweepEntries().run(clock.now(), limit).changes);

        return swept < limit ? swept + Number(sql.sweepNames().run(clock.now(), limit - swept).changes) : swept;
      }),

    ready: async () => {
      guard(() => sql.ready().get());
    },

    [Symbol.asyncDispose]: async () => {
      if (database.isOpen) database.close();
    },
  };
}

function sweepOf(table: string): string {
  return `DELETE FROM ${table} WHERE rowid IN
    (SELECT rowid FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;
}
