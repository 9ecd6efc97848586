import { setImmediate as breath } from 'node:timers/promises';

import type { AuditAnchor, AuditSegment } from '../domain/audit-segment.ts';
import type { Clock } from '../domain/clock.ts';
import { timePrefix } from '../domain/ids.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import { everyRow, type Page, type Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createTally, settling } from './audit-chain.ts';
import { beginning, behindEvent, behindSegment, createSeals, linkOf, readAnchor, type Link } from './audit-seals.ts';

/**
 * Whether the record of events is what was sealed: every event is read twice, by its id and from the list by time that
 * pages read, and held against the chain. Nothing is written. It may run beside servers that seal and remove.
 */
export interface AuditVerify {
  verify(options?: VerifyOptions): Promise<Verified>;
}

export interface VerifyOptions {
  /** A head that was written down before: it must still be in the chain. `readHead` reads one. */
  expect?: Head | undefined;
  /** Only the newest segments, with about so many events; absent: all. */
  most?: number | undefined;
  told?: ((progress: { events: number; segment: number }) => void) | undefined;
}

export interface Head {
  number: number;
  seal: string;
}

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

export interface Verified {
  /** No fault: what is sealed is as it was. */
  whole: boolean;
  /** What was read: segments, the events in them, and when the first and last of those happened (milliseconds). */
  segments: number;
  events: number;
  from?: number;
  until?: number;
  /** To be written down elsewhere: `printHead`. Absent: nothing is sealed. */
  head?: Head;
  /** Not sealed yet: of these nothing can be said. `late`: older ones than there should be. */
  open: { events: number; oldest?: number; late: boolean };
  /** Removed as too old: up to this segment. */
  removed?: Pick<AuditAnchor, 'number' | 'until'>;
  /** What became of the head that was expected: `removed` is too old to be compared. */
  expected?: 'found' | 'removed' | 'lost';
  faults: Fault[];
}

export interface AuditVerifyDeps {
  records: Pick<Records, 'events' | 'auditSegments' | 'settings'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}

/** An embedded store answers without a turn of the event loop, so that each page is begun with one. */
const page = 500;

/** Events that are read while somebody waits for the answer. */
export const mostAtOnce = 100_000;

/** Milliseconds after which somebody should have sealed an event. */
const lateAfter = settling + 3_600_000;

export function createAuditVerify({ records, sealing, clock }: AuditVerifyDeps): AuditVerify {
  const seals = createSeals(sealing);

  const byId: ReadPage = (after, limit) => records.events.scan({ limit, ...(after !== '' && { after }) });
  const byTime: ReadPage = (after, limit) =>
    records.events.list('time', 'all', { limit, ...(after !== '' && { after: behindEvent(after) }) });

  /** Behind which the newest segments begin, with about so many events. */
  async function startFor(most: number, first: Link): Promise<Link> {
    let events = 0;
    const newest = everyRow((asked) => records.auditSegments.list('number', 'all', { ...asked, descending: true }));

    for await (const segment of newest) {
      if (events >= most) return segment;
      events += segment.count;
    }

    return first;
  }

  return {
    async verify({ expect, most, told = () => undefined } = {}) {
      const anchor = await readAnchor(records);
      const first = anchor ? linkOf(anchor) : beginning;
      const start = most === undefined ? first : await startFor(most, first);

      const faults: Fault[] = anchor ? ofAnchor(anchor, seals.check(anchor)) : [];
      const so = { segments: 0, events: 0, from: undefined as number | undefined };
      let before: Link & { until?: number } = start;
      let linked = true;
      let expected: Verified['expected'] = expect && expect.number <= (anchor?.number ?? 0) ? 'removed' : undefined;
      let isExpectedThere = expect?.number === start.number && expect.seal === start.seal;

      for await (const segment of segmentsBehind(records, start.number)) {
        const { number, from, until } = segment;
        const about = { segment: number, from, until };
        const state = seals.check(segment);

        if (number > before.number + 1) faults.push({ kind: 'segment-missing', segment: before.number + 1 });
        else if (linked && (segment.before !== before.seal || segment.after !== before.last)) {
          faults.push({ kind: 'unlinked', ...about });
        }

        const fault =
          state === 'holds' ? compared(segment, await found(segment, byId), await found(segment, byTime)) : undefined;

        if (state !== 'holds') faults.push({ kind: state === 'broken' ? 'segment-changed' : state, ...about });
        // Removed while it was read, because it was too old.
        if (fault && number > ((await readAnchor(records))?.number ?? 0)) faults.push({ ...fault, ...about });

        if (expect?.number === number) {
          isExpectedThere = expect.seal === segment.seal;
          if (!isExpectedThere) faults.push({ kind: 'replaced', ...about });
        }

        so.segments += 1;
        so.events += segment.count;
        so.from ??= from;
        before = segment;
        linked = state === 'holds';
        told({ events: so.events, segment: number });
      }

      if (expect && !isExpectedThere && expect.number > before.number) {
        faults.push({ kind: 'cut-off', segment: expect.number });
      }
      if (expect) expected ??= isExpectedThere ? 'found' : expect.number <= start.number ? 'removed' : 'lost';

      const rest = await openBehind(before.last, byId, { now: clock.now(), most });
      faults.push(...rest.faults);

      return {
        whole: faults.length === 0,
        segments: so.segments,
        events: so.events,
        ...(so.from !== undefined && { from: so.from }),
        ...(before.until !== undefined && { until: before.until }),
        ...(before.number > 0 && { head: { number: before.number, seal: before.seal } }),
        open: rest.open,
        ...(anchor && { removed: { number: anchor.number, until: anchor.until } }),
        ...(expected && { expected }),
        faults,
      };
    },
  };
}

function ofAnchor(
  { number, until, unproved }: AuditAnchor,
  state: ReturnType<ReturnType<typeof createSeals>['check']>,
) {
  const about = { segment: number, until };
  const faults: Fault[] = [];

  if (state !== 'holds') faults.push({ kind: state === 'broken' ? 'segment-changed' : state, ...about });
  if (unproved > 0) faults.push({ kind: 'removal-unproved', ...about });

  return faults;
}

async function* segmentsBehind(records: Pick<Records, 'auditSegments'>, number: number): AsyncGenerator<AuditSegment> {
  let after: string | undefined = behindSegment(number);

  while (after !== undefined) {
    const { rows, next }: Page<AuditSegment> = await records.auditSegments.list('number', 'all', { after, limit: 500 });
    yield* rows;
    after = next;
  }
}

/** Events behind one, by its id. */
type ReadPage = (after: string, limit: number) => Promise<Page<SecurityEvent>>;

interface Found {
  count: number;
  digest: string;
}

function compared({ count, digest }: AuditSegment, byId: Found, byTime: Found): Fault | undefined {
  const fault = { sealed: count, found: byId.count };

  if (byId.count < count) return { kind: 'missing', ...fault };
  if (byId.count > count) return { kind: 'inserted', ...fault };
  if (byId.digest !== digest) return { kind: 'changed', ...fault };
  if (byTime.digest !== digest) return { kind: 'hidden', sealed: count, found: byTime.count };

  return undefined;
}

/** What there is now of a segment, in one of the orders in which events are read: begun anew for each, so that one that
 * is out of its place disturbs no other. */
async function found({ after, last, count }: AuditSegment, read: ReadPage): Promise<Found> {
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

/** What lies behind the last segment; at most so many are read. */
async function openBehind(
  last: string,
  read: ReadPage,
  { now, most = Infinity }: { now: number; most?: number | undefined },
) {
  let events = 0;
  let misdated = 0;
  let oldest: number | undefined;
  let from: string | undefined = last;

  while (from !== undefined && events < most) {
    await breath();
    const { rows, next }: Page<SecurityEvent> = await read(from, page);

    for (const { id, at } of rows) {
      events += 1;
      oldest = Math.min(oldest ?? at, at);
      if (!id.startsWith(timePrefix(at))) misdated += 1;
    }
    from = next;
  }

  const late = oldest !== undefined && oldest < now - lateAfter;
  const faults: Fault[] = misdated === 0 ? [] : [{ kind: 'misdated', found: misdated }];

  return { open: { events, ...(oldest !== undefined && { oldest }), late }, faults };
}

/** `17.<seal>`, to be written down and shown again. */
export function printHead({ number, seal }: Head): string {
  return `${number}.${seal}`;
}

/** Undefined: that is none. */
export function readHead(text: string): Head | undefined {
  const [, number, seal] = /^(\d{1,12})\.([\w-]{43})$/.exec(text) ?? [];

  return number === undefined || seal === undefined ? undefined : { number: Number(number), seal };
}
