import type { AuditSegment } from '../../src/domain/audit-segment.ts';
import type { KeyUse } from '../../src/domain/key-use.ts';

const start = Date.UTC(2026, 0, 1);

/** Of `rows.ts`: what is kept about the record of events, and about keys. */
export const auditSamples: { auditSegments: AuditSegment; keyUses: KeyUse } = {
  keyUses: { id: 'signing key-1', count: 1, lastAt: start, since: start },
  auditSegments: {
    id: '000000000001',
    number: 1,
    after: '',
    last: '0mjueqo00f3b1c2d3e4f5a6b7c8d9',
    from: start,
    until: start,
    count: 1,
    digest: 'digest',
    before: '',
    sealedAt: start + 3_600_000,
    key: 'key',
    seal: 'seal',
  },
};
