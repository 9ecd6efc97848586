import { anchorSetting, type AuditAnchor, type AuditSegment } from '../domain/audit-segment.ts';
import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/json.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { anchorIn, behindSegment, createSeals, readAnchor } from './audit-seals.ts';

/**
 * Events are kept for so long and then removed, whomever they are about: a sealed segment at a time, so that the chain of
 * those that stay begins behind what the anchor names. What is not sealed stays.
 */
export interface Retention {
  /** Removes at most `limit` of those that are too old, the oldest first; answers how many. Safe to repeat. */
  sweep(limit: number): Promise<number>;
}

export interface RetentionDeps {
  records: Pick<Records, 'events' | 'auditSegments' | 'settings' | 'write'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
  /** Seconds: `config.events.kept_for`. What holds is how long it is now, not when the event was written. */
  keptFor: number;
}

export function createRetention({ records, sealing, clock, keptFor }: RetentionDeps): Retention {
  const seals = createSeals(sealing);

  /** Up to what the anchor names: also what a crash has left there. */
  async function removeUpTo(last: string, limit: number): Promise<number> {
    const { rows } = await records.events.scan({ limit: Math.min(limit, 1000) });
    const old = rows.filter(({ id }) => id <= last);

    await records.write(
      old.map(({ id }) => ({ in: 'events', remove: id })),
      { inOrder: false },
    );

    return old.length;
  }

  async function removeSegments(upTo: number): Promise<void> {
    const { rows } = await records.auditSegments.list('number', 'all', { limit: 200 });

    await records.write(
      rows.filter(({ number }) => number <= upTo).map(({ id }) => ({ in: 'auditSegments', remove: id })),
      { inOrder: false },
    );
  }

  async function nextBehind(number: number): Promise<AuditSegment | undefined> {
    const after = behindSegment(number);

    return (await records.auditSegments.list('number', 'all', { limit: 1, after })).rows[0];
  }

  /** Whether the row of the anchor is one that we sealed. */
  const isProved = (value: Json | AuditAnchor): value is AuditAnchor & Json => {
    const anchor = anchorIn(value as Json);

    return anchor !== undefined && seals.check(anchor) === 'holds';
  };

  /** Says that a segment goes before anything of it does: a crash in between leaves rows, and no gap. */
  async function giveUp(segment: AuditSegment, unproved: number): Promise<void> {
    const anchor = seals.anchor({
      number: segment.number,
      last: segment.last,
      until: segment.until,
      segmentSeal: segment.seal,
      // Whoever changed a segment so that it goes must not have its traces removed with it.
      unproved: unproved + (seals.check(segment) === 'holds' ? 0 : 1),
      removedAt: clock.now(),
    });
    const row = { id: anchorSetting, value: { ...anchor } as Json, updatedAt: clock.now() };

    // Two nodes that both take themselves for the one never set it back.
    const old = await records.settings.update(anchorSetting, (before) =>
      isProved(before.value) && before.value.number >= segment.number ? before : row,
    );
    if (old === undefined) await records.write([{ in: 'settings', put: row }]);
  }

  return {
    async sweep(limit) {
      let removed = 0;

      while (removed < limit) {
        const found = await readAnchor(records);
        // By one that somebody else wrote nothing is removed.
        const anchor = found && isProved(found) ? found : undefined;
        const gone = anchor ? await removeUpTo(anchor.last, limit - removed) : 0;
        removed += gone;

        if (gone > 0) continue;
        if (anchor) await removeSegments(anchor.number);

        const behind = anchor?.number ?? 0;
        const segment = await nextBehind(behind);
        if (!segment || segment.until > clock.now() - keptFor * 1000) break;

        // An anchor that was changed or taken away, and segments that are not there: the trace of it must stay as well.
        const isBroken = found !== anchor || segment.number !== behind + 1;
        await giveUp(segment, unprovedIn(found) + (isBroken ? 1 : 0));
      }

      return removed;
    },
  };
}

/** Whatever stands there. */
function unprovedIn(anchor: AuditAnchor | undefined): number {
  return Math.max(0, Math.floor(Number(anchor?.unproved))) || 0;
}
