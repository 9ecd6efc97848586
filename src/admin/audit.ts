import { z } from 'zod';

import { Invalid } from '../domain/errors.ts';
import type { Audit } from '../events/audit.ts';
import { eventKinds } from '../events/catalogue.ts';
import type { AuditChain } from '../operations/audit-chain.ts';
import { auditFormats, type AuditExport } from '../operations/audit-export.ts';
import { readAuditQuestion, type AuditFilter, type AuditQuestion } from '../operations/audit-filter.ts';
import { mostAtOnce, printHead, readHead, type AuditVerify, type Verified } from '../operations/audit-verify.ts';
import { byField } from '../operations/problems.ts';
import type { Records } from '../storage/records.ts';
import { action, page, show, to, view, type Route } from '../web/route.ts';
import { auditPath as path, auditPathOf } from './audit-places.ts';
import { auditRow, type AuditRow } from './audit-rows.ts';
import { seeing, type AdminPage } from './page.ts';

export interface AuditDeps {
  audit: Pick<Audit, 'list'>;
  auditChain: Pick<AuditChain, 'last'>;
  auditExport: AuditExport;
  auditVerify: AuditVerify;
  records: Pick<Records, 'accounts'>;
}

export interface AuditView {
  /** What was looked for, as it can be typed. */
  asked: Record<keyof AuditQuestion, string>;
  kinds: readonly string[];
  filtered: boolean;
  rows: AuditRow[];
  older?: string;
  /** Where these are not the newest. */
  newest?: string;
  /** So far back was looked, in vain or not (milliseconds). */
  searchedTo?: number;
  /** Up to then everything is sealed (milliseconds); absent: nothing is. */
  sealedUntil?: number;
}

export const auditView = view<AuditView>('admin/audit', 'shell', 'audit.title');

export interface AuditVerifyView {
  /** Absent: nothing was verified yet. Times in milliseconds. */
  found?: Omit<Verified, 'head' | 'removed'> & { head?: string };
}

export const auditVerifyView = view<AuditVerifyView>('admin/audit-verify', 'shell', 'audit.verifyTitle');

const question = z.object({
  from: z.string().max(40).optional(),
  until: z.string().max(40).optional(),
  actor: z.string().max(500).optional(),
  account: z.string().max(500).optional(),
  client: z.string().max(500).optional(),
  kind: z.string().max(100).optional(),
});

/** Taking it away is told apart from reading it: it asks for a fresh proof, and is an event. */
const taking = { access: 'recent', role: 'auditor' } as const;

/** What happened, to accounts and to the installation. */
export const audit: AdminPage<AuditDeps> = {
  place: { path, label: 'audit.title', icon: 'shield' },

  routes: (deps): Route[] => [
    page(
      path,
      auditView,
      async ({ query: { after, ...asked }, say }): Promise<AuditView> => {
        const filter = await filterOf(asked, deps);
        const [found, last] = await Promise.all([deps.audit.list(filter, { after }), deps.auditChain.last()]);

        return {
          asked: shownQuestion(filter, found.people),
          kinds: eventKinds,
          filtered: Object.values(filter).some((part) => part !== undefined),
          rows: found.events.map((entry) => auditRow(entry, found, say)),
          ...(found.next !== undefined && { older: auditPathOf(filter, found.next) }),
          ...(after !== undefined && { newest: auditPathOf(filter) }),
          ...(found.searchedTo !== undefined && { searchedTo: found.searchedTo }),
          ...(last && { sealedUntil: last.until }),
        };
      },
      seeing,
    ),

    // A form that is answered with an address: what is typed wrong is told beside its field, and nobody's e-mail address
    // stands in a URL.
    action(
      path,
      question,
      async (_ask, input, wrong) => {
        const filter = await readAuditQuestion(input, deps.records);

        return filter.ok ? to(auditPathOf(filter.value)) : wrong(byField(filter.problems));
      },
      seeing,
    ),

    action(
      `${path}/export`,
      question.extend({ format: z.enum(auditFormats) }),
      async ({ account, visitor }, { format, ...input }) => {
        const filter = await filterOf(input, deps);
        const by = { actor: account.id, from: visitor };
        const { name, type, text } = await deps.auditExport.begin(filter, format, by);

        return { kind: 'download', name, type, text };
      },
      taking,
    ),

    page(`${path}/verify`, auditVerifyView, () => ({}), seeing),

    action(
      `${path}/verify`,
      z.object({ expect: z.string().max(100).optional() }),
      async (_ask, { expect = '' }, wrong) => {
        const head = expect.trim() === '' ? undefined : readHead(expect.trim());
        if (expect.trim() !== '' && !head) return wrong({ expect: 'problem.invalid' });

        const found = await deps.auditVerify.verify({ expect: head, most: mostAtOnce });

        return show(auditVerifyView, { found: shownVerified(found) });
      },
      seeing,
    ),
  ],
};

/** From an address or a hidden field: what is wrong in it was not typed here. Throws Invalid. */
async function filterOf(asked: unknown, { records }: Pick<AuditDeps, 'records'>): Promise<AuditFilter> {
  const read = question.safeParse(asked);
  const filter = read.success ? await readAuditQuestion(read.data, records) : undefined;
  if (!filter?.ok) throw new Invalid('a filter that was not made here');

  return filter.value;
}

/** Addresses where they are known: ids are for programs. */
function shownQuestion(filter: AuditFilter, people: ReadonlyMap<string, string>): AuditView['asked'] {
  const { from, until, actor = '', account = '', client = '', kind = '' } = filter;
  const moment = (at: number | undefined) => (at === undefined ? '' : new Date(at).toISOString());

  return {
    from: moment(from),
    until: moment(until),
    actor: people.get(actor) ?? actor,
    account: people.get(account) ?? account,
    client,
    kind,
  };
}

function shownVerified({ head, removed: _, ...found }: Verified): NonNullable<AuditVerifyView['found']> {
  return { ...found, ...(head && { head: printHead(head) }) };
}
