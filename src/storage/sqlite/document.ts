import { Invalid } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import type { Shape } from '../records.ts';

/** The row as JSON. Refuses what UTF-8 cannot hold: it would come back as something else. */
export function writeDocument(row: Json | object): string {
  const doc = JSON.stringify(row);

  // JSON.stringify writes a lone surrogate as an escape; the pair `\\ud` may also stand for a backslash and letters.
  if (doc.includes('\\ud') && !isWellFormed(row)) throw notWellFormed();

  return doc;
}

export function readDocument<T>(found: Record<string, unknown>): T {
  return JSON.parse(String(found['doc'])) as T;
}

/** An id, a unique value or a group, checked: a lone surrogate would be stored as U+FFFD and match another text. */
export function storableText(text: string): string {
  if (typeof text !== 'string') throw new Invalid('not a text');
  if (!text.isWellFormed()) throw notWellFormed();

  return text;
}

/** The values of every column behind `doc`, in the order that `schema.ts` gives them. */
export function indexedValues<T extends { id: string }>(shape: Shape<T>, row: T): (string | number | null)[] {
  const values: (string | number | null)[] = [];

  if (shape.expiresAt) values.push(moment(shape.expiresAt(row)));

  for (const unique of Object.values(shape.unique)) {
    const value = unique(row);

    values.push(value === undefined ? null : storableText(value));
  }

  for (const list of Object.values(shape.lists)) {
    const group = list.group(row);

    if (group === undefined) values.push(null, null);
    else values.push(storableText(group), orderValue(list.order(row)));
  }

  return values;
}

function moment(expiresAt: number | undefined): number {
  if (Number.isNaN(expiresAt)) throw new Invalid('an end that is not a number');

  return expiresAt ?? Infinity;
}

function orderValue(order: number | string): number | string {
  if (typeof order === 'string') return storableText(order);
  if (!Number.isFinite(order)) throw new Invalid('an order that is not a number');

  return order;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;

  return Object.entries(value).every(([key, each]) => key.isWellFormed() && isWellFormed(each));
}

function notWellFormed(): Invalid {
  return new Invalid('half a surrogate pair is no character');
}
