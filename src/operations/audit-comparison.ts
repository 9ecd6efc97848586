import { setImmediate as breath } from 'node:timers/promises';

import type { AuditSegment } from '../domain/audit-segment.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import type { Page } from '../storage/records.ts';
import { createTally } from './audit-chain.ts';

/**
 * - `changed`, `missing`, `inserted`: events of a segment, as many as were sealed, fewer, more
 * - `hidden`: they are there, and the list that pages read shows others
 * - `segment-changed`, `segment-missing`, `unlinked`: the chain itself
 * - `another-key`: sealed under a key that is not ours, so that nothing can be said of it
 * - `cut-off`, `replaced`: the head that was written down is not there, or another one is
 * - `removal-unproved`: what was removed as too old did not hold when it was
 * - `misdated`: an event whose id says another time than it does
 */
export type FaultKind =
  | 'changed'
  | 'missing'
  | 'inserted'
  | 'hidden'
  | 'segment-changed'
  | 'segment-missing'
  | 'unlinked'
  | 'another-key'
  | 'cut-off'
  | 'replaced'
  | 'removal-unproved'
  | 'misdated';

export interface Fault {
  kind: FaultKind;
  /** Its number; absent where it is about none. */
  segment?: number;
  /** Milliseconds: what the segment says of its events. */
  from?: number;
  until?: number;
  /** Events that were sealed, and that are there now. */
  sealed?: number;
  found?: number;
}

/** An embedded store answers without a turn of the event loop, so that each page is begun with one. */
export const page = 500;

/** Events behind one, by its id. */
export type ReadPage = (after: string, limit: number) => Promise<Page<SecurityEvent>>;

export interface Found {
  count: number;
  digest: string;
}

export function compared({ count, digest }: AuditSegment, byId: Found, byTime: Found): Fault | undefined {
  const fault = { sealed: count, found: byId.count };

  if (byId.count < count) return { kind: 'missing', ...fault };
  if (byId.count > count) return { kind: 'inserted', ...fault };
  if (byId.digest !== digest) return { kind: 'changed', ...fault };
  if (byTime.digest !== digest) return { kind: 'hidden', sealed: count, found: byTime.count };

  return undefined;
}

/** What there is now of a segment, in one of the orders in which events are read: begun anew for each, so that one that
 * is out of its place disturbs no other. */
export async function found({ after, last, count }: AuditSegment, read: ReadPage): Promise<Found> {
  const taken = createTally();
  let from: string | undefined = after;

  while (from !== undefined && taken.count <= count) {
    await breath();
    const { rows, next }: Page<SecurityEvent> = await read(from, Math.min(page, count - taken.count + 1));
    const own = rows.filter(({ id }) => id > after && id <= last);

    own.forEach(taken.add);
    from = own.length === rows.length ? next && (rows.at(-1)?.id ?? next) : undefined;
  }

  return { count: taken.count, digest: taken.digest() };
}
