import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { recoveryAt, wanted } from '../flows/recovery.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';
import { openAccountRoom, reason, type AccountRoom } from './account-room.ts';
import { invitations } from './invitations.ts';
import { locks } from './locks.ts';
import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { needsOf, type Pair } from '../support/storage.ts';
import { fifty } from '../storage/rows.ts';

/** What administrators do for account holders, in the console and over the API. */
for (const pair of ['sqlite', 'mongo+redis'] satisfies Pair[]) {
  describeWith(needsOf(pair), `accounts in administration on ${pair}`, () => {
    let at: AccountRoom;

    beforeAll(async () => {
      at = await openAccountRoom(pair);
    });

    afterAll(async () => {
      await at.room[Symbol.asyncDispose]();
    });

    describe('looking somebody up', () => {
      test('by the beginning of an address or name, whatever its case, page by page; by a whole address or an id', async () => {
        const names = ['Zoë Ähm', 'ZOË Berg', 'zoë Clark', 'Zack'];
        for (const [n, displayName] of names.entries()) {
          await at.room.app.account({ email: `zz${n}@Example.ORG`, displayName, lastName: `Zed${n}` });
        }

        const found = async (query: string) => {
          const { status, body } = await at.ask(`?${query}`);
          expect(status).toBe(200);

          return (body.accounts as { email: string }[]).map(({ email }) => email.slice(0, 3));
        };

        expect(await found('by=name&begins=zo%C3%AB')).toEqual(['zz1', 'zz2', 'zz0']);
        expect(await found('by=lastName&begins=ZED2')).toEqual(['zz2']);
        expect(await found('begins=ZZ')).toEqual(['zz0', 'zz1', 'zz2', 'zz3']);
        expect(await found('address=zz3@example.org')).toEqual(['zz3']);
        expect(await found('address=zz3@example')).toEqual([]);
        expect(await found('begins=nobody')).toEqual([]);

        const first = await at.ask('?begins=zz&limit=3');
        expect(first.body.accounts).toHaveLength(3);
        expect(await found(`begins=zz&limit=3&after=${first.body.next}`)).toEqual(['zz3']);
        expect((await at.ask(`?begins=zy&after=${first.body.next}`)).status).toBe(400);
        // What would be left out is refused instead.
        for (const [query, fields] of [
          ['address=zz3@example.org&only=locked', ['only']],
          [`address=zz3@example.org&begins=z&after=${first.body.next}`, ['begins', 'after']],
          ['begins=z&only=admin', ['only']],
          ['by=name', ['by']],
        ] as const) {
          const { status, body } = await at.ask(`?${query}`);
          const named = (body.errors as { field: string }[]).map(({ field }) => field);
          expect([query, status, named]).toEqual([query, 400, fields]);
        }

        const page = await at.admin.browser.open('/admin/accounts?search=zz1');
        expect(page.words).toContain('Address begins so ZOË Berg');
        const exact = await at.admin.browser.open('/admin/accounts?search=zz1%40example.org');
        expect(exact.words).toContain('Found ZOË Berg');
        expect(exact.words).not.toContain('begins so');
        const { body } = await at.ask('?address=zz1@example.org');
        expect((await at.admin.browser.open(`/admin/accounts?search=${body.accounts[0].id}`)).words).toContain(
          'Found ZOË Berg',
        );
        expect((await at.admin.browser.open('/admin/accounts?search=%3Cscript%3E')).words).toContain(
          'begins with “<script>”',
        );
        expect((await at.admin.browser.open('/admin/accounts?only=everybody')).status).toBe(404);
      });
    });

    invitations(() => at);
    locks(() => at);

    test('S101: second factors are reset: the person hears of it, is signed out, and comes in with the password', async () => {
      const { account, browser } = await at.room.somebody('admin');
      await at.room.app.services.roles.set(account.id, { role: null }, { actor: at.admin.account.id });
      const { remembering } = at.room.app.services;
      const from = { ip: '192.0.2.9', userAgent: 'x', requestId: 'r' };
      const { secret } = await remembering.remember(account, { provedAt: at.room.app.clock.now(), from });

      const done = await at.ask(`/${account.id}/factors`, 'DELETE');
      expect(done).toMatchObject({ status: 200, body: { sessions: 1, passwordGone: false } });

      expect(await isSignedIn(browser)).toBe(false);
      expect(await remembering.isRemembered(account, secret)).toBe(false);
      const again = openBrowser(at.room.app.url);
      await enter(again, account);
      expect(await isSignedIn(again)).toBe(true);

      const { text } = await at.room.app.mail.to(account.email, 'by-administrator');
      expect(text).toContain('has removed every second factor');
      // Where the administrator was is nobody's business.
      expect(text).not.toContain('127.0.0.1');
      const own = await again.open('/account/activity');
      expect(own.words).toContain('All second factors removed');
      expect(own.words).toMatch(/All second factors removed When [^]*? By An administrator/);
      expect((await at.eventsOf(account.id)).find(({ kind }) => kind === 'two_factor.reset')).toMatchObject({
        details: { methods: ['authenticator'] },
      });
    });

    test('signing out everywhere leaves a receipt that both can open; a link to a new password goes to the person alone', async () => {
      const ben = await at.person();
      const browsers = [openBrowser(at.room.app.url), openBrowser(at.room.app.url)];
      for (const browser of browsers) await enter(browser, ben);

      const done = await at.ask(`/${ben.id}/sign-out`, 'POST');
      expect(done).toMatchObject({ status: 200, body: { sessions: 2, applications: [] } });
      for (const browser of browsers) expect(await isSignedIn(browser)).toBe(false);
      expect((await at.eventsOf(ben.id)).map(({ kind }) => kind)).toContain('account.signed_out');

      await enter(browsers[0] as (typeof browsers)[0], ben);
      const receipt = await browsers[0]?.open(`/account/receipts/${done.body.receipt}`);
      expect(receipt?.status).toBe(200);
      expect(receipt?.words).toContain('An administrator ended access.');

      expect((await at.ask(`/${ben.id}/password-reset`, 'POST')).status).toBe(204);
      const { text } = await at.room.app.mail.to(ben.email, 'reset-password');
      expect(text).toContain('An administrator of');
      expect(text).not.toContain('127.0.0.1');
      const { linkTo, reset } = recoveryAt(() => at.room.app);
      expect((await reset(await linkTo(ben))).words).toContain('Your new password is set');
      const browser = openBrowser(at.room.app.url);
      await enter(browser, { email: ben.email, password: wanted });
      expect(await isSignedIn(browser)).toBe(true);
    });

    test('S101: a key that an administrator deletes is told to whose it was; who deletes their own knows', async () => {
      const { account } = await at.room.somebody('auditor');
      const { apiKeys } = at.room.app.services;
      const [first, second] = [await at.room.key(account), await at.room.key(account)];
      const [newer, older] = await apiKeys.list(account.id);

      await apiKeys.remove(account, newer?.id ?? '', { actor: account.id });
      expect(await at.mailsTo(account.email)).not.toContain('by-administrator');
      expect((await at.ask(`/${account.id}/keys/${older?.id ?? ''}`, 'DELETE')).status).toBe(204);

      const { text } = await at.room.app.mail.to(account.email, 'by-administrator');
      expect(text).toContain(`has deleted the API key “${older?.name ?? ''}”`);
      for (const key of [first, second]) expect((await at.room.ask('/accounts', { key })).status).toBe(401);
    });

    test('S113: a change of the profile names the version that was read, and what was there before is on record, encrypted', async () => {
      const ben = await at.person();
      const { headers, body } = await at.ask(`/${ben.id}`);
      const tag = headers.get('etag') ?? '';
      expect(body).toMatchObject({ email: ben.email, role: null, status: 'active' });
      expect((await at.ask(`/${ben.id}`, 'PATCH', { displayName: 'Ben' })).status).toBe(428);

      const two = await Promise.all(
        ['Ben', 'Benno'].map((displayName) => at.ask(`/${ben.id}`, 'PATCH', { displayName }, { 'if-match': tag })),
      );
      expect(new Set(two.map(({ status }) => status))).toEqual(new Set([200, 412]));
      const after = two.find(({ status }) => status === 200)?.body.displayName;

      const event = (await at.eventsOf(ben.id)).find(({ kind }) => kind === 'account.updated');
      expect(event).toMatchObject({
        details: { fields: ['displayName'] },
        changes: { displayName: { before: 'Ana Lind', after } },
      });

      // To its holder an administrator did it, whatever key that was by: nothing is theirs to take back.
      const browser = openBrowser(at.room.app.url);
      await enter(browser, ben);
      const own = await browser.open('/account/activity?show=security');
      expect(own.words).toMatch(/Profile changed When [^]*? By An administrator/);
      expect(own.html).not.toContain(`/account/activity/${event?.id}`);
      expect((await at.ask(`/${ben.id}`, 'PATCH', { displayName: '' }, { 'if-match': tag })).status).toBe(422);
    });

    test('S36, S53, S98: whoever is no administrator does nothing of it, and somebody else’s ids open nothing', async () => {
      const [ben, cleo, auditor] = [await at.person(), await at.person(), await at.room.somebody('auditor')];
      const [bens, cleos] = [openBrowser(at.room.app.url), openBrowser(at.room.app.url)];
      await enter(bens, ben);
      await enter(cleos, cleo);
      const reading = await at.room.key(auditor.account);
      const session = (await at.ask(`/${cleo.id}/sessions`)).body.sessions[0].id as string;
      const before = await at.room.app.services.accounts.get(cleo.id);

      const doings: [string, string, unknown?][] = [
        ['', 'PATCH', { displayName: 'x' }],
        ['', 'DELETE'],
        ['/lock', 'PUT', { reason }],
        ['/lock', 'DELETE'],
        ['/role', 'PUT', { role: 'admin' }],
        ['/invitation', 'POST'],
        ['/password-reset', 'POST'],
        ['/sign-out', 'POST'],
        ['/factors', 'DELETE'],
        [`/sessions/${session}`, 'DELETE'],
        ['/access/x', 'DELETE'],
        ['/grants/x', 'DELETE'],
        ['/keys/x', 'DELETE'],
      ];
      const headers = { 'if-match': '"x"', 'idempotency-key': 'x' };
      for (const [path, method, body] of doings) {
        const asked = { method, body, headers };
        expect([path, (await at.room.ask(`/accounts/${cleo.id}${path}`, asked)).status]).toEqual([path, 401]);
        const { status } = await at.room.ask(`/accounts/${cleo.id}${path}`, { ...asked, key: reading });
        expect([path, status]).toEqual([path, 403]);
        expect([path, (await at.ask(`/nobody${path}`, method, body, headers)).status]).toEqual([path, 404]);
      }
      expect(
        (await at.room.ask('/accounts', { key: reading, method: 'POST', body: { email: 'q@example.org' }, headers }))
          .status,
      ).toBe(403);

      for (const name of [
        'role',
        'invite',
        'reset',
        'sign-out',
        'factors',
        'lock',
        'unlock',
        'delete',
        'profile',
        `devices/${session}`,
      ]) {
        const path = `/admin/accounts/${cleo.id}/${name}`;
        for (const browser of [bens, auditor.browser]) {
          expect([name, (await browser.open(path)).status]).toEqual([name, 403]);
          expect([
            name,
            (await browser.post(path, { agree: 'on', role: 'admin', reason, lasts: 'ever' })).status,
          ]).toEqual([name, 403]);
        }
      }
      for (const name of ['', '/devices', '/applications', '/activity']) {
        expect((await auditor.browser.open(`/admin/accounts/${cleo.id}${name}`)).status).toBe(200);
        expect((await bens.open(`/admin/accounts/${cleo.id}${name}`)).status).toBe(403);
        expect((await auditor.browser.open(`/admin/accounts/nobody${name}`)).status).toBe(404);
      }
      expect((await auditor.browser.open(`/admin/accounts/${cleo.id}`)).words).not.toContain('What can be done');

      // Of another account than the path names.
      expect((await at.ask(`/${ben.id}/sessions/${session}`, 'DELETE')).status).toBe(404);
      expect(await at.room.app.services.accounts.get(cleo.id)).toEqual(before);
      expect(await isSignedIn(cleos)).toBe(true);
      expect((await at.ask(`/${cleo.id}/sessions/${session}`, 'DELETE')).body).toMatchObject({ sessions: 1 });
      expect(await isSignedIn(cleos)).toBe(false);
    });

    test('F12: the last administrator is not demoted, locked or deleted, whatever fifty do at once', async () => {
      const { lookingAfter, roles, records, locking } = at.room.app.services;
      const by = { actor: 'command-line' };
      const others = await Promise.all(Array.from({ length: 4 }, () => at.room.app.account({ administrator: true })));
      const all = [at.admin.account, ...others];
      const administers = async () =>
        (await records.accounts.list('administrators', 'admin', { limit: 1000 })).rows.filter(
          ({ status }) => status === 'active',
        );
      const waysOut = [
        (id: string) => roles.set(id, { role: 'auditor' }, by),
        (id: string) => lookingAfter.lock(id, { reason }, by),
        (id: string) => lookingAfter.remove(id, by),
      ];

      await fifty(async (n) => waysOut[n % 3]?.(all[n % all.length]?.id ?? ''));
      expect((await administers()).length).toBeGreaterThan(0);

      at.room.app.clock.advance(2 * 60_000);
      for (const { id } of await administers()) for (const leave of waysOut) await leave(id);
      const [last, ...more] = await administers();
      expect(more).toEqual([]);
      for (const leave of waysOut) {
        expect(await leave(last?.id ?? '')).toMatchObject({
          ok: false,
          problems: [{ key: 'problem.lastAdministrator' }],
        });
      }
      // Nobody is left half out.
      expect((await locking.unlock(last?.id ?? '', by))?.ok).toBe(true);
    });
  });
}
