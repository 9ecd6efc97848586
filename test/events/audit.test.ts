import { describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { newTimedId } from '../../src/domain/ids.ts';
import { createAudit, type AuditFilter } from '../../src/events/audit.ts';
import type { Origin } from '../../src/events/writer.ts';
import { cellOf, createAuditExport } from '../../src/operations/audit-export.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records, Row } from '../../src/storage/records.ts';
import { furnish } from '../credentials/room.ts';
import { start } from '../storage/rows.ts';
import { describeStore, opened, recordsStore, type MakeStore } from '../storage/stores.ts';

const from: Origin = { ip: '192.0.2.77', userAgent: '=HYPERLINK("http://evil.example")', requestId: 'request-1' };
const minute = 60_000;

async function openLog(make: MakeStore<Records>) {
  const stack = new AsyncDisposableStack();
  const { port: records, clock } = stack.use(await opened(make));
  const room = stack.use(furnish(records, clock));
  const audit = createAudit(room);

  async function made(email: string): Promise<Account> {
    const account = await room.accounts.create({ email }, { actor: 'command-line' });
    if (!account.ok) throw new Error('no account');
    clock.advance(minute);

    return account.value;
  }

  return {
    ...room,
    audit,
    auditExport: createAuditExport({ ...room, audit }),
    made,
    kinds: async (filter: AuditFilter) => (await audit.list(filter)).events.map(({ kind }) => kind),
    /** Many at once, of the last milliseconds before now. */
    many: (count: number, row: Partial<Row<'events'>>) =>
      records.write(
        Array.from({ length: count }, (_, ago) => {
          const at = clock.now() - count + ago;

          return {
            in: 'events',
            create: { id: newTimedId(at), kind: 'token.issued', at, actor: 'client:busy', details: {}, ...row },
          };
        }),
        { inOrder: false },
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function partsOf(text: AsyncIterable<string>): Promise<string[]> {
  const parts: string[] = [];
  for await (const part of text) parts.push(part);

  return parts;
}

for (const backend of recordsBackends) {
  describeStore(backend.kind, () => {
    const make = recordsStore(backend);

    describe(`S113: the audit log on ${backend.kind}`, () => {
      test('is filtered by time, actor, account, client and kind, one by one and together', async () => {
        await using log = await openLog(make);
        const ada = await log.made('ada@example.com');
        const ben = await log.made('ben@example.com');
        await log.events.write('account.disabled', { actor: ben.id, account: ada, from, details: {} });
        log.clock.advance(minute);
        await log.events.write('consent.given', {
          actor: ada.id,
          account: ada,
          clientId: 'wiki',
          details: { scopes: [], claims: [] },
        });
        log.clock.advance(minute);
        await log.events.write('client.disabled', { actor: ben.id, clientId: 'wiki' });

        const all = ['client.disabled', 'consent.given', 'account.disabled', 'account.created', 'account.created'];
        expect(await log.kinds({})).toEqual(all);
        expect(await log.kinds({ account: ada.id })).toEqual(['consent.given', 'account.disabled', 'account.created']);
        expect(await log.kinds({ actor: ben.id })).toEqual(['client.disabled', 'account.disabled']);
        expect(await log.kinds({ client: 'wiki' })).toEqual(['client.disabled', 'consent.given']);
        expect(await log.kinds({ kind: 'account.created' })).toEqual(['account.created', 'account.created']);
        expect(await log.kinds({ actor: ben.id, account: ada.id })).toEqual(['account.disabled']);
        expect(await log.kinds({ actor: ada.id, client: 'wiki', kind: 'consent.given' })).toEqual(['consent.given']);
        expect(await log.kinds({ actor: ada.id, client: 'wiki', kind: 'consent.removed' })).toEqual([]);

        // Not before the one, before the other.
        const [third, fourth] = [start + 2 * minute, start + 3 * minute];
        expect(await log.kinds({ from: third, until: fourth })).toEqual(['account.disabled']);
        expect(await log.kinds({ from: fourth, client: 'wiki' })).toEqual(['client.disabled', 'consent.given']);
        expect(await log.kinds({ until: fourth, account: ada.id })).toEqual(['account.disabled', 'account.created']);
      });

      test('comes page by page, and says how far it has looked where there is much else', async () => {
        await using log = await openLog(make);
        const ada = await log.made('ada@example.com');
        // A few of hers among very many of an app and of a kind.
        await log.many(5_400, { clientId: 'busy' });

        const one = await log.audit.list({ kind: 'token.issued' }, { limit: 3 });
        expect(one.events).toHaveLength(3);
        const two = await log.audit.list({ kind: 'token.issued' }, { limit: 3, after: one.next });
        expect(new Set([...one.events, ...two.events].map(({ id }) => id)).size).toBe(6);

        // The list of the account leads, and there is nothing to look through.
        expect(await log.audit.list({ kind: 'account.created', account: ada.id, client: 'busy' })).toEqual({
          events: [],
          people: new Map(),
        });

        const first = await log.audit.list({ client: 'busy', kind: 'token.issued', actor: 'client:busy', from: start });
        expect(first.events).toHaveLength(50);
        const none = await log.audit.list(
          { client: 'busy', actor: 'client:busy', until: log.clock.now(), kind: 'token.issued' },
          { limit: 1 },
        );
        expect(none.next).toBeDefined();

        // Two lists of which neither ends soon, and nothing that is in both.
        await log.many(5_400, { actor: ada.id, kind: 'sign_out' });
        const far = await log.audit.list({ actor: ada.id, kind: 'token.issued' });
        expect(far).toMatchObject({ events: [], next: expect.any(String), searchedTo: expect.any(Number) });
        const end = await log.audit.list({ actor: ada.id, kind: 'token.issued' }, { after: far.next });
        expect(end).toEqual({ events: [], people: expect.any(Map) });
      }, 30_000);

      test('reads what is personal as long as the account is there, and a pseudonym from then on', async () => {
        await using log = await openLog(make);
        const ada = await log.made('ada@example.com');
        await log.events.write('sign_out', { actor: ada.id, account: ada, from });
        await log.events.write('sign_in.failed', { actor: 'anonymous', from, details: { known: false } });

        const before = await log.audit.list({ account: ada.id, kind: 'sign_out' });
        expect(before.events).toMatchObject([{ ip: from.ip, userAgent: from.userAgent, unreadable: false }]);
        expect(before.people).toEqual(new Map([[ada.id, 'ada@example.com']]));
        expect((await log.audit.list({ actor: 'anonymous' })).events).toMatchObject([{ ip: from.ip }]);

        await log.accounts.delete(ada.id, { actor: 'command-line' });
        const { events, people } = await log.audit.list({ account: ada.id, kind: 'sign_out' });
        expect(events).toMatchObject([{ accountId: ada.id, actor: ada.id, unreadable: true }]);
        expect(events[0]).not.toHaveProperty('ip');
        expect(people.size).toBe(0);
      });

      test('goes out as JSON lines and as CSV that calculates nothing, page by page, and that is an event', async () => {
        await using log = await openLog(make);
        const ada = await log.made('ada@example.com');
        await log.many(450, { accountId: ada.id });
        await log.events.write('sign_out', { actor: ada.id, account: ada, from });

        const by = { actor: ada.id };
        const file = await log.auditExport.begin({ account: ada.id, from: start }, 'jsonl', by);
        expect(file).toMatchObject({ name: 'audit.jsonl', type: 'application/jsonl' });
        const parts = await partsOf(file.text);
        expect(parts).toHaveLength(3);
        const lines = parts.join('').trimEnd().split('\n');
        expect(lines).toHaveLength(452);
        expect(JSON.parse(lines[0] ?? '')).toEqual({
          id: expect.any(String),
          at: new Date(log.clock.now()).toISOString(),
          kind: 'sign_out',
          actor: ada.id,
          accountId: ada.id,
          requestId: 'request-1',
          ip: from.ip,
          userAgent: from.userAgent,
          details: {},
        });

        log.clock.advance(minute);
        const csv = await log.auditExport.begin({ kind: 'sign_out' }, 'csv', by);
        const rows = (await partsOf(csv.text)).join('').split('\r\n');
        expect(rows[0]).toMatch(/^at,kind,actor,account_id,/);
        expect(rows[1]).toContain(`,192.0.2.77,"'=HYPERLINK(""http://evil.example"")",`);
        expect(rows).toHaveLength(3);

        expect((await log.audit.list({ kind: 'audit.exported' })).events).toMatchObject([
          { actor: ada.id, details: { format: 'csv', filter: { kind: 'sign_out' } } },
          { details: { format: 'jsonl', filter: { account: ada.id, from: '2026-01-01T00:00:00.000Z' } } },
        ]);

        // Somebody who goes away after the first part leaves the rest unread.
        let reads = 0;
        const counted = createAuditExport({
          ...log,
          audit: { list: (...given) => ((reads += 1), log.audit.list(...given)) },
        });
        const left = (await counted.begin({}, 'jsonl', by)).text[Symbol.asyncIterator]();
        await left.next();
        await left.return?.();
        expect(reads).toBe(1);
      });
    });
  });
}

test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\r=1', '\n1', '|calc', '%0', '＝1', '＠A'])(
  'a cell that begins with %j is a text',
  (text) => {
    expect(cellOf(text)).toMatch(/^"?'/);
  },
);

test('a cell with quotes, commas and line ends is one cell', () => {
  expect(cellOf('a "b", c\r\nd')).toBe('"a ""b"", c\r\nd"');
  expect(cellOf('plain')).toBe('plain');
  expect(cellOf('')).toBe('');
});
