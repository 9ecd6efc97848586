import { fates } from '../../src/operations/erasing.ts';
import type { CollectionName, Records } from '../../src/storage/records.ts';

/** Every row that names an account, collection by collection; none where there is none. */
export async function rowsOf(
  records: Records,
  { id }: { id: string },
): Promise<Partial<Record<CollectionName, unknown[]>>> {
  const found: Partial<Record<CollectionName, unknown[]>> = {};

  for (const name of Object.keys(fates) as CollectionName[]) {
    const { rows } = await records[name].scan({ limit: 1000 });
    const own = rows.filter((row) => JSON.stringify(row).includes(id));
    if (own.length > 0) found[name] = own;
  }

  return found;
}

/** Collections in which something of it is left, but for notices that are on their way. */
export async function leftOf(records: Records, account: { id: string }): Promise<string[]> {
  const names = Object.keys(await rowsOf(records, account));

  return names.filter((name) => name !== 'logoutNotices').toSorted();
}
