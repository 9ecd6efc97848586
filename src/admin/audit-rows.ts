import type { Json } from '../domain/json.ts';
import type { AuditEntry, AuditPage } from '../events/audit.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { MessageKey, Say } from '../web/route.ts';
import { auditPathOf } from './audit-places.ts';

/** An event as its row shows it. */
export interface AuditRow {
  kind: string;
  /** Milliseconds. */
  at: number;
  facts: AuditFact[];
}

export interface AuditFact {
  label: string;
  value: string;
  /** To what else happened with it. */
  path?: string;
}

const doers: Readonly<Record<string, MessageKey>> = {
  'command-line': 'audit.by.commandLine',
  server: 'audit.by.server',
  anonymous: 'audit.by.anonymous',
};

export function auditRow(entry: AuditEntry, { people }: Pick<AuditPage, 'people'>, say: Say): AuditRow {
  const { kind, at, actor, accountId, clientId, requestId, ip, userAgent, device, details, unreadable } = entry;
  const known = (id: string) => people.get(id) ?? id;
  const doer = doers[actor];

  const facts: (AuditFact | false)[] = [
    {
      label: say('audit.actor'),
      value: doer === undefined ? known(actor) : say(doer),
      path: auditPathOf({ actor }),
    },
    accountId !== undefined && {
      label: say('audit.account'),
      value: known(accountId),
      path: auditPathOf({ account: accountId }),
    },
    clientId !== undefined && { label: say('audit.client'), value: clientId, path: auditPathOf({ client: clientId }) },
    ip !== undefined && { label: say('message.fact.ip'), value: ip },
    userAgent !== undefined && {
      label: say('message.fact.device'),
      value: deviceInWords(deviceOf(userAgent), say),
    },
    device !== undefined && { label: say('devices.deviceIp'), value: device.ip },
    unreadable && { label: say('message.fact.device'), value: say('audit.unreadable') },
    ...detailFacts(details),
    requestId !== undefined && { label: say('audit.request'), value: requestId },
  ];

  return { kind, at, facts: facts.filter((fact) => fact !== false) };
}

/** What was changed as before and after; everything else under the name that it is written down with. */
function detailFacts({ changes, ...details }: Record<string, Json>): AuditFact[] {
  const changed = Object.entries(typeof changes === 'object' && changes !== null ? changes : {});

  return [
    ...Object.entries(details).map(([label, value]) => ({ label, value: inWords(value) })),
    ...changed.map(([label, change]) => {
      const { before, after } = Object(change) as { before?: Json; after?: Json };

      return { label, value: `${inWords(before)} → ${inWords(after)}` };
    }),
  ];
}

function inWords(value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ') || '–';

  return JSON.stringify(value);
}
