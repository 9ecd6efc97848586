import { createPublicKey, verify as checkSignature, type JsonWebKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty, tickAll } from '../support/relying-party.ts';

/** Access tokens for registered APIs (RFC 8707, RFC 9068): for a machine alone and for somebody. */
describe('tokens for an API', () => {
  let app: TestApp;

  const orders = 'https://orders.example.com';
  const stock = 'https://stock.example.com';

  const config = `
resources:
  - identifier: ${orders}
    name: Orders
    scopes: [{name: 'orders:read', description: {en: Read your orders, de: Ihre Bestellungen lesen}}, {name: 'orders:write'}]
    access_token: 5m
  - identifier: ${stock}
    name: Stock
    scopes: [{name: 'stock:read'}]
    format: opaque
`;

  beforeAll(async () => {
    app = await startTestApp({ config });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function publishedKeys() {
    const { keys } = (await (await fetch(`${app.url}/oauth/jwks`)).json()) as { keys: JsonWebKey[] };

    return keys;
  }

  /** Reads a token as the API would, from the published keys alone. */
  async function verify(token: string) {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { typ, alg, kid } = parse(header);
    const jwk = (await publishedKeys()).find((key) => key['kid'] === kid);
    if (!jwk) throw new Error(`no key ${String(kid)} is published`);
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };

    expect({ typ, alg }).toEqual({ typ: 'at+jwt', alg: 'ES256' });
    expect(
      checkSignature('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')),
    ).toBe(true);

    return parse(payload);
  }

  test('client credentials: a JWT as RFC 9068 has it', async () => {
    const { client, secret } = await app.client('machine', {
      resources: [orders, stock],
      scope: 'orders:read orders:write stock:read',
    });
    const { config: party } = await relyingParty(app, { client, secret: secret ?? '' });
    const tokens = await oidc.clientCredentialsGrant(party, { resource: orders, scope: 'orders:read' });

    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'orders:read' });
    expect(tokens).not.toHaveProperty('refresh_token');
    const payload = await verify(tokens.access_token);
    expect(payload).toMatchObject({
      iss: app.url,
      aud: orders,
      client_id: client.id,
      sub: client.id,
      scope: 'orders:read',
      jti: expect.any(String),
      iat: expect.any(Number),
    });
    expect(Number(payload['exp']) - Number(payload['iat'])).toBe(300);

    const next = await oidc.clientCredentialsGrant(party, { resource: orders, scope: 'orders:read' });
    expect((await verify(next.access_token))['jti']).not.toBe(payload['jti']);
  });

  test('client credentials: opaque where the API wants to ask, and asking tells whom it is for', async () => {
    const { client, secret } = await app.client('machine', { resources: [stock], scope: 'stock:read' });
    const { config: party } = await relyingParty(app, { client, secret: secret ?? '' });
    const tokens = await oidc.clientCredentialsGrant(party, { resource: stock, scope: 'stock:read' });

    expect(tokens.access_token).not.toContain('.');
    const told = await oidc.tokenIntrospection(party, tokens.access_token);
    expect(told).toMatchObject({ active: true, aud: stock, client_id: client.id, scope: 'stock:read' });

    await oidc.tokenRevocation(party, tokens.access_token);
    expect(await oidc.tokenIntrospection(party, tokens.access_token)).toEqual({ active: false });
  });

  test('an API that the client is not registered for is refused by its code', async () => {
    const { client, secret } = await app.client('machine', { resources: [stock] });
    const { config: party } = await relyingParty(app, { client, secret: secret ?? '' });

    await expect(oidc.clientCredentialsGrant(party, { resource: orders })).rejects.toMatchObject({
      error: 'invalid_target',
    });
  });

  test('for somebody: asked in words, and given where it is asked for; the sign-in keeps its own token', async () => {
    const ana = await app.account();
    const party = await relyingParty(
      app,
      await app.client('web', {
        redirect_uris: ['https://app.example.com/cb'],
        resources: [orders],
        scope: 'openid email offline_access orders:read',
      }),
    );
    const browser = openBrowser(app.url);
    const departure = await party.request({ scope: 'openid email offline_access orders:read', resource: orders });
    const signIn = await browser.open(departure.url.href);
    const consent = await browser.submit(signIn, { email: ana.email, password: ana.password });
    expect(consent.words).toContain('Read your orders');
    expect(consent.words).toContain('At Orders');
    const left = await browser.submit(consent, tickAll(consent), { button: 'Allow' });

    const tokens = await party.redeem(departure, left.location ?? '', { resource: orders });
    expect(await verify(tokens.access_token)).toMatchObject({
      sub: ana.id,
      aud: orders,
      client_id: party.clientId,
      scope: 'orders:read',
    });
    expect(tokens.claims()?.sub).toBe(ana.id);

    const forApi = await oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '', { resource: orders });
    expect(await verify(forApi.access_token)).toMatchObject({ sub: ana.id, aud: orders });

    const forUserinfo = await oidc.refreshTokenGrant(party.config, forApi.refresh_token ?? '');
    expect(await oidc.fetchUserInfo(party.config, forUserinfo.access_token, ana.id)).toMatchObject({
      email: ana.email,
    });
    await expect(oidc.fetchUserInfo(party.config, forApi.access_token, ana.id)).rejects.toMatchObject({ status: 401 });
  });

  test('ID tokens are signed with RS256, which libraries insist on, and both keys are published', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { redirect_uris: ['https://app.example.com/cb'] }));
    const { tokens } = await party.signIn(ana);
    const keys = await publishedKeys();

    expect(parse((tokens.id_token ?? '').split('.', 1)[0] ?? '')).toMatchObject({ alg: 'RS256' });
    expect(new Set(keys.map((key) => key['alg']))).toEqual(new Set(['RS256', 'ES256']));
    expect(keys.filter((key) => ['d', 'p', 'q'].some((part) => part in key))).toEqual([]);
  });
});

function parse(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}
