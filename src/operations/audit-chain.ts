import { createHash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';

import type { AuditSegment } from '../domain/audit-segment.ts';
import { canonical } from '../domain/canonical.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { timePrefix } from '../domain/ids.ts';
import type { SecurityEvent } from '../domain/security-event.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createSeals, lastLink } from './audit-seals.ts';

/**
 * Closes the record of events, stretch by stretch. What is younger than ten minutes stays open: a node whose clock is
 * behind, or a request that takes its time, may still add to it. Any number of nodes may seal at once and make one chain.
 */
export interface AuditChain {
  /**
   * Seals what has settled, at most so many events that a segment is read quickly. Undefined: there is nothing to seal, or
   * another node was faster. Throws what storage does; safe to repeat.
   */
  seal(): Promise<AuditSegment | undefined>;
  /** The newest segment. */
  last(): Promise<AuditSegment | undefined>;
}

export interface AuditChainDeps {
  records: Pick<Records, 'events' | 'auditSegments' | 'settings'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
  /** Events of a segment. */
  most?: number;
}

/** Milliseconds that an event is left open. */
export const settling = 600_000;

const page = 500;

export function createAuditChain({ records, sealing, clock, most = 10_000 }: AuditChainDeps): AuditChain {
  const seals = createSeals(sealing);

  return {
    async last() {
      return (await records.auditSegments.list('number', 'all', { limit: 1, descending: true })).rows[0];
    },

    async seal() {
      const before = await lastLink(records);
      const taken = createTally();
      // By id, which begins with the time.
      const end = timePrefix(clock.now() - settling);
      let after: string | undefined = before.last;

      while (after !== undefined && taken.count < most) {
        // An embedded store answers without a turn of the event loop: others must come through.
        await breath();
        const { rows, next }: { rows: SecurityEvent[]; next?: string } = await records.events.scan({
          limit: Math.min(page, most - taken.count),
          ...(after !== '' && { after }),
        });
        const settled = rows.filter(({ id }) => id < end);

        settled.forEach(taken.add);
        after = settled.length === rows.length ? next : undefined;
      }

      const { first, last } = taken;
      if (!first || !last) return undefined;

      const segment = seals.segment({
        number: before.number + 1,
        after: before.last,
        last: last.id,
        from: first.at,
        until: last.at,
        count: taken.count,
        digest: taken.digest(),
        before: before.seal,
        sealedAt: clock.now(),
      });

      try {
        await records.auditSegments.create(segment);

        return segment;
      } catch (error) {
        if (error instanceof Conflict) return undefined;
        throw error;
      }
    },
  };
}

/** Events as they come, in one digest. */
export interface Tally {
  add(event: SecurityEvent): void;
  readonly count: number;
  readonly first: SecurityEvent | undefined;
  readonly last: SecurityEvent | undefined;
  /** Once, at the end. */
  digest(): string;
}

export function createTally(): Tally {
  const hash = createHash('sha256');
  const so: { count: number; first: SecurityEvent | undefined; last: SecurityEvent | undefined } = {
    count: 0,
    first: undefined,
    last: undefined,
  };

  return {
    add(event) {
      hash.update(`${canonical(event)}\n`);
      so.count += 1;
      so.first ??= event;
      so.last = event;
    },
    get count() {
      return so.count;
    },
    get first() {
      return so.first;
    },
    get last() {
      return so.last;
    },
    digest: () => hash.digest('base64url'),
  };
}
