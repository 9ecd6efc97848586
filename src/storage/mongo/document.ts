import { Invalid } from '../../domain/errors.ts';
import { behindPrefix } from '../cursor.ts';
import { momentOf, orderOf, storableText, writeDocument } from '../documents.ts';
import type { Shape } from '../records.ts';

/** A row as it is stored: its JSON, beside the values that it is found by. What it does not have has no field. */
export interface Stored {
  _id: string;
  doc: string;
  /** Another one with each write, never the same again: a write that names it finds exactly what was read. */
  revision: string;
  expires_at?: number;
  [indexed: `unique_${string}` | `group_${string}`]: string;
  [order: `order_${string}`]: string | number;
}

/** MongoDB takes 16 MB a document; the rest is for what stands beside the JSON. */
const mostBytes = 15_000_000;

export function storedRow<T extends { id: string }>(shape: Shape<T>, row: T, revision: string): Stored {
  const doc = writeDocument(row);

  if (Buffer.byteLength(doc) > mostBytes) throw new Invalid('a row of more than 15 MB');

  const stored: Stored = { _id: keyOf(row.id), doc, revision };

  if (shape.expiresAt) stored.expires_at = momentOf(shape.expiresAt(row));

  for (const [name, unique] of Object.entries(shape.unique)) {
    const value = unique(row);

    if (value !== undefined) stored[`unique_${name}`] = storableText(value);
  }

  for (const [name, list] of Object.entries(shape.lists)) {
    const group = list.group(row);

    if (group === undefined) continue;

    stored[`group_${name}`] = storableText(group);
    stored[`order_${name}`] = placeOf(orderOf(list.order(row)));
  }

  return stored;
}

export function keyOf(id: string): string {
  return byCodePoint(storableText(id));
}

/** What `keyOf` made the key of. */
export function idOf(key: string): string {
  return key.replace(/\ud7ff([0-9a-f]{6})/g, (_escaped, code: string) => String.fromCodePoint(parseInt(code, 16)));
}

export function placeOf(order: number | string): number | string {
  return typeof order === 'string' ? byCodePoint(order) : order;
}

/** The orders that begin with a prefix. Written as they are, what begins so begins with the prefix as it is written. */
export function rangeOf(prefix: string): { $gte: string; $lt?: string } {
  const from = byCodePoint(storableText(prefix));
  const to = behindPrefix(from);

  return to === undefined ? { $gte: from } : { $gte: from, $lt: to };
}

/**
 * A text that sorts by code point everywhere. MongoDB compares UTF-8 bytes, others that speak its protocol UTF-16 units,
 * and the two differ from U+D7FF on: from there a code point is written as U+D7FF and six hex digits.
 */
function byCodePoint(text: string): string {
  return text.replace(
    /[\ud7ff-\u{10ffff}]/gu,
    (letter) => `\ud7ff${letter.codePointAt(0)?.toString(16).padStart(6, '0')}`,
  );
}
