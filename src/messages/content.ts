import type { Sealing } from '../storage/sealing.ts';

/** What of a message is nobody's business, neither in the store nor in a copy of it: whom it is for and what is in it. */
export interface Content {
  to: string;
  timeZone: string;
  /** As the template wants it. */
  data: object;
  /** It only costs what one for somebody costs, and is dropped when its turn comes. */
  nobody?: true;
  /** Not counted in its template's share: see `Mail.owed`. */
  owed?: true;
}

export function sealContent(sealing: Pick<Sealing, 'seal'>, messageId: string, content: Content): string {
  return sealing.seal(JSON.stringify(content), context(messageId));
}

/** Throws where it was changed, belongs to another message, or was sealed under a key that we don't hold. */
export function openContent(sealing: Pick<Sealing, 'open'>, messageId: string, sealed: string): Content {
  return JSON.parse(sealing.open(sealed, context(messageId))) as Content;
}

function context(messageId: string): string {
  return `message:${messageId}`;
}
