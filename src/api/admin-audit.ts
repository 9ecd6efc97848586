import { z } from 'zod';

import type { Audit } from '../events/audit.ts';
import { eventKinds } from '../events/catalogue.ts';
import { auditFormats, documentOf, type AuditExport } from '../operations/audit-export.ts';
import { readAuditQuestion, type AuditQuestion } from '../operations/audit-filter.ts';
import {
  mostAtOnce,
  printHead,
  readHead,
  type AuditVerify,
  type Fault,
  type Verified,
} from '../operations/audit-verify.ts';
import type { Records } from '../storage/records.ts';
import { adminEndpoint, next, paging, refusedFor, streamed, time, timeOf, type DescribedEndpoint } from './endpoint.ts';

export interface AdminAuditDeps {
  audit: Pick<Audit, 'list'>;
  auditExport: AuditExport;
  auditVerify: AuditVerify;
  records: Pick<Records, 'accounts'>;
}

/** What is looked for; everything may be left out. */
const question = {
  /** Not before this; a date alone is its beginning in UTC. */
  from: z.string().max(40).optional(),
  /** Before this. */
  until: z.string().max(40).optional(),
  /** Who did it: an account's id or e-mail address, `key:…`, `client:…`, `command-line`, `server`, `anonymous`. */
  actor: z.string().max(500).optional(),
  /** Whom it happened to, by id or e-mail address. */
  account: z.string().max(500).optional(),
  client: z.string().max(500).optional(),
  kind: z.enum(eventKinds as [string, ...string[]]).optional(),
};

const event = z.strictObject({
  id: z.string(),
  at: time,
  kind: z.string(),
  actor: z.string(),
  accountId: z.string().optional(),
  clientId: z.string().optional(),
  ip: z.string().optional(),
  userAgent: z.string().optional(),
  /** A device without a browser that was answered, where it stands. */
  device: z.strictObject({ ip: z.string(), userAgent: z.string() }).optional(),
  requestId: z.string().optional(),
  details: z.record(z.string(), z.unknown()),
  /** What was personal in it can't be opened any more: the account is closed. */
  unreadable: z.boolean().optional(),
});

const fault = z.strictObject({
  kind: z.string(),
  segment: z.int().optional(),
  from: time.optional(),
  until: time.optional(),
  sealed: z.int().optional(),
  found: z.int().optional(),
});

const verified = z.strictObject({
  whole: z.boolean(),
  segments: z.int(),
  events: z.int(),
  /** When the first and the last of those happened. */
  from: time.optional(),
  until: time.optional(),
  head: z.string().optional(),
  open: z.strictObject({ events: z.int(), oldest: time.optional(), late: z.boolean() }),
  /** Sealed long after what is in them. */
  sealedLate: z.strictObject({ segments: z.int(), first: z.int() }).optional(),
  removed: z.strictObject({ segment: z.int(), until: time }).optional(),
  expected: z.enum(['found', 'removed', 'lost']).optional(),
  faults: z.array(fault),
});

/** The record of events: read, taken away as a file, verified. Nothing here changes it. */
export function auditEndpoints({ audit, auditExport, auditVerify, records }: AdminAuditDeps): DescribedEndpoint[] {
  const read = (asked: AuditQuestion) => readAuditQuestion(asked, records);

  return [
    adminEndpoint({
      name: 'audit.list',
      method: 'GET',
      path: '/audit',
      scope: 'audit:read',
      summary: 'What happened, the newest first',
      query: z.strictObject({ ...question, ...paging }),
      answer: z.strictObject({
        events: z.array(event),
        next,
        /** There was so much else that reading stopped here; `next` goes on. */
        searchedTo: time.optional(),
      }),
      async run(_call, { query: { after, limit, ...asked } }) {
        const filter = await read(asked);
        if (!filter.ok) return refusedFor(400, filter.problems);

        const { events, next: older, searchedTo } = await audit.list(filter.value, { after, limit });

        return {
          events: events.map(documentOf),
          ...(older !== undefined && { next: older }),
          ...(searchedTo !== undefined && { searchedTo: timeOf(searchedTo) }),
        };
      },
    }),

    adminEndpoint({
      name: 'audit.export',
      method: 'GET',
      path: '/audit/export',
      scope: 'audit:read',
      summary: 'The same as a file, JSON lines or CSV, whole',
      query: z.strictObject({ ...question, format: z.enum(auditFormats).optional() }),
      streams: 'application/jsonl',
      async run({ by }, { query: { format = 'jsonl', ...asked } }) {
        const filter = await read(asked);
        if (!filter.ok) return refusedFor(400, filter.problems);

        const { type, text } = await auditExport.begin(filter.value, format, by);

        return streamed(type, text);
      },
    }),

    adminEndpoint({
      name: 'audit.verify',
      method: 'GET',
      path: '/audit/verify',
      scope: 'audit:read',
      summary: 'Whether the newest events are as they were sealed; `gatehouse audit verify` reads all',
      query: z.strictObject({ expect: z.string().max(100).optional() }),
      answer: verified,
      async run(_call, { query }) {
        const expect = query.expect === undefined ? undefined : readHead(query.expect);
        if (query.expect !== undefined && !expect) {
          return refusedFor(400, [{ path: 'expect', key: 'problem.invalid' }]);
        }

        return shownVerified(await auditVerify.verify({ expect, most: mostAtOnce }));
      },
    }),
  ];
}

function shownVerified({ from, until, head, open, removed, faults, ...rest }: Verified): z.input<typeof verified> {
  return {
    ...rest,
    ...span({ from, until }),
    ...(head && { head: printHead(head) }),
    open: {
      events: open.events,
      late: open.late,
      ...(open.oldest !== undefined && { oldest: timeOf(open.oldest) }),
    },
    ...(removed && { removed: { segment: removed.number, until: timeOf(removed.until) } }),
    faults: faults.map(({ from: first, until: last, ...facts }) => ({
      ...facts,
      ...span({ from: first, until: last }),
    })),
  };
}

function span({
  from,
  until,
}: Pick<Fault, 'from' | 'until'> | { from: number | undefined; until: number | undefined }) {
  return {
    ...(from !== undefined && { from: timeOf(from) }),
    ...(until !== undefined && { until: timeOf(until) }),
  };
}
