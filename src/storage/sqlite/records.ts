import { join } from 'node:path';

import type { Clock } from '../../domain/clock.ts';
import { Unavailable } from '../../domain/errors.ts';
import { shapes, type CollectionName, type Collections, type Records, type Shape, type Write } from '../records.ts';
import { guard, openCollection, type Engine } from './collection.ts';
import { inTransaction, openDatabase, type DatabasePlace } from './database.ts';
import { toFailure } from './failures.ts';
import { recordsMigrations } from './migrations.ts';
import { lockServer } from './server-lock.ts';
import { openSnapshot } from './snapshot.ts';

export interface SqlitePlace extends DatabasePlace {
  clock: Clock;
}

export const recordsFile = { name: 'records.db', synchronous: 'FULL', migrations: recordsMigrations } as const;

type AnyRow = { id: string };

/** Opens `records.db`. Throws AlreadyRunning, SchemaTooNew or Unavailable. */
export function openSqliteRecords(place: SqlitePlace): Records {
  using opening = new DisposableStack();
  const lock = place.server ? opening.use(lockServer(place.data)) : undefined;
  const database = openDatabase(recordsFile, place);
  const version = database.prepare('SELECT version FROM meta');
  const engines = new Map(
    Object.entries(shapes).map(([name, shape]): [string, Engine<AnyRow>] => [
      name,
      openCollection({ database, name, shape: shape as unknown as Shape<AnyRow>, clock: place.clock }),
    ]),
  );
  const collections = Object.fromEntries([...engines].map(([name, engine]) => [name, engine.collection]));

  opening.move();

  return {
    ...(collections as unknown as Collections),

    write: async (writes) => guard(() => writeAll(writes)),

    sweep: async (limit) =>
      guard(() => {
        let swept = 0;

        for (const engine of engines.values()) {
          if (swept < limit) swept += engine.sweep(limit - swept);
        }

        return swept;
      }),

    ready: async () => {
      guard(() => version.get());
    },

    snapshot: async () => guard(() => openSnapshot(join(place.data, recordsFile.name), place)),

    [Symbol.asyncDispose]: async () => {
      if (database.isOpen) database.close();

      lock?.[Symbol.dispose]();
    },
  };

  function writeAll(writes: readonly Write[]): boolean {
    if (writes.length === 0) return true;

    const failures: unknown[] = [];
    let ended = false;

    inTransaction(database, () => {
      for (const write of writes) {
        let written = false;

        try {
          written = apply(write);
        } catch (error) {
          const failure = toFailure(error);

          // With the store itself failing, nothing of the batch may stay: what was skipped would be lost in silence.
          if (failure instanceof Unavailable) throw failure;

          failures.push(failure);
        }

        ended = write.decides === true && !written;
        if (ended) break;
      }
    });

    if (failures.length > 0) throw failures[0];

    return !ended;
  }

  /** Whether it made a difference. */
  function apply(write: Write): boolean {
    const engine = engines.get(write.in as CollectionName) as Engine<AnyRow>;

    if ('remove' in write) return engine.remove(write.remove);

    if ('update' in write) {
      const change = write.change as unknown as (old: AnyRow) => AnyRow;
      let changed = false;

      const row = engine.update(write.update, (old) => {
        const next = change(old);
        changed = next !== old;

        return next;
      });

      return changed && row !== undefined;
    }

    if ('create' in write) engine.create(write.create);
    else engine.put(write.put);

    return true;
  }
}
