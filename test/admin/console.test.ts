import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { accountApiOf } from '../../src/domain/account-api.ts';
import { adminApiOf } from '../../src/domain/admin-api.ts';
import { enter } from '../security/web/visits.ts';
import { openBrowser } from '../support/browser.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import { describeWith } from '../support/need.ts';
import { needsOf, type Pair } from '../support/storage.ts';

/** Who comes into the admin console, and who asks its API. */
for (const pair of ['sqlite', 'mongo+redis'] satisfies Pair[]) {
  describeWith(needsOf(pair), `administration on ${pair}`, () => {
    let room: AdministrationRoom;

    beforeAll(async () => {
      room = await openAdministration(pair);
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    test('the console is for the two roles; each is led to it from their account, and back', async () => {
      for (const role of ['admin', 'auditor'] as const) {
        const { browser } = await room.somebody(role);
        const account = await browser.open('/account');
        expect(account.html).toContain('<a href="/admin">Admin console</a>');

        const page = await browser.open('/admin');
        expect([role, page.status, page.title]).toEqual([role, 200, expect.stringMatching(/^Overview · /)]);
        expect(page.html).toContain('<a href="/account">My account</a>');
      }

      const ana = await room.app.account();
      const browser = openBrowser(room.app.url);
      const page = await enter(browser, ana);
      expect(page.html).not.toContain('/admin');
      expect((await browser.open('/admin')).status).toBe(403);
    });

    test('S98, S102: a sign-in of before the role, with one factor, opens nothing: two are set up first', async () => {
      const ana = await room.app.account();
      const browser = openBrowser(room.app.url);
      await enter(browser, ana);
      await room.app.services.records.accounts.update(ana.id, (old) => ({ ...old, roles: ['admin'] }));

      const asked = await browser.open('/admin');
      expect(asked.status).toBe(200);
      expect(asked.title).not.toContain('Overview');
      const next = await browser.submit(asked, { email: ana.email, password: ana.password });
      expect(next.forms.some(({ action }) => action.endsWith('/set-up/begin'))).toBe(true);
      expect((await browser.open('/admin')).title).not.toContain('Overview');
    });

    test('S36, S96, S98: the API answers a key of somebody with the role and a second factor, and keeps to the scopes', async () => {
      const admin = await room.somebody('admin');
      const auditor = await room.somebody('auditor');

      const self = await room.ask('/self', { key: await room.key(admin.account) });
      expect(self).toMatchObject({ status: 200, body: { accountId: admin.account.id, role: 'admin' } });
      expect(self.body.scopes).toContain('clients:write');
      expect((await room.ask('/self', { key: await room.key(auditor.account) })).body).toMatchObject({
        role: 'auditor',
      });

      const refused = await room.ask('/self', { key: await room.key(admin.account, ['clients:read']) });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('www-authenticate')).toBe(
        'Bearer realm="admin", error="insufficient_scope", scope="overview:read"',
      );

      // Demoted, the key that could write reads at most; with no role it does nothing.
      const key = await room.key(admin.account);
      const { accounts } = room.app.services.records;
      await accounts.update(admin.account.id, (old) => ({ ...old, roles: ['auditor'] }));
      expect((await room.ask('/self', { key })).body.scopes).not.toContain('clients:write');
      await accounts.update(admin.account.id, (old) => ({ ...old, roles: [] }));
      expect(await room.ask('/self', { key })).toMatchObject({ status: 403, body: { code: 'forbidden' } });

      const weak = await room.app.account();
      await accounts.update(weak.id, (old) => ({ ...old, roles: ['admin'] }));
      const row = await room.app.services.records.accounts.get(weak.id);
      if (!row) throw new Error('no account');
      expect(await room.ask('/self', { key: await room.key(row) })).toMatchObject({
        status: 403,
        body: { detail: expect.stringContaining('second factor') },
      });
    });

    test('S53: a key that may change apps or accounts, and no more, can’t raise itself', async () => {
      const { account } = await room.somebody('admin');
      const [apps, people, all] = [
        await room.key(account, ['clients:read', 'clients:write']),
        await room.key(account, ['accounts:write']),
        await room.key(account),
      ];
      const metadata = { client_name: 'Deploy', resources: [adminApiOf(room.app.url)] };
      const create = { method: 'POST', body: { kind: 'machine', metadata } };
      const passing = {
        method: 'POST',
        body: {
          kind: 'web',
          metadata: {
            client_name: 'Anybody',
            redirect_uris: ['https://app.example.com/cb'],
            first_party: true,
            resources: [accountApiOf(room.app.url)],
          },
        },
      };
      const plain = { method: 'POST', body: { kind: 'machine', metadata: { client_name: 'Deploy' } } };

      expect(await room.ask('/clients', { ...create, key: apps })).toMatchObject({ status: 403 });
      const made = await room.ask('/clients', { ...create, key: all });
      const own = await room.ask('/clients', { ...plain, key: apps });
      expect([made.status, own.status]).toEqual([201, 201]);

      const place = `/clients/${made.body.id}`;
      const { headers, body } = await room.ask(place, { key: apps });
      const ifMatch = { 'if-match': headers.get('etag') ?? '' };
      const mine = `/clients/${own.body.id}`;
      const ownTag = { 'if-match': (await room.ask(mine, { key: apps })).headers.get('etag') ?? '' };
      const tries = [
        room.ask(place, { method: 'PUT', key: apps, headers: ifMatch, body: { metadata: body.metadata } }),
        room.ask(mine, { method: 'PUT', key: apps, headers: ownTag, body: { metadata } }),
        room.ask(`${place}/enable`, { method: 'POST', key: apps, headers: ifMatch }),
        room.ask(`${place}/secrets`, { method: 'POST', key: apps, headers: ifMatch, body: { overlap: 0 } }),
        room.ask(`/accounts/${account.id}/factors`, { method: 'DELETE', key: people }),
        room.ask(`/accounts/${account.id}`, { method: 'DELETE', key: people }),
        room.ask(`/accounts/${account.id}/lock`, {
          method: 'PUT',
          key: people,
          headers: ifMatch,
          body: { reason: 'x' },
        }),
        room.ask(`/accounts/${account.id}/password-reset`, { method: 'POST', key: people }),
        room.ask(`/accounts/${account.id}/invitation`, { method: 'POST', key: people }),
        room.ask('/clients', { ...passing, key: apps }),
        room.ask(`/accounts/${account.id}/role`, {
          method: 'PUT',
          key: people,
          headers: ifMatch,
          body: { role: 'admin' },
        }),
      ];
      expect((await Promise.all(tries)).map(({ status }) => status)).toEqual(tries.map(() => 403));
      expect((await room.ask(`${place}/disable`, { method: 'POST', key: apps, headers: ifMatch })).status).toBe(204);
    });

    test('S102: whoever is given a role signs in anew everywhere: what was let in before was proved with less', async () => {
      const { app } = room;
      const ana = await app.account();
      const browser = openBrowser(app.url);
      await enter(browser, ana);
      expect(await app.services.records.sessions.count('account', ana.id)).toBe(1);

      await app.services.roles.set(ana.id, { role: 'auditor' }, { actor: 'command-line' });
      expect(await app.services.records.sessions.count('account', ana.id)).toBe(0);
      expect((await browser.open('/account')).title).toContain('Sign in');
    });

    test('nobody without a role can make a key for the admin API', async () => {
      const ana = await room.app.account();
      await expect(room.key(ana, ['clients:read'])).rejects.toThrow('problem.apiKeyPermission');
      const auditor = await room.somebody('auditor');
      await expect(room.key(auditor.account, ['clients:write'])).rejects.toThrow('problem.apiKeyPermission');
    });
  });
}
