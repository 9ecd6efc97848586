import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { openAdministration, type AdministrationRoom, type Administrator } from '../support/administration.ts';
import { openBrowser } from '../support/browser.ts';
import { startLogoutReceiver } from '../support/logout-receiver.ts';
import { describeWith } from '../support/need.ts';
import { eachStore, needsOf } from '../support/storage.ts';
import { appFrom, files, pastedFrom, refreshed, register, resources, signed } from './client-desk.ts';

const path = '/admin/clients';
const day = 86_400_000;

/** What becomes of an app's secrets and of what it was given, and who may see to it. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `the ends of apps in the admin console on ${pair}`, () => {
    let room: AdministrationRoom;
    let root: Administrator;

    beforeAll(async () => {
      room = await openAdministration(pair, {
        config: JSON.stringify({ resources }),
        env: { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' },
      });
      root = await room.somebody('admin', { email: 'root@example.com' });
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    const events = async (clientId: string) =>
      (await room.app.services.records.events.list('time', 'all', { limit: 1000 })).rows.filter(
        (event) => event.clientId === clientId && event.kind.startsWith('client.'),
      );
    const userinfo = async (token: string) =>
      (await fetch(`${room.app.url}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;
    const idIn = (url: string) => url.split('/').at(-1) ?? '';

    test('S44: a secret is rotated with an overlap and no sign-in fails; the old one is safe to remove when it lies still', async () => {
      const { browser } = root;
      const pasted = await register(browser, 'web', {
        client_name: 'Rotated',
        redirect_uris: 'https://rotated.example/cb',
        first_party: 'on',
      });
      const place = `${path}/${pasted.OIDC_CLIENT_ID}`;
      const ana = await room.app.account();
      const before = await appFrom(room.app, pasted);
      const anas = openBrowser(room.app.url);
      await before.signIn(ana, { browser: anas });

      const asked = await browser.open(`${place}/secret`);
      const send = () => browser.submit(asked, { overlap: '2592000' }, { form: '/secret' });
      const next = pastedFrom(await send());
      // The same form once more, as a second press or a reload sends it.
      expect((await send()).words).toContain('A new secret was made already.');
      expect(next.OIDC_CLIENT_SECRET).not.toBe(pasted.OIDC_CLIENT_SECRET);
      const after = await appFrom(room.app, next);
      for (const party of [before, after, before]) await party.signIn(ana, { browser: anas });

      const page = await browser.open(place);
      expect(page.html).not.toContain(pasted.OIDC_CLIENT_SECRET);
      expect(page.html).not.toContain(next.OIDC_CLIENT_SECRET);
      expect(page.words).toMatch(/Newest .* On its way out/);
      const [, old = ''] = /href="(\/admin\/clients\/[\w-]+\/secrets\/[\w-]+)"/.exec(page.html) ?? [];
      expect((await browser.open(old)).words).toContain('It was used lately');

      const key = await room.key(root.account);
      const shown = async () => (await room.ask(`/clients/${pasted.OIDC_CLIENT_ID}`, { key })).body.secrets;
      const [newest, outgoing] = await shown();
      expect([newest, outgoing]).toEqual([
        expect.objectContaining({ newest: true, safeToRemove: false, lastUsedAt: expect.any(String) }),
        expect.objectContaining({ newest: false, safeToRemove: false, lastUsedAt: expect.any(String) }),
      ]);
      expect(JSON.stringify([newest, outgoing])).not.toContain('hash');

      const remove = (id: string) =>
        room.ask(`/clients/${pasted.OIDC_CLIENT_ID}/secrets/${id}`, { key, method: 'DELETE' });
      expect((await remove(newest.id)).status).toBe(409);
      room.app.clock.advance(9 * day);
      root = await room.somebody('admin');
      expect((await shown())[1].safeToRemove).toBe(true);
      const attention = async () => (await room.ask('/overview', { key })).body.attention;
      expect(await attention()).toContainEqual({ kind: 'secretsUnused', count: 1 });
      expect([await remove(idIn(old)), await remove(idIn(old))]).toMatchObject([{ status: 204 }, { status: 404 }]);
      expect(await attention()).not.toContainEqual(expect.objectContaining({ kind: 'secretsUnused' }));
      await room.app.oidc.checkClients();

      await expect(oidc.refreshTokenGrant(before.config, 'x')).rejects.toMatchObject({ status: 401 });
      await expect(oidc.refreshTokenGrant(after.config, 'x')).rejects.toMatchObject({ error: 'invalid_grant' });
      expect((await events(pasted.OIDC_CLIENT_ID ?? '')).map(({ kind }) => kind)).toEqual([
        'client.created',
        'client.secret_rotated',
        'client.secret_removed',
        'client.authentication_failed',
      ]);
    });

    test('S22, S113: revoking says whom it hits, ends all of it at the next request, tells the app, and leaves a receipt', async () => {
      await using receiver = await startLogoutReceiver();
      const { browser } = root;
      const pasted = await register(browser, 'web', {
        client_name: 'Leaky',
        redirect_uris: 'https://leaky.example/cb',
        'may-offline_access': 'on',
      });
      const id = pasted.OIDC_CLIENT_ID ?? '';
      const place = `${path}/${id}`;
      const edit = await browser.open(`${place}/edit`);
      await browser.submit(edit, { backchannel_logout_uri: receiver.url }, { form: '/edit' });
      await room.app.oidc.checkClients();

      const leaky = await appFrom(room.app, pasted);
      const people = await Promise.all([1, 2, 3].map(() => room.app.account()));
      const request = { scope: pasted.OIDC_SCOPE };
      const apps = [];
      for (const person of people) apps.push((await leaky.signIn(person, { request })).tokens);
      // Somebody in two browsers.
      await leaky.signIn(people[0] ?? { email: '', password: '' }, { request });

      const impact = await browser.open(`${place}/revoke`);
      expect(impact.words).toContain('People 3 Signed-in browsers 4 Grants of access 4 Refresh tokens 4');
      const receipt = await browser.submit(impact, {}, { form: '/revoke' });
      expect(receipt.words).toContain('What Leaky has lost');
      expect(receipt.words).toContain('People 3 Signed-in browsers 4 Grants of access 4 Refresh tokens 4');
      expect(receipt.words).toContain(root.account.email);

      for (const { access_token, refresh_token = '' } of apps) {
        expect(await userinfo(access_token)).toBe(401);
        expect(await refreshed(leaky, refresh_token)).toBe('invalid_grant');
      }

      await receiver.heard(4);
      const again = await browser.submit(impact, {}, { form: '/revoke' });
      expect([again.url, again.words.includes('People 3')]).toEqual([receipt.url, true]);
      const [revoked, ...more] = (await events(id)).filter(({ kind }) => kind === 'client.revoked');
      expect(revoked).toMatchObject({
        actor: root.account.id,
        details: { receipt: idIn(receipt.url), people: 3, sessions: 4, grants: 4, refreshTokens: 4 },
      });
      expect(more).toEqual([]);

      // The app itself goes on, and asks people again.
      const [first] = people;
      const anew = await leaky.signIn(first ?? { email: '', password: '' }, { request });
      expect(await userinfo(anew.tokens.access_token)).toBe(200);
      // Another app’s receipt is none of this one.
      const other = await room.app.client('machine', {});
      expect((await browser.get(`${path}/${other.client.id}/receipts/${idIn(receipt.url)}`)).status).toBe(404);
    });

    test('what a crash left half-ended is ended by pressing once more; of fifty at once one tells of it', async () => {
      const { clientAdministration: clients, records } = room.app.services;
      const { client, secret } = await room.app.client('web', { redirect_uris: ['https://crash.example/cb'] });
      const party = await appFrom(room.app, {
        OIDC_CLIENT_ID: client.id,
        ...(secret !== undefined && { OIDC_CLIENT_SECRET: secret }),
        OIDC_REDIRECT_URI: 'https://crash.example/cb',
        OIDC_CLIENT_AUTHENTICATION: 'client_secret_basic',
      });
      const { tokens } = await party.signIn(await room.app.account());
      const by = { actor: root.account.id };

      const { removeAll } = records.consents;
      records.consents.removeAll = () => Promise.reject(new Error('killed'));
      await expect(clients.revoke(client.id, by, { once: 'a' })).rejects.toThrow('killed');
      records.consents.removeAll = removeAll;
      expect(await userinfo(tokens.access_token)).toBe(401);
      expect((await clients.receipts(client.id)).rows).toEqual([]);

      await Promise.all(Array.from({ length: 50 }, () => clients.revoke(client.id, by, { once: 'a' })));
      expect((await clients.receipts(client.id)).rows).toHaveLength(1);
      expect(await records.consents.count('client', client.id)).toBe(0);
      const told = (await events(client.id)).filter(({ kind }) => kind === 'client.revoked');
      expect(told).toHaveLength(1);
    });

    test('S22: what a machine holds for itself ends with the rest; what it gets afterwards works', async () => {
      const { client, secret } = await room.app.client('machine', { resources: [files, signed] });
      const party = await appFrom(room.app, {
        OIDC_CLIENT_ID: client.id,
        ...(secret !== undefined && { OIDC_CLIENT_SECRET: secret }),
        OIDC_CLIENT_AUTHENTICATION: 'client_secret_basic',
      });
      const token = async () => (await oidc.clientCredentialsGrant(party.config, { resource: files })).access_token;
      const active = async (one: string) => (await oidc.tokenIntrospection(party.config, one)).active;
      const before = await token();
      expect(await active(before)).toBe(true);

      const key = await room.key(root.account);
      const headers = { 'idempotency-key': 'one' };
      const ended = await room.ask(`/clients/${client.id}/revoke`, { key, method: 'POST', headers });
      expect(ended).toMatchObject({ status: 201, body: { receipt: expect.any(String) } });
      // Signed ones leave no trace: the receipt says until when the last of them may live.
      const { receipt } = (await room.ask(`/clients/${client.id}/receipts/${ended.body.receipt}`, { key })).body;
      const lives = Date.parse(receipt.accessTokensUntil) - Date.parse(receipt.at);
      expect(Math.round(lives / 1000)).toBe(300);
      expect(await active(before)).toBe(false);

      room.app.clock.advance(10_000);
      expect(await active(await token())).toBe(true);
    });

    test('disabled an app stops at once and goes on when it is enabled; deleted it is gone, and its receipts are not', async () => {
      const { browser } = root;
      const pasted = await register(browser, 'web', {
        client_name: 'Stopped',
        redirect_uris: 'https://stopped.example/cb',
        first_party: 'on',
      });
      const place = `${path}/${pasted.OIDC_CLIENT_ID}`;
      const party = await appFrom(room.app, pasted);
      const { tokens } = await party.signIn(await room.app.account());
      const press = async (verb: string) =>
        browser.submit(await browser.open(`${place}/${verb}`), {}, { form: `/${verb}` });

      expect((await press('disable')).words).toContain('The app is disabled.');
      expect(await userinfo(tokens.access_token)).toBe(401);
      expect((await press('enable')).words).toContain('The app is enabled.');
      expect(await userinfo(tokens.access_token)).toBe(200);

      const receipt = await press('revoke');
      expect(new URL((await press('delete')).url).pathname).toBe(path);
      expect((await browser.open(place)).words).toContain('There is no such app any more.');
      expect((await browser.open(receipt.url)).words).toContain('What Stopped has lost');
      expect(await room.app.services.records.clientUses.get(pasted.OIDC_CLIENT_ID ?? '')).toBeUndefined();
    });

    test('S53, S98: an auditor sees all of it and does nothing; our own apps are seen and left alone', async () => {
      const { client } = await room.app.client('web', { redirect_uris: ['https://seen.example/cb'] });
      const auditor = await room.somebody('auditor');
      const page = await auditor.browser.open(`${path}/${client.id}`);
      expect(page.status).toBe(200);
      expect(page.forms.filter(({ action }) => action.startsWith(path))).toEqual([]);
      expect(page.html).not.toMatch(/\/(?:edit|secret|revoke|delete|disable)"/);

      const csrf = page.forms[0]?.fields['csrf'] ?? '';
      for (const doing of ['edit', 'secret', 'revoke', 'delete', 'disable', 'enable']) {
        expect([doing, (await auditor.browser.get(`${path}/${client.id}/${doing}`)).status]).toEqual([doing, 403]);
        const sent = await auditor.browser.post(`${path}/${client.id}/${doing}`, { csrf, once: 'x', overlap: '0' });
        expect([doing, sent.status]).toEqual([doing, 403]);
      }

      const key = await room.key(root.account);
      const headers = { 'if-match': '"1"' };
      const own = (rest: string, method: string) =>
        room.ask(`/clients/account-console${rest}`, { key, method, headers });
      expect(await own('', 'GET')).toMatchObject({ status: 200, body: { ours: true } });
      expect(await own('/disable', 'POST')).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('part of this service') },
      });
      expect((await own('', 'DELETE')).status).toBe(409);
      for (const doing of ['edit', 'secret', 'disable', 'revoke', 'delete']) {
        const pressed = await root.browser.open(`${path}/account-console/${doing}`);
        expect([doing, pressed.words.includes('part of this service and can’t be changed')]).toEqual([doing, true]);
      }
      const token = (await root.browser.open(path)).forms[0]?.fields['csrf'] ?? '';
      const pressed = await root.browser.post(`${path}/account-console/disable`, { csrf: token });
      expect((await root.browser.follow(pressed)).words).toContain('part of this service');
    });
  });
}
