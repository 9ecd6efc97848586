import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { chosen, recoveryAt, wanted } from '../flows/recovery.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';
import { goodPassword, valueOf } from '../support/app.ts';
import { openAdministration, type AdministrationRoom, type Administrator } from '../support/administration.ts';
import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { needsOf, type Pair } from '../support/storage.ts';
import { fifty, succeeded } from '../storage/rows.ts';

const day = 86_400_000;
const reason = 'Your laptop was reported stolen.';

/** What administrators do for account holders, in the console and over the API. */
for (const pair of ['sqlite', 'mongo+redis'] satisfies Pair[]) {
  describeWith(needsOf(pair), `accounts in administration on ${pair}`, () => {
    let room: AdministrationRoom;
    let admin: Administrator;
    let key: string;
    let count = 0;

    beforeAll(async () => {
      room = await openAdministration(pair);
      admin = await room.somebody('admin', { email: 'root@example.com', displayName: 'Root', lastName: 'Root' });
      key = await room.key(admin.account);
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    const ask = (path: string, method = 'GET', body?: unknown, headers = {}) =>
      room.ask(`/accounts${path}`, { key, method, body, headers });
    const eventsOf = async (id: string) => {
      const account = await room.app.services.accounts.get(id);
      if (!account) throw new Error('no account');

      return (await room.app.services.events.read(account)).events;
    };
    const person = () => room.app.account({ email: `someone${(count += 1)}@example.org` });
    const mailsTo = async (email: string) => (await room.app.mail.allTo(email)).map(({ template }) => template);

    /** Made by the API, invited. */
    async function newcomer() {
      const email = `new${(count += 1)}@example.org`;
      const headers = { 'idempotency-key': `n${count}` };
      const made = await ask('', 'POST', { email, displayName: 'Newcomer', invite: true }, headers);
      expect(made.status).toBe(201);
      const { link, code } = await room.app.mail.to(email, 'invitation');

      return { id: made.body.id as string, email, code, path: link.slice(room.app.url.length) };
    }

    describe('looking somebody up', () => {
      test('by the beginning of an address or name, whatever its case, page by page; by a whole address or an id', async () => {
        const names = ['Zoë Ähm', 'ZOË Berg', 'zoë Clark', 'Zack'];
        for (const [at, displayName] of names.entries()) {
          await room.app.account({ email: `zz${at}@Example.ORG`, displayName, lastName: `Zed${at}` });
        }

        const found = async (query: string) => {
          const { status, body } = await ask(`?${query}`);
          expect(status).toBe(200);

          return (body.accounts as { email: string }[]).map(({ email }) => email.slice(0, 3));
        };

        expect(await found('by=name&begins=zo%C3%AB')).toEqual(['zz1', 'zz2', 'zz0']);
        expect(await found('by=lastName&begins=ZED2')).toEqual(['zz2']);
        expect(await found('begins=ZZ')).toEqual(['zz0', 'zz1', 'zz2', 'zz3']);
        expect(await found('address=zz3@example.org')).toEqual(['zz3']);
        expect(await found('address=zz3@example')).toEqual([]);
        expect(await found('begins=nobody')).toEqual([]);

        const first = await ask('?begins=zz&limit=3');
        expect(first.body.accounts).toHaveLength(3);
        expect(await found(`begins=zz&limit=3&after=${first.body.next}`)).toEqual(['zz3']);
        expect((await ask(`?begins=zy&after=${first.body.next}`)).status).toBe(400);

        const page = await admin.browser.open('/admin/accounts?search=zz1');
        expect(page.words).toContain('Address begins so ZOË Berg');
        const exact = await admin.browser.open('/admin/accounts?search=zz1%40example.org');
        expect(exact.words).toContain('Found ZOË Berg');
        expect(exact.words).not.toContain('begins so');
        const { body } = await ask('?address=zz1@example.org');
        expect((await admin.browser.open(`/admin/accounts?search=${body.accounts[0].id}`)).words).toContain(
          'Found ZOË Berg',
        );
        expect((await admin.browser.open('/admin/accounts?search=%3Cscript%3E')).words).toContain(
          'begins with “<script>”',
        );
        expect((await admin.browser.open('/admin/accounts?only=everybody')).status).toBe(404);
      });
    });

    describe('S77: an invitation', () => {
      test('is a link and a code that work once; the person sets the password and so proves the address', async () => {
        const page = await admin.browser.open('/admin/accounts/new');
        const refused = await admin.browser.submit(page, { email: 'no address', displayName: 'x'.repeat(21) });
        expect(refused.status).toBe(422);
        expect(refused.words).toContain('At most 20 characters');

        const email = 'nora@example.org';
        const made = await admin.browser.submit(refused, { email, displayName: 'Nora', invite: 'on' });
        expect(made.words).toContain('The invitation is on its way.');
        expect(made.words).toContain('Not verified');
        expect(made.words).toContain('Password none yet');

        const { link, code } = await room.app.mail.to(email, 'invitation');
        const browser = openBrowser(room.app.url);
        const asked = await browser.submit(await browser.open('/invitation'), { code });
        expect(asked.words).toContain(`Choose a password for ${email}`);
        expect((await browser.submit(asked, { newPassword: 'short', confirmPassword: 'short' })).status).toBe(422);
        const differs = await browser.submit(asked, { newPassword: wanted, confirmPassword: `${wanted}!` });
        expect(differs.words).toContain('This differs from the new password.');

        const done = await browser.submit(await browser.open(link.slice(room.app.url.length)), chosen);
        expect(done.words).toContain('Your account is ready.');
        expect(await isSignedIn(browser)).toBe(false);
        await enter(browser, { email, password: wanted });
        expect(await isSignedIn(browser)).toBe(true);

        const account = await room.app.services.accounts.findByEmail(email);
        expect(account).toMatchObject({ emailVerified: true, roles: [] });
        expect((await eventsOf(account?.id ?? '')).map(({ kind }) => kind)).toEqual(
          expect.arrayContaining(['account.created', 'account.invited', 'invitation.accepted']),
        );
        expect((await openBrowser(room.app.url).open(link.slice(room.app.url.length))).status).toBe(410);
        expect(await ask(`/${account?.id}/invitation`, 'POST')).toMatchObject({ status: 422 });
      });

      test('S77: of fifty at once one is taken, and the others change nothing', async () => {
        const { id, code, email } = await newcomer();
        const { invitations } = room.app.services;
        const from = { ip: '192.0.2.9', userAgent: 'x', requestId: 'r', deviceId: 'd' };
        const passwords = Array.from({ length: 50 }, (_, at) => `${wanted} number ${at}`);

        const results = succeeded(await fifty((at) => invitations.accept(code, passwords[at] ?? '', from)));
        const won = results.findIndex((result) => result !== 'ended');
        expect(results.filter((result) => result !== 'ended')).toHaveLength(1);

        const right = await Promise.all(passwords.map((password) => room.app.services.passwords.verify(id, password)));
        expect(right.flatMap((is, at) => (is ? [at] : []))).toEqual([won]);
        expect(await mailsTo(email)).toEqual(['invitation']);
      });

      test('S77: ends with a newer one, after a week, and when it is guessed or of somebody else', async () => {
        const { id, path } = await newcomer();
        expect((await ask(`/${id}/invitation`, 'POST')).status).toBe(200);
        expect((await openBrowser(room.app.url).open(path)).status).toBe(410);

        const again = await newcomer();
        room.app.clock.advance(7 * day + 1);
        expect((await openBrowser(room.app.url).open(again.path)).status).toBe(410);

        const reset = await room.app.services.oneTimeSecrets.issue({ purpose: 'password-reset', accountId: id });
        for (const token of ['', 'x', reset.secret, '0'.repeat(26)]) {
          expect((await openBrowser(room.app.url).open(`/invitation?token=${token}`)).status).toBe(410);
        }
        const browser = openBrowser(room.app.url);
        const wrong = await browser.submit(await browser.open('/invitation/code'), { code: reset.code });
        expect(wrong.words).toContain('This code is not right');
      });

      test('S77: nobody sees or sets a password by the API', async () => {
        const { id } = await newcomer();
        const headers = { 'idempotency-key': 'p' };
        for (const more of [
          { password: goodPassword },
          { emailVerified: true },
          { roles: ['admin'] },
          { status: 'active' },
        ]) {
          expect((await ask('', 'POST', { email: 'p@example.org', ...more }, headers)).status).toBe(422);
        }
        const { body, headers: answered } = await ask(`/${id}`);
        expect(JSON.stringify(body)).not.toMatch(/password|hash|eventKey|secret/i);
        const match = { 'if-match': answered.get('etag') ?? '' };
        expect((await ask(`/${id}`, 'PATCH', { password: goodPassword }, match)).status).toBe(422);
      });
    });

    describe('S30: a lock', () => {
      test('ends everything at once, is told to the person with its reason, and to nobody else', async () => {
        const ben = await person();
        const browser = openBrowser(room.app.url);
        await enter(browser, ben);
        const permissions = [{ audience: `${room.app.url}/api/account/v1`, scope: 'profile:read' }];
        const input = { name: 'x', once: 'x', permissions };
        const made = await room.app.services.apiKeys.create(ben, input, { actor: ben.id });
        const authorization = `Bearer ${made === 'made' ? '' : valueOf(made).key}`;
        const profile = () => fetch(`${room.app.url}/api/account/v1/profile`, { headers: { authorization } });
        expect((await profile()).status).toBe(200);

        const until = new Date(room.app.clock.now() + day).toISOString();
        expect((await ask(`/${ben.id}/lock`, 'PUT', { reason: '' })).status).toBe(422);
        expect((await ask(`/${ben.id}/lock`, 'PUT', { reason, until: '2020-01-01T00:00:00Z' })).status).toBe(422);
        const locked = await ask(`/${ben.id}/lock`, 'PUT', { reason, until });
        expect(locked).toMatchObject({ status: 200, body: { sessions: 1 } });

        expect(await isSignedIn(browser)).toBe(false);
        expect((await profile()).status).toBe(401);
        expect(await ask(`/${ben.id}`)).toMatchObject({ body: { status: 'locked', lock: { reason, until } } });
        expect((await ask('?only=locked')).body.accounts).toMatchObject([{ id: ben.id }]);
        expect((await room.app.mail.to(ben.email)).text).toContain(reason);

        const tried = openBrowser(room.app.url);
        const wrong = await enter(tried, { email: ben.email, password: 'wrong' });
        const nobody = await enter(openBrowser(room.app.url), { email: 'nobody@example.org', password: 'wrong' });
        expect([wrong.status, wrong.words]).toEqual([
          nobody.status,
          nobody.words.replace('nobody@example.org', ben.email),
        ]);
        const told = await enter(tried, ben);
        expect(told.status).toBe(403);
        expect(told.words).toContain(reason);
        expect(await isSignedIn(tried)).toBe(false);
        // And no way around it.
        const { ask: askFor } = recoveryAt(() => room.app);
        await askFor(ben.email);
        expect(await mailsTo(ben.email)).not.toContain('reset-password');

        const event = (await eventsOf(ben.id)).find(({ kind }) => kind === 'account.disabled');
        expect(event).toMatchObject({
          actor: expect.stringMatching(/^key:/),
          details: { until: Date.parse(until) },
          changes: { reason: { before: null, after: reason } },
        });
        expect(JSON.stringify(await room.app.services.records.events.get(event?.id ?? ''))).not.toContain(reason);
      });

      test('is over by itself: at the door at once, for everything else a minute later; nothing that ended comes back', async () => {
        const [ben, cleo] = [await person(), await person()];
        const browser = openBrowser(room.app.url);
        await enter(browser, ben);
        for (const { id } of [ben, cleo]) {
          const until = new Date(room.app.clock.now() + day).toISOString();
          await ask(`/${id}/lock`, 'PUT', { reason, until });
        }

        room.app.clock.advance(day + 1);
        expect(await isSignedIn(browser)).toBe(false);
        const door = openBrowser(room.app.url);
        await enter(door, ben);
        expect(await isSignedIn(door)).toBe(true);
        expect(await ask(`/${ben.id}`)).toMatchObject({ body: { status: 'active' } });

        await room.app.services.locking.sweep(200);
        const { body } = await ask(`/${cleo.id}`);
        expect(body.status).toBe('active');
        expect(body.lock).toBeUndefined();
        expect((await eventsOf(cleo.id))[0]).toMatchObject({ kind: 'account.enabled', actor: 'server' });
        expect(await mailsTo(cleo.email)).toEqual(['by-administrator', 'by-administrator']);
      });

      test('ends when an administrator says so; one that is longer by then is not opened by an older end', async () => {
        const ben = await person();
        await ask(`/${ben.id}/lock`, 'PUT', { reason, until: new Date(room.app.clock.now() + day).toISOString() });
        await ask(`/${ben.id}/lock`, 'PUT', { reason: 'For good.' });
        room.app.clock.advance(2 * day);
        await room.app.services.locking.sweep(200);
        expect((await enter(openBrowser(room.app.url), ben)).words).toContain('For good.');

        expect((await ask(`/${ben.id}/lock`, 'DELETE')).status).toBe(204);
        const browser = openBrowser(room.app.url);
        await enter(browser, ben);
        expect(await isSignedIn(browser)).toBe(true);
      });
    });

    test('S101: second factors are reset: the person hears of it, is signed out, and comes in with the password', async () => {
      const { account, browser } = await room.somebody('admin');
      await room.app.services.roles.set(account.id, { role: null }, { actor: admin.account.id });
      const { remembering } = room.app.services;
      const from = { ip: '192.0.2.9', userAgent: 'x', requestId: 'r' };
      const { secret } = await remembering.remember(account, { provedAt: room.app.clock.now(), from });

      const done = await ask(`/${account.id}/factors`, 'DELETE');
      expect(done).toMatchObject({ status: 200, body: { sessions: 1, passwordGone: false } });

      expect(await isSignedIn(browser)).toBe(false);
      expect(await remembering.isRemembered(account, secret)).toBe(false);
      const again = openBrowser(room.app.url);
      await enter(again, account);
      expect(await isSignedIn(again)).toBe(true);

      const { text } = await room.app.mail.to(account.email, 'by-administrator');
      expect(text).toContain('has removed every second factor');
      // Where the administrator was is nobody's business.
      expect(text).not.toContain('127.0.0.1');
      const own = await again.open('/account/activity');
      expect(own.words).toContain('All second factors removed');
      expect(own.words).toMatch(/All second factors removed When [^]*? By An administrator/);
      expect((await eventsOf(account.id)).find(({ kind }) => kind === 'two_factor.reset')).toMatchObject({
        details: { methods: ['authenticator'] },
      });
    });

    test('signing out everywhere leaves a receipt that both can open; a link to a new password goes to the person alone', async () => {
      const ben = await person();
      const browsers = [openBrowser(room.app.url), openBrowser(room.app.url)];
      for (const browser of browsers) await enter(browser, ben);

      const done = await ask(`/${ben.id}/sign-out`, 'POST');
      expect(done).toMatchObject({ status: 200, body: { sessions: 2, applications: [] } });
      for (const browser of browsers) expect(await isSignedIn(browser)).toBe(false);
      expect((await eventsOf(ben.id)).map(({ kind }) => kind)).toContain('account.signed_out');

      await enter(browsers[0] as (typeof browsers)[0], ben);
      const receipt = await browsers[0]?.open(`/account/receipts/${done.body.receipt}`);
      expect(receipt?.status).toBe(200);
      expect(receipt?.words).toContain('An administrator ended access.');

      expect((await ask(`/${ben.id}/password-reset`, 'POST')).status).toBe(204);
      const { text } = await room.app.mail.to(ben.email, 'reset-password');
      expect(text).toContain('An administrator of');
      expect(text).not.toContain('127.0.0.1');
      const { linkTo, reset } = recoveryAt(() => room.app);
      expect((await reset(await linkTo(ben))).words).toContain('Your new password is set');
      const browser = openBrowser(room.app.url);
      await enter(browser, { email: ben.email, password: wanted });
      expect(await isSignedIn(browser)).toBe(true);
    });

    test('S113: a change of the profile names the version that was read, and what was there before is on record, encrypted', async () => {
      const ben = await person();
      const { headers, body } = await ask(`/${ben.id}`);
      const tag = headers.get('etag') ?? '';
      expect(body).toMatchObject({ email: ben.email, role: null, status: 'active' });
      expect((await ask(`/${ben.id}`, 'PATCH', { displayName: 'Ben' })).status).toBe(428);

      const two = await Promise.all(
        ['Ben', 'Benno'].map((displayName) => ask(`/${ben.id}`, 'PATCH', { displayName }, { 'if-match': tag })),
      );
      expect(two.map(({ status }) => status).toSorted()).toEqual([200, 412]);
      const after = two.find(({ status }) => status === 200)?.body.displayName;

      const event = (await eventsOf(ben.id)).find(({ kind }) => kind === 'account.updated');
      expect(event).toMatchObject({
        details: { fields: ['displayName'] },
        changes: { displayName: { before: 'Ana Lind', after } },
      });
      expect((await ask(`/${ben.id}`, 'PATCH', { displayName: '' }, { 'if-match': tag })).status).toBe(422);
    });

    test('S36, S53, S98: whoever is no administrator does nothing of it, and somebody else’s ids open nothing', async () => {
      const [ben, cleo, auditor] = [await person(), await person(), await room.somebody('auditor')];
      const [bens, cleos] = [openBrowser(room.app.url), openBrowser(room.app.url)];
      await enter(bens, ben);
      await enter(cleos, cleo);
      const reading = await room.key(auditor.account);
      const session = (await ask(`/${cleo.id}/sessions`)).body.sessions[0].id as string;
      const before = await room.app.services.accounts.get(cleo.id);

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
        ['/applications/x', 'DELETE'],
        ['/keys/x', 'DELETE'],
      ];
      const headers = { 'if-match': '"x"', 'idempotency-key': 'x' };
      for (const [path, method, body] of doings) {
        const asked = { method, body, headers };
        expect([path, (await room.ask(`/accounts/${cleo.id}${path}`, asked)).status]).toEqual([path, 401]);
        const { status } = await room.ask(`/accounts/${cleo.id}${path}`, { ...asked, key: reading });
        expect([path, status]).toEqual([path, 403]);
        expect([path, (await ask(`/nobody${path}`, method, body, headers)).status]).toEqual([path, 404]);
      }
      expect(
        (await room.ask('/accounts', { key: reading, method: 'POST', body: { email: 'q@example.org' }, headers }))
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
      expect((await ask(`/${ben.id}/sessions/${session}`, 'DELETE')).status).toBe(404);
      expect(await room.app.services.accounts.get(cleo.id)).toEqual(before);
      expect(await isSignedIn(cleos)).toBe(true);
      expect((await ask(`/${cleo.id}/sessions/${session}`, 'DELETE')).body).toMatchObject({ sessions: 1 });
      expect(await isSignedIn(cleos)).toBe(false);
    });

    test('F12: the last administrator is not demoted, locked or deleted, whatever fifty do at once', async () => {
      const { lookingAfter, roles, records, locking } = room.app.services;
      const by = { actor: 'command-line' };
      const others = await Promise.all(Array.from({ length: 4 }, () => room.app.account({ administrator: true })));
      const all = [admin.account, ...others];
      const administers = async () =>
        (await records.accounts.list('administrators', 'admin', { limit: 1000 })).rows.filter(
          ({ status }) => status === 'active',
        );
      const waysOut = [
        (id: string) => roles.set(id, { role: 'auditor' }, by),
        (id: string) => lookingAfter.lock(id, { reason }, by),
        (id: string) => lookingAfter.remove(id, by),
      ];

      await fifty(async (at) => waysOut[at % 3]?.(all[at % all.length]?.id ?? ''));
      expect((await administers()).length).toBeGreaterThan(0);

      room.app.clock.advance(2 * 60_000);
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
