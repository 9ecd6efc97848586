import { auditView, auditVerifyView } from '../../src/admin/audit.ts';
import { auditRow } from '../../src/admin/audit-rows.ts';
import { keyScheduleView, keysLeakedView, keysView } from '../../src/admin/keys.ts';
import { rowsOf } from '../../src/admin/key-rows.ts';
import { timeInWords } from '../../src/domain/consent-words.ts';
import type { AuditEntry } from '../../src/events/audit.ts';
import type { FaultKind } from '../../src/operations/audit-verify.ts';
import type { KeyReport } from '../../src/operations/key-report.ts';
import { day, now, sample, type Sample } from './sample.ts';

const people = new Map([
  ['Zk3vQ8sWm1xT0rYbN5cLpA', 'ana.lind.with.a.rather.long.address@northwind.example'],
  ['aB3vQ8sWm1xT0rYbN5cLpA', 'root@northwind.example'],
]);

const entries: readonly AuditEntry[] = [
  {
    id: '1',
    kind: 'client.updated',
    at: now - 60_000,
    actor: 'aB3vQ8sWm1xT0rYbN5cLpA',
    clientId: 'payroll',
    requestId: 'Rk3vQ8sWm1xT0rYbN5cLpA',
    ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
    userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    details: {
      fields: ['redirect_uris'],
      changes: { redirect_uris: { before: ['https://old.example/cb'], after: ['https://new.example/cb'] } },
    },
    unreadable: false,
  },
  {
    id: '2',
    kind: 'sign_in.failed',
    at: now - day,
    actor: 'anonymous',
    accountId: 'Zk3vQ8sWm1xT0rYbN5cLpA',
    details: { known: true },
    unreadable: true,
  },
  { id: '3', kind: 'keys.published', at: now - 9 * day, actor: 'server', details: {}, unreadable: false },
];

const asked = { from: '', until: '', actor: '', account: '', client: '', kind: '' };
const kinds = ['client.updated', 'sign_in.failed'];

const faults: FaultKind[] = [
  'changed',
  'missing',
  'inserted',
  'hidden',
  'segment-changed',
  'segment-missing',
  'unlinked',
  'another-key',
  'cut-off',
  'replaced',
  'removal-unproved',
  'misdated',
];

const signing = { life: 3600, alg: 'RS256' } as const;
const use = { id: 'signing 1', count: 12_345, lastAt: now - 60_000, since: now - 90 * day };

const report: KeyReport = {
  signing: [
    {
      ...signing,
      kid: 'Vd1fXUFYLrKQnBcGcTt4oJ8sYp1nE5mZ0aQwXr7iH2k',
      state: 'retired',
      from: now - 95 * day,
      until: now - 5 * day,
      publishedUntil: now - 4 * day,
      knownUntil: now + 25 * day,
    },
    {
      ...signing,
      kid: 'Ad1fXUFYLrKQnBcGcTt4oJ8sYp1nE5mZ0aQwXr7iH2k',
      state: 'current',
      from: now - 5 * day,
      until: now + day,
      publishedUntil: now + 2 * day,
      use,
    },
    { ...signing, kid: 'Bd1fXUFYLrKQnBcGcTt4oJ8sYp1nE5mZ0aQwXr7iH2k', state: 'next', from: now + day },
    {
      ...signing,
      alg: 'ES256',
      kid: 'Cd1fXUFYLrKQnBcGcTt4oJ8sYp1nE5mZ0aQwXr7iH2k',
      state: 'current',
      from: now - 5 * day,
      dueAt: now + 85 * day,
      use,
    },
  ],
  schedule: { rotateEvery: 90 * 86_400, publishBefore: 1200 },
  cookies: [
    { name: 'kQ7wZr1_xY8a', current: true, derived: false, derives: [], use },
    { name: 'mT4nBv0-cX2s', current: false, derived: false, derives: [], use, removableFrom: now - day },
    { name: 'pL9jHg5_dF6q', current: false, derived: false, derives: [], use, removableFrom: now + day },
  ],
  encryption: [
    { name: 'rE3tUi8_oP7z', current: true, derived: false, derives: [] },
    { name: 'wQ2aSd9_fG1h', current: false, derived: false, left: 12_345, derives: ['secrets.hash_key'] },
  ],
};

export const adminAuditSamples: readonly Sample[] = [
  sample(auditView, ({ say }) => ({
    asked,
    kinds,
    filtered: false,
    rows: entries.map((entry) => auditRow(entry, { people }, say)),
    older: '/admin/audit?after=x',
    sealedUntil: now - 900_000,
  })),
  sample(
    auditView,
    () => ({
      asked: { ...asked, from: 'yesterday' },
      kinds,
      filtered: true,
      rows: [],
      newest: '/admin/audit',
      searchedTo: now - day,
    }),
    {
      as: 'nothing found',
      problems: { from: 'problem.moment', account: 'problem.noAccount', kind: 'problem.eventKind' },
    },
  ),
  sample(auditView, () => ({ asked, kinds, filtered: false, rows: [] }), { as: 'empty', onlyWords: true }),
  sample(auditVerifyView, () => ({})),
  sample(
    auditVerifyView,
    () => ({
      found: {
        whole: false,
        segments: 12,
        events: 3456,
        from: now - 9 * day,
        until: now - 900_000,
        head: '4711.Vd1fXUFYLrKQnBcGcTt4oJ8sYp1nE5mZ0aQwXr7iH2k',
        open: { events: 7, late: true },
        sealedLate: { segments: 2, first: 4711 },
        expected: 'lost' as const,
        faults: faults.map((kind, at) => ({
          kind,
          segment: at + 1,
          from: now - 9 * day,
          until: now - 8 * day,
          sealed: 12,
          found: 11,
        })),
      },
    }),
    { as: 'broken', problems: { expect: 'problem.invalid' } },
  ),
  ...(['found', 'removed'] as const).map((expected) =>
    sample(
      auditVerifyView,
      () => ({
        found: { whole: true, segments: 1, events: 1, open: { events: 0, late: false }, expected, faults: [] },
      }),
      { as: `whole, ${expected}`, onlyWords: true },
    ),
  ),
  sample(
    keysView,
    ({ locale }) => ({
      ...rowsOf(report, now),
      algorithms: ['RS256', 'ES256'],
      every: timeInWords(90 * 86_400, locale),
      before: timeInWords(1200, locale),
      mayDo: true,
    }),
    { notice: 'keys.rotated', problems: { form: 'keys.changedMeanwhile' } },
  ),
  sample(
    keysView,
    ({ locale }) => ({
      signing: [],
      cookies: rowsOf(report, now)
        .cookies.slice(0, 1)
        .map((key) => ({ ...key, derived: true })),
      encryption: [],
      algorithms: [],
      before: timeInWords(1200, locale),
      mayDo: false,
    }),
    { as: 'for an auditor', notice: 'keys.rescheduled', onlyWords: true },
  ),
  sample(
    keysLeakedView,
    ({ locale }) => ({
      signing: rowsOf(report, now).signing,
      seen: 'hash',
      algorithms: ['RS256', 'ES256'],
      cached: timeInWords(300, locale),
      tokensUntil: now + 3_600_000,
    }),
    { problems: { agree: 'keys.agreeMissing' }, notice: 'keys.replaced' },
  ),
  ...rowsOf(report, now)
    .signing.filter(({ waits }) => waits)
    .map((key) =>
      sample(keyScheduleView, () => ({ key, signsFrom: '2026-11-25T12:00:00.000Z' }), {
        problems: { signsFrom: 'problem.moment' },
        values: { signsFrom: '2999-01-01' },
      }),
    ),
];
