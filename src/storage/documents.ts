import { Invalid } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';

/** The row as JSON. Refuses what UTF-8 cannot hold: it would come back as something else. */
export function writeDocument(row: Json | object): string {
  const doc = JSON.stringify(row);

  // JSON.stringify writes a lone surrogate as an escape; the pair `\\ud` may also stand for a backslash and letters.
  if (doc.includes('\\ud') && !isWellFormed(row)) throw notWellFormed();

  return doc;
}

/** An id, a unique value or a group, checked: a lone surrogate would be stored as U+FFFD and match another text. */
export function storableText(text: string): string {
  if (typeof text !== 'string') throw new Invalid('not a text');
  if (!text.isWellFormed()) throw notWellFormed();

  return text;
}

/** When a life of so many seconds that begins now is over, in milliseconds. Throws Invalid for what is no number. */
export function endOfLife(now: number, ttl: number): number {
  if (!Number.isFinite(ttl)) throw new Invalid('a life that is not a number of seconds');

  return now + ttl * 1000;
}

/** Where a row ends, in milliseconds; one that stays ends at infinity. */
export function momentOf(expiresAt: number | undefined): number {
  if (Number.isNaN(expiresAt)) throw new Invalid('an end that is not a number');

  return expiresAt ?? Infinity;
}

/** A row's place in a list. */
export function orderOf(order: number | string): number | string {
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
