import { setImmediate as breath } from 'node:timers/promises';

import type { AuditAnchor, AuditSegment } from '../domain/audit-segment.ts';
import type { Clock } from '../domain/clock.ts';
import { RateLimited } from '../domain/errors.ts';
import { timePrefix } from '../domain/ids.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import { everyRow, type Page, type Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { settling } from './audit-chain.ts';
import { compared, found, page, type Fault, type FaultKind, type ReadPage } from './audit-comparison.ts';
import { beginning, behindEvent, behindSegment, createSeals, linkOf, readAnchor, type Link } from './audit-seals.ts';

/**
 * Whether the record of events is what was sealed: every event is read twice, by its id and from the list by time that
 * pages read, and held against the chain. Nothing is written. It may run beside servers that seal and remove.
 */
export interface AuditVerify {
  /** One with `most` at a time: throws RateLimited while another is under way. */
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

export type { Fault, FaultKind };

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
  /**
   * Segments that were sealed long after what is in them, and the first of these: no server was there to do it, or somebody took
   * away newer segments and had what they left sealed anew. No fault; a head that was written down tells which.
   */
  sealedLate?: { segments: number; first: number };
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

/** Events that are read while somebody waits for the answer. */
export const mostAtOnce = 100_000;

/** Seconds after which one who has to wait for another's asks again. */
const again = 10;

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

  async function verify({ expect, most, told = () => undefined }: VerifyOptions): Promise<Verified> {
    const anchor = await readAnchor(records);
    const first = anchor ? linkOf(anchor) : beginning;
    const start = most === undefined ? first : await startFor(most, first);

    const faults: Fault[] = anchor ? ofAnchor(anchor, seals.check(anchor)) : [];
    const so = { segments: 0, events: 0, from: undefined as number | undefined };
    let sealedLate: Verified['sealedLate'];
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
      if (segment.sealedAt - from > lateAfter) {
        sealedLate = { segments: (sealedLate?.segments ?? 0) + 1, first: sealedLate?.first ?? number };
      }
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
      ...(sealedLate && { sealedLate }),
      ...(anchor && { removed: { number: anchor.number, until: anchor.until } }),
      ...(expected && { expected }),
      faults,
    };
  }

  let isUnderWay = false;

  return {
    async verify(options = {}) {
      if (options.most === undefined) return verify(options);
      if (isUnderWay) throw new RateLimited(again);

      isUnderWay = true;
      return verify(options).finally(() => (isUnderWay = false));
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
