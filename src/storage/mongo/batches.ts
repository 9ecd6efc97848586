import type { mongo } from 'mongoose';
import type { Connection } from './connection.ts';
import { idOf, type Stored } from './document.ts';

/** Rows that are removed, or written, with one question: so many that its patience suffices on a slow server too. */
export const batchSize = 200;

interface Rows {
  filter: mongo.Filter<Stored>;
  /** Of the index that they are found by. */
  hint: string;
  sort?: Record<string, 1 | -1>;
}

/** The ids of at most `limit` of them, the first in the index. */
export async function readIds(
  { ask }: Pick<Connection, 'ask'>,
  native: mongo.Collection<Stored>,
  { filter, limit, ...options }: Rows & { limit: number },
): Promise<string[]> {
  const asked = { ...options, projection: { _id: 1 }, limit, batchSize: limit };
  const found = await ask(() => native.find(filter, asked).toArray());

  return found.map(({ _id }) => idOf(_id));
}

/** Removes at most `limit` of them, the first in the index, batch by batch; answers how many. */
export async function removeRows(
  { ask }: Pick<Connection, 'ask'>,
  native: mongo.Collection<Stored>,
  { filter, limit = Infinity, ...options }: Rows & { limit?: number },
): Promise<number> {
  let looked = 0;
  let removed = 0;

  while (looked < limit) {
    const most = Math.min(batchSize, limit - looked);
    const found = await ask(() => native.find(filter, { projection: { _id: 1 }, ...options, limit: most }).toArray());
    const ids = found.map(({ _id }) => _id);

    if (ids.length > 0) {
      // Still in the group, still expired: it may have changed in between.
      removed += (await ask(() => native.deleteMany({ _id: { $in: ids }, ...filter }))).deletedCount;
    }
    if (ids.length < most) return removed;

    looked += ids.length;
  }

  return removed;
}
