import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { accountEndpoints } from '../../src/api/account.ts';
import { newApiKey } from '../../src/credentials/api-key.ts';
import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, tickAll } from '../support/relying-party.ts';
import { needsOf, eachStore } from '../support/storage.ts';
import { openApiKeys, ordersApi, path, seeProfile, told, type ApiKeyRoom } from './api-key-room.ts';

const minute = 60_000;
const readOrders = 'Read your orders';

/** The account API: what programs do for people. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `the account API on ${pair}`, () => {
    let room: ApiKeyRoom;

    beforeAll(async () => {
      room = await openApiKeys(pair);
    }, 60_000);

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    test('the account API answers whoever shows one, as its list says, and keeps to the scopes', async () => {
      const { account, browser } = await room.ana();
      await room.signIn(account);
      const key = await room.add(browser, { may: (await everyWord()).filter((words) => words !== readOrders) });

      const endpoints = accountEndpoints(room.app.services as never);
      for (const { method, path: place, answer } of endpoints.filter((one) => one.method === 'GET')) {
        const { status, body, headers } = await room.ask(place, { key });

        expect([method, place, status]).toEqual([method, place, 200]);
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('access-control-allow-origin')).toBeNull();
        expect(headers.get('set-cookie')).toBeNull();
        expect(answer?.safeParse(body).error).toBeUndefined();
        expect(JSON.stringify(body)).not.toMatch(/hash|slot|gthk_\w{7}/);
      }

      const { body: profile } = await room.ask('/profile', { key });
      expect(profile).toMatchObject({ id: account.id, email: account.email, displayName: 'Ana Lind', language: 'en' });

      const changed = await room.ask('/profile', {
        key,
        method: 'PATCH',
        body: { displayName: ' Ana L ', language: 'de' },
      });
      expect(changed).toMatchObject({ status: 200, body: { displayName: 'Ana L', language: 'de' } });

      const wrong = await room.ask('/profile', {
        key,
        method: 'PATCH',
        body: { task: 'x'.repeat(21), email: 'a@b.example' },
      });
      expect(wrong.status).toBe(422);
      expect(wrong.headers.get('content-type')).toBe('application/problem+json');
      expect(wrong.body).toMatchObject({
        type: 'about:blank',
        title: 'Unprocessable Entity',
        status: 422,
        errors: [{ field: 'email', detail: expect.any(String) }],
      });

      const { body: list } = await room.ask('/sessions', { key });
      const sessions = list['sessions'] as unknown as { id: string; signedInAt: string; lastAccessedAt: string }[];
      expect(sessions).toHaveLength(2);
      for (const { id, signedInAt, lastAccessedAt } of sessions) {
        expect([lastAccessedAt >= signedInAt, lastAccessedAt, signedInAt]).toEqual([true, lastAccessedAt, signedInAt]);
        expect((await room.ask(`/sessions/${id}`, { key, method: 'DELETE' })).status).toBe(204);
      }
      expect((await browser.get('/account/devices')).status).toBe(303);

      const { body: keys } = await room.ask('/keys', { key });
      const [own] = keys['keys'] as unknown as { id: string; lastUsedAt: string; ip: string }[];
      expect(own?.ip).toMatch(/127\.0\.0\.1|::1/);
      expect((await room.ask(`/keys/${own?.id ?? ''}`, { key, method: 'DELETE' })).status).toBe(204);
      expect((await room.ask('/profile', { key })).status).toBe(401);
    });

    async function everyWord(): Promise<string[]> {
      const { browser } = await room.ana();
      const { html } = await browser.open(`${path}/new`);

      return [...html.matchAll(/<label for="field-may-[\w-]+">([^<]*)<\/label>/g)]
        .map(([, words = '']) => words)
        .filter((words) => words !== 'Read the stock');
    }

    test('S36, S42, S46: who may not is told so as RFC 6750 has it, and nothing of anybody else', async () => {
      const { account, browser } = await room.ana();
      const other = await room.ana();
      const key = await room.add(browser, { may: [seeProfile, 'Delete your API keys', 'Sign you out of browsers'] });
      const theirs = await room.add(other.browser, { may: [readOrders] });

      const none = await room.ask('/profile');
      expect(none.status).toBe(401);
      expect(none.headers.get('www-authenticate')).toBe('Bearer realm="account"');

      const typo = key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
      const mistyped = [key.slice(0, -1), `${key}0`, typo, 'gthk_'];
      for (const shown of [...mistyped, 'x', newApiKey().key, theirs]) {
        const refused = await room.ask('/profile', { key: shown });

        expect([shown, refused.status]).toEqual([shown, 401]);
        expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="account", error="invalid_token"');
        expect(refused.body).toMatchObject({
          status: 401,
          code: 'invalid_token',
          detail: expect.stringMatching(mistyped.includes(shown) ? /^This API key is mistyped/ : /is not known here/),
        });
      }

      const more = await room.ask('/activity', { key });
      expect(more.status).toBe(403);
      expect(more.headers.get('www-authenticate')).toBe(
        'Bearer realm="account", error="insufficient_scope", scope="activity:read"',
      );

      // Neither in the query nor in a cookie.
      expect((await room.ask(`/profile?access_token=${key}`)).status).toBe(401);
      expect((await room.ask(`/profile?access_token=${key}`, { key })).status).toBe(400);
      expect((await browser.get('/api/account/v1/profile')).status).toBe(401);

      const [theirKey] = await room.rowsOf(other.account.id);
      const [theirSession] = (await room.app.services.records.sessions.list('account', other.account.id)).rows;
      for (const place of [`/keys/${theirKey?.id ?? ''}`, `/sessions/${theirSession?.id ?? ''}`, '/keys/none']) {
        expect((await room.ask(place, { key, method: 'DELETE' })).status).toBe(404);
      }
      expect(await room.rowsOf(other.account.id)).toHaveLength(1);

      // No key makes keys, whatever it is asked with (DECISIONS 18).
      for (const method of ['POST', 'PUT', 'OPTIONS']) {
        const { status, headers, body } = await room.ask('/keys', {
          key,
          method,
          headers: { origin: 'https://evil.example' },
        });
        expect([method, status, body['title']]).toEqual([method, 405, 'Method Not Allowed']);
        expect(headers.get('access-control-allow-origin')).toBeNull();
      }
      expect((await room.ask('/nothing', { key })).status).toBe(404);
      expect(await room.rowsOf(account.id)).toHaveLength(1);
    });

    test('S36: an app’s token opens nothing at the account API, nor a key of another API', async () => {
      const { account } = await room.ana();
      const { client, secret } = await room.app.client('web', { redirect_uris: ['https://app.example/cb'] });
      const party = await relyingParty(room.app, { client, ...(secret !== undefined && { secret }) });
      const { tokens } = await party.signIn(account);

      expect((await oidc.fetchUserInfo(party.config, tokens.access_token, account.id)).sub).toBe(account.id);
      expect((await room.ask('/profile', { key: tokens.access_token })).status).toBe(401);
      expect((await room.ask('/profile', { key: tokens.id_token })).status).toBe(401);
    });

    test('S22, S36: an app asks for it as for any API, in words, and is refused once that is taken back', async () => {
      const { account } = await room.ana();
      const resource = `${room.app.url}/api/account/v1`;
      const scope = 'openid email offline_access profile:read sessions:read sessions:write';
      const party = await relyingParty(
        room.app,
        await room.app.client('web', {
          client_name: 'Wiki',
          redirect_uris: ['https://app.example/cb'],
          resources: [resource, ordersApi],
          scope: `${scope} read`,
        }),
      );
      const browser = openBrowser(room.app.url);
      const departure = await party.request({ scope, resource });
      const consent = await browser.submit(await browser.open(departure.url.href), {
        email: account.email,
        password: account.password,
      });
      expect(consent.words).toContain(`${seeProfile} At Gatehouse`);
      const ticked = { ...tickAll(consent), [`allow resource:${resource} sessions:write`]: undefined };
      const left = await browser.submit(consent, ticked, { button: 'Allow' });
      const tokens = await party.redeem(departure, left.location ?? '', { resource });
      const key = tokens.access_token;

      const profile = await room.ask('/profile', { key });
      expect(profile).toMatchObject({ status: 200, body: { id: account.id } });
      const { body } = await room.ask('/sessions', { key });
      const [session] = body['sessions'] as unknown as { id: string }[];
      expect((await room.ask(`/sessions/${session?.id ?? ''}`, { key, method: 'DELETE' })).status).toBe(403);
      expect(await oidc.tokenIntrospection(party.config, key)).toMatchObject({ active: true, aud: resource });

      // Its token for userinfo is none here, nor is this one there.
      const other = await oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '');
      expect((await room.ask('/profile', { key: other.access_token })).status).toBe(401);
      await expect(oidc.fetchUserInfo(party.config, key, account.id)).rejects.toMatchObject({ status: 403 });

      const page = await browser.open(`/account/applications/${party.clientId}`);
      await browser.submit(page, { [`allow resource:${resource} profile:read`]: undefined }, { button: 'Save' });
      expect((await room.ask('/profile', { key })).status).toBe(403);
      expect((await room.ask('/sessions', { key })).status).toBe(200);

      const removal = await browser.open(`/account/applications/${party.clientId}/remove`);
      await browser.submit(removal, {}, { form: '/remove' });
      expect((await room.ask('/sessions', { key })).status).toBe(401);
    });

    test('DECISIONS 18: its one API is told of it, and nobody else; userinfo and revocation know no key', async () => {
      const { account, browser } = await room.ana();
      const key = await room.add(browser, { may: [readOrders], lives: String(30 * 86_400) });
      const own = await room.add(browser, { name: 'Own' });

      const { exp = 0, iat = 0, ...facts } = await told(room.orders, key);
      expect(facts).toEqual({
        active: true,
        sub: account.id,
        scope: 'read',
        client_id: 'api-keys',
        aud: ordersApi,
        iss: room.app.url,
        token_type: 'Bearer',
      });
      expect(exp - iat).toBe(30 * 86_400);
      expect(await told(room.stock, key)).toEqual({ active: false });
      for (const party of [room.orders, room.stock]) expect(await told(party, own)).toEqual({ active: false });

      const [, row] = await room
        .rowsOf(account.id)
        .then((rows) => rows.toSorted((a, b) => b.name.localeCompare(a.name)));
      expect(row).toMatchObject({ name: 'Backup', lastUsedAt: expect.any(Number) });
      expect(row).not.toHaveProperty('ip');

      for (const shown of [key, own]) {
        const userinfo = await fetch(`${room.app.url}/oauth/userinfo`, {
          headers: { authorization: `Bearer ${shown}` },
        });
        expect(userinfo.status).toBe(403);
      }

      await oidc.tokenRevocation(room.orders.config, key);
      for (const endpoint of ['revoke', 'introspect']) {
        const answer = await fetch(`${room.app.url}/oauth/${endpoint}`, {
          method: 'POST',
          body: new URLSearchParams({ token: key, client_id: 'api-keys' }),
        });
        expect([endpoint, answer.status]).toEqual([endpoint, 401]);
      }
      expect(await told(room.orders, key)).toMatchObject({ active: true });

      const authorize = '/oauth/authorize?client_id=api-keys&response_type=code&scope=openid';
      expect((await openBrowser(room.app.url).get(authorize)).status).toBe(400);
      expect((await browser.open('/account/applications')).words).not.toContain('API keys May');
    });

    test('when it was used last is kept to the minute, in one write', async () => {
      const { account, browser } = await room.ana();
      const key = await room.add(browser);
      const at = async () => (await room.rowsOf(account.id))[0]?.lastUsedAt ?? 0;

      await Promise.all(Array.from({ length: 5 }, () => room.ask('/profile', { key })));
      const first = await at();
      expect(first % minute).toBe(0);

      room.app.clock.advance(2 * minute);
      await room.ask('/profile', { key });
      expect((await at()) - first).toBeGreaterThanOrEqual(2 * minute);
    });
  });
}
