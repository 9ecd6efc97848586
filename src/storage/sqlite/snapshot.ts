import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../domain/clock.ts';
import { shapes, type Shape, type Snapshot } from '../records.ts';
import { guard, openCollection, type Engine } from './collection.ts';

type AnyRow = { id: string };

/**
 * A connection of its own with one read transaction, which sees what was committed when it began. Nobody waits for it:
 * only the write-ahead log grows until it is closed, because what it may still read is not folded in.
 */
export function openSnapshot(path: string, { clock }: { clock: Clock }): Snapshot {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 });

  try {
    database.exec('PRAGMA trusted_schema = OFF; BEGIN');
    // The transaction begins with its first look.
    database.prepare('SELECT version FROM meta').get();
  } catch (error) {
    database.close();
    throw error;
  }

  const engines = new Map<string, Engine<AnyRow>>();

  function engine(name: keyof typeof shapes): Engine<AnyRow> {
    const known = engines.get(name);
    if (known) return known;

    const made = openCollection({ database, name, shape: shapes[name] as unknown as Shape<AnyRow>, clock });
    engines.set(name, made);

    return made;
  }

  return {
    oneMoment: true,
    scan: async (name, page) => guard(() => engine(name)).collection.scan(page),
    [Symbol.asyncDispose]: async () => {
      if (database.isOpen) database.close();
    },
  };
}
