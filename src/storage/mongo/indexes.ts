import type { mongo } from 'mongoose';
import { Conflict } from '../../domain/errors.ts';
import type { Advice } from '../advice.ts';
import { StoreUnfit } from '../refusals.ts';
import type { Connection } from './connection.ts';

/** What each collection is to have beside the index on `_id`, in the newest version. */
export type Indexes = Readonly<Record<string, readonly mongo.IndexDescription[]>>;

/**
 * What should be there and is not: a database is restored without its indexes more easily than one thinks. One after
 * the other, over one connection: to make more of them only for this would take longer.
 */
export async function missingIndexes({ ask, database }: Connection, wanted: Indexes): Promise<Indexes> {
  const missing: Record<string, mongo.IndexDescription[]> = {};

  for (const [name, indexes] of Object.entries(wanted)) {
    if (indexes.length === 0) continue;

    const made = await ask(() => indexesIn(database.collection(name)));
    const lost = indexes.filter((index) => !made.some((one) => areSame(one, index)));

    if (lost.length > 0) missing[name] = lost;
  }

  return missing;
}

/** Builds them, which takes minutes where there are many rows. Throws StoreUnfit where it can't be done. */
export async function makeIndexes({ ask, database }: Connection, missing: Indexes): Promise<void> {
  for (const [name, indexes] of Object.entries(missing)) {
    const unfit = (reason: string, mend: string) =>
      new StoreUnfit(`The database ${database.databaseName}`, { reason, mend });

    try {
      await ask(async () => {
        await database.collection(name).createIndexes([...indexes]);
      });
    } catch (error) {
      if (error instanceof Conflict) {
        throw unfit(
          `the index unique_${error.unique} of ${name} is missing, and rows have come in that share its value`,
          'Restore it from a backup with its indexes, or remove the rows that are too many.',
        );
      }
      if (/Index(Options|KeySpecs)Conflict/.test(String(error))) {
        const names = indexes.map((index) => index.name).join(', ');

        throw unfit(`${name} has other indexes of these names: ${names}`, 'Remove those: the next start makes them.');
      }

      throw error;
    }
  }
}

/** What whoever made them has to say. */
export function adviseOnMade({ database: { databaseName } }: Connection, made: Indexes): Advice[] {
  const names = Object.entries(made).map(([name, indexes]) => `${name} (${indexes.map((one) => one.name).join(', ')})`);

  if (names.length === 0) return [];

  const message = `${databaseName} had lost indexes, which were made again: ${names.join(', ')}.`;
  const mend =
    'Restore it with its indexes from now on: without them, what must be unique is not, until the next start.';

  return [{ state: 'warning', message, mend }];
}

async function indexesIn(collection: mongo.Collection): Promise<mongo.IndexDescriptionInfo[]> {
  try {
    return await collection.indexes();
  } catch (error) {
    // There is no such collection.
    if ((error as { codeName?: unknown }).codeName === 'NamespaceNotFound') return [];

    throw error;
  }
}

function areSame(one: mongo.IndexDescriptionInfo, other: mongo.IndexDescription): boolean {
  const facts = ({ name, key, unique = false, sparse = false }: mongo.IndexDescription | mongo.IndexDescriptionInfo) =>
    JSON.stringify([name, Object.entries(key), unique, sparse]);

  return facts(one) === facts(other);
}
