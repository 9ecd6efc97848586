import type { IncomingMessage, ServerResponse } from 'node:http';

import { answerPacked, pack, shortly, type Packed } from './assets.ts';

/** A document that is the same for everybody, until the next start. */
export interface Published {
  path: `/${string}`;
  /** Its media type. */
  type: string;
  /** Asked once, by whoever comes first. */
  text(): string;
}

/** Answers the request when it is for one of them; false when it is for something else. */
export function servePublished(documents: readonly Published[]) {
  const packed = new Map<string, Packed>();

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url?.split('?', 1)[0];
    const found = documents.find((one) => one.path === path);
    if (!found || (request.method !== 'GET' && request.method !== 'HEAD')) return false;

    const known = packed.get(found.path) ?? pack(found.type, Buffer.from(found.text()));
    packed.set(found.path, known);
    answerPacked(known, shortly, { request, response });

    return true;
  };
}
