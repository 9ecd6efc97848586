import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { newId } from '../../src/domain/ids.ts';
import { enter } from '../security/web/visits.ts';
import { openAdministration, type AdministrationRoom, type Administrator } from '../support/administration.ts';
import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty } from '../support/relying-party.ts';
import { needsOf, type Pair } from '../support/storage.ts';

const minute = 60_000;

/** The audit log and the keys, on their pages and by their endpoints. */
for (const pair of ['sqlite', 'mongo+redis'] satisfies Pair[]) {
  describeWith(needsOf(pair), `administration on ${pair}`, () => {
    let room: AdministrationRoom;
    let admin: Administrator;
    let auditor: Administrator;
    let keys: { admin: string; auditor: string };

    beforeAll(async () => {
      room = await openAdministration(pair, { env: { GATEHOUSE_KEYS_PUBLISH_BEFORE: '20m' } });
      admin = await room.somebody('admin', { email: 'root@example.com' });
      auditor = await room.somebody('auditor', { email: 'audit@example.com' });
      keys = { admin: await room.key(admin.account), auditor: await room.key(auditor.account) };
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    const change = (path: string, body: unknown, more: { method?: string; key?: string; match?: string } = {}) =>
      room.ask(path, {
        key: more.key ?? keys.admin,
        method: more.method ?? 'POST',
        body,
        headers: more.match === undefined ? { 'idempotency-key': newId() } : { 'if-match': more.match },
      });

    const eventsOf = async (kind: string) =>
      (await room.ask(`/audit?kind=${kind}`, { key: keys.auditor })).body.events as {
        actor: string;
        details: object;
      }[];

    describe('S113: the audit log', () => {
      test('is read by an auditor: filtered in a form, whose problems stand beside the fields', async () => {
        const { browser } = auditor;
        const page = await browser.open('/admin/audit');
        expect([page.status, page.title]).toEqual([200, expect.stringMatching(/^Audit log · /)]);
        expect(page.html).toContain('<code>two_factor.method_added</code>');

        const wrong = await browser.submit(page, { from: '2026-02-31', account: 'nobody@example.com' });
        expect(wrong.status).toBe(422);
        expect(wrong.html).toContain('id="field-from-problem"');
        expect(wrong.words).toContain('No account has this e-mail address.');

        const found = await browser.submit(page, { account: 'root@example.com', kind: 'account.created' });
        expect(new URL(found.url).searchParams.toString()).toBe(`account=${admin.account.id}&kind=account.created`);
        expect(found.words.match(/account\.created/g)?.length).toBeGreaterThanOrEqual(1);
        expect(found.html).not.toContain('<code>two_factor.method_added</code>');
        expect(found.html).toContain('root@example.com');

        expect((await browser.get('/admin/audit?kind=nothing')).status).toBe(400);
        expect((await browser.get('/admin/audit?after=nothing')).status).toBe(400);
      });

      test('goes out as a file, asks for a fresh proof before, and that is an event', async () => {
        const { browser, account } = auditor;
        const page = await browser.open('/admin/audit?kind=account.created');
        const file = await browser.submit(page, { format: 'csv' }, { form: '/export' });
        expect(file.headers).toMatchObject({
          'content-type': expect.stringMatching(/^text\/csv/),
          'content-disposition': 'attachment; filename="audit.csv"',
        });
        expect(file.html.split('\r\n').length).toBeGreaterThanOrEqual(4);

        room.app.clock.advance(6 * minute);
        const asked = await browser.submit(page, { format: 'jsonl' }, { form: '/export' });
        expect(asked.html).not.toContain('"kind":"account.created"');
        room.app.clock.advance(-6 * minute);

        expect(await eventsOf('audit.exported')).toMatchObject([
          { actor: account.id, details: { format: 'csv', filter: { kind: 'account.created' } } },
        ]);
      });

      test('is read, taken and verified by programs', async () => {
        const key = keys.auditor;
        const { body } = await room.ask('/audit?account=root@example.com&kind=account.created', { key });
        expect(body).toEqual({
          events: [expect.objectContaining({ kind: 'account.created', accountId: admin.account.id })],
        });
        expect(await room.ask('/audit?from=tomorrow', { key })).toMatchObject({
          status: 400,
          body: { errors: [{ field: 'from', detail: expect.stringContaining('2026-01-31') }] },
        });
        expect((await room.ask('/audit?who=me', { key })).status).toBe(400);
        expect((await room.ask('/audit?after=nothing', { key })).status).toBe(400);

        const lines = await room.ask('/audit/export?kind=account.created', { key });
        expect(lines.headers.get('content-type')).toBe('application/jsonl');
        expect(
          lines.body
            .trimEnd()
            .split('\n')
            .map((line: string) => JSON.parse(line).kind),
        ).toContain('account.created');

        room.app.clock.advance(11 * minute);
        await room.app.services.auditChain.seal();
        room.app.clock.advance(-11 * minute);
        const first = await room.ask('/audit/verify', { key });
        expect(first.body).toMatchObject({ whole: true, segments: 1, faults: [], head: expect.stringMatching(/^1\./) });

        const { rows } = await room.app.services.records.events.list('kind', 'account.created');
        await room.app.services.records.events.update(rows[0]?.id ?? '', (row) => ({ ...row, actor: 'nobody' }));
        expect((await room.ask(`/audit/verify?expect=${first.body.head}`, { key })).body).toMatchObject({
          whole: false,
          expected: 'found',
          faults: [{ kind: 'changed', segment: 1 }],
        });

        const page = await auditor.browser.open('/admin/audit/verify');
        const seen = await auditor.browser.submit(page, { expect: first.body.head });
        expect(seen.words).toContain('The audit log is not as it was sealed');
        expect((await auditor.browser.submit(page, { expect: '1.no' })).status).toBe(422);
      });
    });

    describe('F17: the keys', () => {
      test('S36, S98: an auditor sees them and changes nothing; others see nothing', async () => {
        const page = await auditor.browser.open('/admin/keys');
        expect(page.status).toBe(200);
        expect(page.forms.filter(({ action }) => action.startsWith('/admin/keys'))).toEqual([]);
        expect((await auditor.browser.open('/admin/keys/leaked')).status).toBe(403);

        const own = await admin.browser.open('/admin/keys');
        const form = own.forms.find(({ action }) => action === '/admin/keys');
        const { csrf = '' } = page.forms[0]?.fields ?? {};
        for (const path of ['/admin/keys', '/admin/keys/leaked', '/admin/keys/abc']) {
          const fields = { ...form?.fields, csrf, agree: 'on', seen: '', signsFrom: '2030-01-01', was: '1' };
          expect([path, (await auditor.browser.post(path, fields)).status]).toEqual([path, 403]);
        }

        const ana = await room.app.account();
        const browser = openBrowser(room.app.url);
        await enter(browser, ana);
        for (const path of ['/admin/keys', '/admin/audit', '/admin/audit/verify']) {
          expect([path, (await browser.open(path)).status]).toEqual([path, 403]);
        }

        expect((await room.ask('/keys', { key: keys.auditor })).status).toBe(200);
        expect((await change('/keys/signing/rotate', {}, { key: keys.auditor })).status).toBe(403);
        expect((await room.ask('/audit', { key: await room.key(admin.account, ['keys:read']) })).status).toBe(403);
      });

      test('say what they are used for', async () => {
        const wiki = await relyingParty(
          room.app,
          await room.app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
        );
        await wiki.signIn(await room.app.account());
        await room.app.services.installationKeys.begin();
        await room.app.services.keyUses.flush();

        const { body } = await room.ask('/keys', { key: keys.auditor });
        expect(body).toMatchObject({
          schedule: { rotateEvery: 7_776_000, publishBefore: 1200 },
          signing: [
            { alg: 'RS256', state: 'current', use: { count: expect.any(Number), lastAt: expect.any(String) } },
            { alg: 'ES256', state: 'current', dueAt: expect.any(String) },
          ],
          cookies: [{ current: true, derived: true, use: { lastAt: expect.any(String) } }],
          encryption: [{ current: true, use: { lastAt: expect.any(String) } }],
        });
        expect(body.signing[0].use.count).toBeGreaterThanOrEqual(1);
        expect(JSON.stringify(body)).not.toContain('"d"');
      });

      test('are rotated once, and when the new one signs can be changed, by who knows when it was to', async () => {
        const page = await admin.browser.open('/admin/keys');
        const done = await admin.browser.submit(page, { alg: 'ES256' }, { form: pageForm(page.forms) });
        expect(done.words).toContain('New keys are published and will sign soon.');
        const again = await admin.browser.submit(await admin.browser.open('/admin/keys'), { alg: 'ES256' });
        expect(again.status).toBe(422);
        expect((await change('/keys/signing/rotate', { alg: 'ES256' })).status).toBe(409);

        const { signing } = (await room.ask('/keys', { key: keys.auditor })).body;
        const { kid, signsFrom } = signing.find(({ state }: { state: string }) => state === 'next');
        const path = `/keys/signing/${kid}`;
        const { headers } = await room.ask(path, { key: keys.admin });
        const match = headers.get('etag') ?? '';
        const patch = (to: number, given: string) =>
          change(path, { signsFrom: new Date(to).toISOString() }, { method: 'PATCH', match: given });

        const [late, early] = [Date.parse(signsFrom) + 60 * minute, Date.parse(signsFrom) - 10 * minute];
        expect((await patch(early, match)).body.errors).toMatchObject([{ field: 'signsFrom' }]);
        expect(await patch(late, match)).toMatchObject({ status: 200, body: { kid, state: 'next' } });
        expect((await patch(late + minute, match)).status).toBe(412);
        expect((await change('/keys/signing/none', { signsFrom }, { method: 'PATCH', match })).status).toBe(404);
        expect(await eventsOf('keys.rescheduled')).toMatchObject([
          { details: { kid, changes: { signsFrom: { before: Date.parse(signsFrom), after: late } } } },
        ]);

        const form = await admin.browser.open(`/admin/keys/${kid}`);
        expect((await admin.browser.submit(form, { signsFrom: 'soon' })).status).toBe(422);
        expect((await admin.browser.submit(form, { signsFrom, was: 'then' })).status).toBe(422);
        const moved = await admin.browser.submit(form, { signsFrom: new Date(late + 60 * minute).toISOString() });
        expect(moved.words).toContain('The key signs from the new time on.');
        const stale = await admin.browser.submit(form, { signsFrom: new Date(late + 90 * minute).toISOString() });
        expect([stale.status, stale.words]).toEqual([422, expect.stringContaining('Somebody else has changed this')]);
      });

      test('F18: that leaked are replaced behind a page that says what it hits, and only when it was agreed to', async () => {
        const before = (await room.ask('/keys', { key: keys.auditor })).body.signing as { kid: string }[];
        const page = await admin.browser.open('/admin/keys/leaked');
        for (const { kid } of before) expect(page.html).toContain(kid);
        expect(page.words).toContain('Within 5 seconds every node publishes only the new keys');

        const wrong = await admin.browser.submit(page, { alg: '' });
        expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('Tick the box first')]);
        const done = await admin.browser.submit(page, { alg: '', agree: 'on' });
        expect(done.words).toContain('The old keys are revoked, and new ones sign.');
        const twice = await admin.browser.submit(page, { alg: '', agree: 'on' });
        expect([twice.status, twice.words]).toEqual([422, expect.stringContaining('Somebody else has changed this')]);

        const after = (await room.ask('/keys', { key: keys.auditor })).body.signing as { kid: string }[];
        expect(after.filter(({ kid }) => before.some((old) => old.kid === kid))).toEqual([]);
        expect(await eventsOf('keys.revoked')).toHaveLength(before.length);

        // The answer was lost, and it is asked again: the keys are those of the first time.
        const headers = { 'idempotency-key': newId() };
        const ask = () =>
          room.ask('/keys/signing/replace', { key: keys.admin, method: 'POST', body: { alg: 'ES256' }, headers });
        const [first, second] = [await ask(), await ask()];
        expect(first).toMatchObject({ status: 201, body: { keys: [{ alg: 'ES256', state: 'current' }] } });
        expect(second.body).toEqual(first.body);
      });
    });
  });
}

/** Which of the page's forms rotates. */
function pageForm(forms: readonly { action: string }[]): number {
  return forms.findIndex(({ action }) => action === '/admin/keys');
}
