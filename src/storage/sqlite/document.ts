import { momentOf, orderOf, storableText } from '../documents.ts';
import type { Shape } from '../records.ts';

export function readDocument<T>(found: Record<string, unknown>): T {
  return JSON.parse(String(found['doc'])) as T;
}

/** The values of every column behind `doc`, in the order that `schema.ts` gives them. */
export function indexedValues<T extends { id: string }>(shape: Shape<T>, row: T): (string | number | null)[] {
  const values: (string | number | null)[] = [];

  if (shape.expiresAt) values.push(momentOf(shape.expiresAt(row)));

  for (const unique of Object.values(shape.unique)) {
    const value = unique(row);

    values.push(value === undefined ? null : storableText(value));
  }

  for (const list of Object.values(shape.lists)) {
    const group = list.group(row);

    if (group === undefined) values.push(null, null);
    else values.push(storableText(group), orderOf(list.order(row)));
  }

  return values;
}
