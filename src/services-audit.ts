import { createAudit, type Audit } from './events/audit.ts';
import type { Clock } from './domain/clock.ts';
import type { Events } from './events/writer.ts';
import { createAuditChain, type AuditChain } from './operations/audit-chain.ts';
import { createAuditExport, type AuditExport } from './operations/audit-export.ts';
import { createAuditVerify, type AuditVerify } from './operations/audit-verify.ts';
import { createRetention, type Retention } from './operations/retention.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about the record of events: wiring, and nothing else. */
export interface AuditServices {
  audit: Audit;
  auditExport: AuditExport;
  auditChain: AuditChain;
  auditVerify: AuditVerify;
  retention: Retention;
}

export interface AuditServicesDeps {
  config: { events: { kept_for: number } };
  records: Records;
  sealing: Sealing;
  events: Events;
  clock: Clock;
}

export function openAudit({ config, ...deps }: AuditServicesDeps): AuditServices {
  const audit = createAudit(deps);

  return {
    audit,
    auditExport: createAuditExport({ ...deps, audit }),
    auditChain: createAuditChain(deps),
    auditVerify: createAuditVerify(deps),
    retention: createRetention({ ...deps, keptFor: config.events.kept_for }),
  };
}
