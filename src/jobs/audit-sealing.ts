import type { AuditSegment } from '../domain/audit-segment.ts';
import type { AuditChain } from '../operations/audit-chain.ts';
import { startJob, type Job } from './job.ts';

/** Seals the record of events, a segment after the other, until all that has settled is sealed. */
export interface AuditSealing extends Omit<Job, 'id' | 'round'> {
  auditChain: Pick<AuditChain, 'seal'>;
  /** Of each segment: what is logged elsewhere bears witness to it. */
  told: (segment: AuditSegment) => void;
}

export function startAuditSealing({ auditChain, told, ...job }: AuditSealing): AsyncDisposable {
  return startJob({
    ...job,
    id: 'audit-sealing',
    async round(stop) {
      while (!stop.aborted) {
        const segment = await auditChain.seal();
        if (!segment) return;

        told(segment);
      }
    },
  });
}
