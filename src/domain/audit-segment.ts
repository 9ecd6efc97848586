/**
 * A stretch of the record of events that is closed: so many events, and a digest of them, chained to the stretch before
 * and sealed under the operator's key. Whoever has only the database can change nothing in it that does not show, and
 * can't make another (DECISIONS 27).
 */
export interface AuditSegment {
  /** The number with leading zeros: of two nodes that seal at once, one can make it. */
  id: string;
  /** From 1 on, without a gap. */
  number: number;
  /** The last event of the segment before, by its id; '' for the first. */
  after: string;
  /** Its own last event: all that lie behind `after`, up to this one, are in it. */
  last: string;
  /** When the first and the last of them happened, in milliseconds. */
  from: number;
  until: number;
  count: number;
  /** SHA-256 over the events as they are stored, each as canonical JSON and a line feed: what is personal is ciphertext. */
  digest: string;
  /** `seal` of the segment before; '' for the first. */
  before: string;
  /** Milliseconds. */
  sealedAt: number;
  /** Names the key of `seal`, and says nothing of it. */
  key: string;
  /** A keyed hash of all the rest. */
  seal: string;
}

export function segmentId(number: number): string {
  return String(number).padStart(12, '0');
}

/** The segment up to which the record was removed because it was too old: the chain goes on behind it. */
export interface AuditAnchor extends Pick<AuditSegment, 'number' | 'last' | 'until'> {
  /** Of that segment. */
  segmentSeal: string;
  /** How many were removed though their seals did not hold: the removal must not hide that. */
  unproved: number;
  /** Milliseconds. */
  removedAt: number;
  key: string;
  seal: string;
}

/** The setting that holds it; none: nothing was removed yet. */
export const anchorSetting = 'audit-anchor';
