import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { answerOf, appsOf, claimsIn } from './apps.ts';
import type { Apps } from './apps.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const api = 'https://api.example.com';
const files = 'https://files.example.com';

describe('tokens', () => {
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    world = await openWorld({
      resources: [
        {
          identifier: api,
          name: 'Orders',
          scopes: [{ name: 'orders:read' }, { name: 'orders:write' }],
          access_token: '5m',
          introspected_by: ['api'],
        },
        { identifier: files, name: 'Files', scopes: [{ name: 'files' }], format: 'opaque', introspected_by: ['api'] },
      ],
    });
    apps = appsOf(world);

    const grant_types = ['authorization_code', 'refresh_token'];
    await world.addClient('wiki', { first_party: true, grant_types, resources: [api, files] });
    await world.addClient('auth', { first_party: true, claims_in_id_token: true });
    await world.addClient('other', { first_party: true });
    await world.addClient('spa', { first_party: true, token_endpoint_auth_method: 'none' });
    await world.addClient('signed', {
      first_party: true,
      userinfo_signed_response_alg: 'ES256',
      subject_type: 'pairwise',
    });
    await world.addClient('api', machine([api, files]));
    await world.addClient('robot', { ...machine([api]), scope: 'orders:read' });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const machine = (resources: string[]) => ({
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    resources,
  });

  const machineToken = (clientId: string, of: Record<string, string>) =>
    apps.post('/oauth/token', { grant_type: 'client_credentials', ...of }, { as: clientId });

  const forApi = (resource: string, scope: string) =>
    apps.tokens('wiki', { of: { scope: `openid ${scope}`, resource } }).then(({ refresh_token }) => refresh_token);

  test('S45: an ID token says who, how and when, and belongs to its request', async () => {
    const { id_token, access_token } = await apps.tokens('wiki');

    expect(claimsIn(id_token)).toMatchObject({
      iss: world.origin,
      aud: 'wiki',
      sub: 'ana',
      nonce: 'n',
      acr: 'urn:gatehouse:acr:1',
      amr: ['pwd'],
      auth_time: expect.any(Number),
    });
    expect(claimsIn(id_token)).not.toHaveProperty('email');
    expect((await apps.userinfo(access_token)).json).toEqual({
      sub: 'ana',
      email: 'ana@example.com',
      email_verified: true,
    });
  });

  test('a client that never asks has the claims in its ID token', async () => {
    const { id_token } = await apps.tokens('auth', { of: { scope: 'openid email' } });

    expect(claimsIn(id_token)).toMatchObject({ email: 'ana@example.com', email_verified: true });
  });

  test('claims that were asked for by name come where they were asked for', async () => {
    const claims = JSON.stringify({ id_token: { given_name: null } });
    const { id_token } = await apps.tokens('wiki', { of: { claims } });

    expect(claimsIn(id_token)).toMatchObject({ given_name: 'ana' });
    expect(claimsIn(id_token)).not.toHaveProperty('email');
  });

  test('pairwise: another subject for each sector, the same each time; userinfo signed', async () => {
    const tokens = await apps.tokens('signed');
    const { sub } = claimsIn(tokens.id_token);
    const { text, headers } = await apps.userinfo(tokens.access_token);

    expect(sub).toMatch(/^[\w-]{43}$/);
    expect(headers.get('content-type')).toContain('application/jwt');
    expect(claimsIn(text)).toMatchObject({ sub, aud: 'signed', email: 'ana@example.com' });
    expect(claimsIn((await apps.tokens('signed')).id_token)['sub']).toBe(sub);
  });

  test('RFC 9068: a registered API gets signed tokens of its own', async () => {
    const { json } = await machineToken('api', { resource: api, scope: 'orders:read' });
    const token = String(json['access_token']);

    expect(json['expires_in']).toBe(300);
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      alg: 'ES256',
      typ: 'at+jwt',
    });
    expect(claimsIn(token)).toMatchObject({
      iss: world.origin,
      aud: api,
      client_id: 'api',
      sub: 'api',
      scope: 'orders:read',
      jti: expect.any(String),
    });
  });

  test('a client may ask for the APIs and scopes that it is registered for', async () => {
    expect((await machineToken('robot', { resource: files })).json['error']).toBe('invalid_target');
    expect((await machineToken('robot', { resource: 'https://evil.example' })).json['error']).toBe('invalid_target');

    const { json } = await machineToken('robot', { resource: api, scope: 'orders:read orders:write' });
    expect(json['scope']).toBe('orders:read');
  });

  test('S40: a token tells about itself to its own client and to the API that it is for', async () => {
    const refresh = await apps.tokens('wiki', { of: { scope: 'openid offline_access files', resource: files } });
    const { json } = await apps.refresh('wiki', refresh.refresh_token, { resource: files, scope: 'files' });
    const token = String(json['access_token']);

    for (const clientId of ['wiki', 'api']) {
      expect((await apps.introspect(clientId, token)).json).toMatchObject({
        active: true,
        aud: files,
        scope: 'files',
        sub: 'ana',
      });
    }

    for (const clientId of ['other', 'robot']) {
      expect((await apps.introspect(clientId, token)).json).toEqual({ active: false });
    }

    // What is meant for our own userinfo, and what renews it, is for nobody else.
    for (const own of [refresh.access_token, refresh.refresh_token]) {
      expect((await apps.introspect('api', own)).json).toEqual({ active: false });
    }

    expect((await apps.post('/oauth/introspect', { token, client_id: 'spa' })).json).toEqual({ active: false });
  });

  test('S36: a token for an API is refused at userinfo', async () => {
    const token = await forApi(files, 'offline_access files');
    const { json } = await apps.refresh('wiki', token, { resource: files });

    expect((await apps.userinfo(String(json['access_token']))).status).toBe(403);
  });

  test('S35: an ID token is no access token, an access token no hint', async () => {
    const { id_token, access_token } = await apps.tokens('wiki');
    expect((await apps.userinfo(id_token)).status).toBe(401);
    expect((await apps.introspect('wiki', id_token)).json).not.toMatchObject({ active: true });

    const { url } = await world.browser().go(apps.request('wiki', { id_token_hint: access_token }));
    expect(url.searchParams.get('error')).toBe('invalid_request');

    const jwt = String((await machineToken('api', { resource: api })).json['access_token']);
    const hinted = await world.browser().go(apps.request('wiki', { id_token_hint: jwt }));
    expect(hinted.url.searchParams.get('error')).toBe('invalid_request');
  });

  test('S42: a token in the address is refused', async () => {
    const { access_token } = await apps.tokens('wiki');
    const answer = await fetch(`${world.origin}/oauth/userinfo?access_token=${access_token}`);

    expect(answer.status).toBe(400);
  });

  test('S46: a cut, a longer and a changed access token are refused', async () => {
    const { access_token: token } = await apps.tokens('wiki');
    const last = token.at(-1) === 'A' ? 'B' : 'A';

    for (const wrong of [token.slice(1), token.slice(0, -1), `${token}A`, token.slice(0, -1) + last, `#${token}`]) {
      expect((await apps.userinfo(wrong)).status).toBe(401);
    }
  });

  test('S18: nothing that holds a token is kept by anybody', async () => {
    const { access_token } = await apps.tokens('wiki');
    const answers = [
      await apps.redeem('wiki', await apps.code('wiki')),
      await apps.userinfo(access_token),
      await apps.introspect('wiki', access_token),
    ];

    expect(answers.map(({ headers }) => headers.get('cache-control'))).toEqual(Array(3).fill('no-store'));
  });

  test('S39: a confidential client without its secret is refused everywhere', async () => {
    const { access_token } = await apps.tokens('wiki');

    for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
      const { status, json } = await apps.post(path, {
        client_id: 'wiki',
        token: access_token,
        grant_type: 'refresh_token',
      });
      expect([path, status, json['error']]).toEqual([path, 401, 'invalid_client']);
    }
  });

  test('S110: a page may read answers from where its app is, and from nowhere else', async () => {
    const { access_token: token } = await apps.tokens('wiki');
    const allowed = async (origin: string) =>
      (await apps.userinfo(token, { origin })).headers.get('access-control-allow-origin');

    expect(await allowed('https://wiki.example')).toBe('https://wiki.example');
    expect(await allowed('https://evil.example')).toBeNull();
    expect(await allowed('null')).toBeNull();

    const preflight = await fetch(`${world.origin}/oauth/token`, {
      method: 'OPTIONS',
      headers: { origin: 'null', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('S111: what is no form of ours is refused, never an error of ours', async () => {
    const bodies: [string, string][] = [
      ['application/json', '{"grant_type":{"$ne":null}}'],
      ['application/x-www-form-urlencoded', '__proto__=a&grant_type[$ne]=b&client_id=spa'],
      ['application/x-www-form-urlencoded', `client_id=spa&grant_type=${'a'.repeat(60_000)}`],
      ['application/x-www-form-urlencoded', 'client_id=%ED%A0%80%00&grant_type=authorization_code&code=%00'],
      ['text/plain', 'a'],
    ];

    for (const [type, body] of bodies) {
      const answer = await answerOf(
        await fetch(`${world.origin}/oauth/token`, { method: 'POST', body, headers: { 'content-type': type } }),
      );
      expect([400, 401]).toContain(answer.status);
      expect(answer.text).not.toContain('at ');
    }
  });
});
