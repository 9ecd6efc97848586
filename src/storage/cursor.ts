import { Invalid } from '../domain/errors.ts';

/** Where a page ended: the last row's place in the list. A row that is gone still marks its place. */
export interface Position {
  order: number | string;
  id: string;
}

/** How many rows a page has. Throws Invalid where it is not 1 to 1000. */
export function pageLimit({ limit = 50 }: { limit?: number }): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new Invalid('a page has 1 to 1000 rows');

  return limit;
}

/** The first text behind all that begin with `prefix`, by code point; undefined: there is none. */
export function behindPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (letter) => letter.codePointAt(0) ?? 0);
  while (points.at(-1) === lastPoint) points.pop();

  const last = points.pop();
  if (last === undefined) return undefined;

  // Between them lie halves of surrogate pairs, which are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

const lastPoint = 0x10ffff;

export function writeCursor(position: Position): string {
  return Buffer.from(JSON.stringify([position.order, position.id])).toString('base64url');
}

/**
 * Reads what came back from outside. It can only move within the group that was asked for, and with `prefix` within what
 * begins so: it carries no signature.
 */
export function readCursor(cursor: string, prefix?: string): Position {
  const [order, id, ...rest] = parse(cursor);
  const ordered = typeof order === 'number' || (typeof order === 'string' && order.isWellFormed());

  if (!ordered || typeof id !== 'string' || !id.isWellFormed() || rest.length > 0) throw unreadable();
  if (prefix !== undefined && !String(order).startsWith(prefix)) throw unreadable();

  return { order, id };
}

function parse(cursor: string): unknown[] {
  const bytes = Buffer.from(String(cursor), 'base64url');

  if (bytes.toString('base64url') !== cursor) throw unreadable();

  try {
    const parts: unknown = JSON.parse(bytes.toString());

    if (Array.isArray(parts)) return parts;
  } catch (error) {
    throw unreadable({ cause: error });
  }

  throw unreadable();
}

function unreadable(options?: ErrorOptions): Invalid {
  return new Invalid('unreadable cursor', options);
}
