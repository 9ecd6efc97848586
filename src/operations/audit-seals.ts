import { anchorSetting, segmentId, type AuditAnchor, type AuditSegment } from '../domain/audit-segment.ts';
import { canonical } from '../domain/canonical.ts';
import { timeOfId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import { writeCursor } from '../storage/cursor.ts';
import type { Records } from '../storage/records.ts';
import { sameText, type Sealing } from '../storage/sealing.ts';

/** How the chain of the record of events is sealed, and where its ends are read. */
export interface Seals {
  segment(open: Omit<AuditSegment, 'id' | 'key' | 'seal'>): AuditSegment;
  anchor(open: Omit<AuditAnchor, 'key' | 'seal'>): AuditAnchor;
  /** `another-key`: sealed under a key that is not ours, or so it says. */
  check(sealed: AuditSegment | AuditAnchor): 'holds' | 'broken' | 'another-key';
}

export function createSeals({ keyedHash }: Pick<Sealing, 'keyedHash'>): Seals {
  const key = keyedHash('audit key', '').slice(0, 12);
  const sealOf = (of: object) => keyedHash('audit', canonical(of));

  return {
    segment(open) {
      const all = { ...open, id: segmentId(open.number), key };

      return { ...all, seal: sealOf(all) };
    },

    anchor(open) {
      const all = { ...open, key };

      return { ...all, seal: sealOf({ anchor: all }) };
    },

    check({ seal, ...all }) {
      const expected = sealOf('segmentSeal' in all ? { anchor: all } : all);
      if (typeof seal === 'string' && sameText(seal, expected)) return 'holds';

      return all.key === key ? 'broken' : 'another-key';
    },
  };
}

/** Where the chain goes on behind: a segment, what was removed, or nothing. */
export type Link = Pick<AuditSegment, 'number' | 'last' | 'seal'>;

export const beginning: Link = { number: 0, last: '', seal: '' };

export async function readAnchor({ settings }: Pick<Records, 'settings'>): Promise<AuditAnchor | undefined> {
  return anchorIn((await settings.get(anchorSetting))?.value);
}

/** Undefined: it is none, whoever wrote it. */
export function anchorIn(value: Json | undefined): AuditAnchor | undefined {
  return isAnchor(value) ? value : undefined;
}

function isAnchor(value: unknown): value is AuditAnchor & Json {
  return typeof value === 'object' && value !== null && 'segmentSeal' in value && 'number' in value && 'last' in value;
}

export function linkOf({ number, last, segmentSeal: seal }: AuditAnchor): Link {
  return { number, last, seal };
}

/** The newest segment; without one what was removed, or the beginning. */
export async function lastLink(records: Pick<Records, 'auditSegments' | 'settings'>): Promise<Link> {
  const { rows } = await records.auditSegments.list('number', 'all', { limit: 1, descending: true });
  const [segment] = rows;
  const anchor = await readAnchor(records);

  if (anchor && anchor.number > (segment?.number ?? 0)) return linkOf(anchor);

  return segment ?? beginning;
}

/** Where the list of segments goes on behind one. */
export function behindSegment(number: number): string {
  return writeCursor({ order: number, id: segmentId(number) });
}

/** Where the list of events by time goes on behind one. */
export function behindEvent(id: string): string {
  return writeCursor({ order: timeOfId(id), id });
}
