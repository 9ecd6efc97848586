import { webcrypto } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';

const { subtle } = webcrypto;
type EcKeyGenParams = webcrypto.EcKeyGenParams;
type RsaHashedKeyGenParams = webcrypto.RsaHashedKeyGenParams;

/** openid-client through everything that an app does, for each way in which a client can authenticate. */
describe('an app on openid-client', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const metadata = {
    redirect_uris: ['https://app.example.com/cb'],
    post_logout_redirect_uris: ['https://app.example.com/bye'],
  };

  const parties: [string, () => Promise<RelyingParty>][] = [
    ['client_secret_basic', async () => relyingParty(app, await app.client('web', metadata))],
    [
      'client_secret_post',
      async () =>
        relyingParty(app, await app.client('web', { ...metadata, token_endpoint_auth_method: 'client_secret_post' })),
    ],
    ['none (a public client)', async () => relyingParty(app, await app.client('spa', metadata))],
    ['private_key_jwt with ES256', () => withKey({ name: 'ECDSA', namedCurve: 'P-256' })],
    [
      'private_key_jwt with RS256',
      () =>
        withKey({
          name: 'RSASSA-PKCS1-v1_5',
          hash: 'SHA-256',
          modulusLength: 2048,
          publicExponent: new Uint8Array([1, 0, 1]),
        }),
    ],
  ];

  async function withKey(algorithm: EcKeyGenParams | RsaHashedKeyGenParams): Promise<RelyingParty> {
    const { publicKey, privateKey } = await subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const { kty, n, e, crv, x, y } = await subtle.exportKey('jwk', publicKey);
    const key = Object.fromEntries(Object.entries({ kty, n, e, crv, x, y, kid: 'k1' }).filter(([, part]) => part));
    const registered = await app.client('web', {
      ...metadata,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key] },
    });

    return relyingParty(app, registered, { authentication: oidc.PrivateKeyJwt({ key: privateKey, kid: 'k1' }) });
  }

  test.each(parties)('%s: code, userinfo, introspection, refresh, revocation, signing out', async (_method, open) => {
    const party = await open();
    const ana = await app.account();
    const { browser, departure, tokens, arrivedAt } = await party.signIn(ana, {
      request: { scope: 'openid email offline_access' },
    });

    expect(new URL(arrivedAt).searchParams.get('iss')).toBe(app.url);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'email offline_access openid' });
    expect(tokens.claims()).toMatchObject({ sub: ana.id, aud: party.clientId, nonce: departure.nonce });
    expect(await oidc.fetchUserInfo(party.config, tokens.access_token, ana.id)).toEqual({
      sub: ana.id,
      email: ana.email,
      email_verified: true,
    });

    const introspected = await oidc.tokenIntrospection(party.config, tokens.access_token);
    expect(introspected).toMatchObject({ active: true, client_id: party.clientId, sub: ana.id, iss: app.url });

    const refreshed = await oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '');
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect(refreshed.claims()).toMatchObject({ sub: ana.id, auth_time: tokens.claims()?.auth_time });

    // Revoking the access token leaves the rest; revoking the refresh token ends it all.
    await oidc.tokenRevocation(party.config, refreshed.access_token);
    await expect(oidc.fetchUserInfo(party.config, refreshed.access_token, ana.id)).rejects.toMatchObject({
      status: 401,
    });
    const again = await oidc.refreshTokenGrant(party.config, refreshed.refresh_token ?? '');
    await oidc.tokenRevocation(party.config, again.refresh_token ?? '');
    expect(await oidc.tokenIntrospection(party.config, again.access_token)).toEqual({ active: false });
    await expect(oidc.refreshTokenGrant(party.config, again.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });

    const leave = oidc.buildEndSessionUrl(party.config, {
      id_token_hint: refreshed.id_token ?? '',
      post_logout_redirect_uri: 'https://app.example.com/bye',
      state: 's p&ce=1',
    });
    const left = await browser.open(leave.href);
    expect(left.location).toBe('https://app.example.com/bye?state=s+p%26ce%3D1');
    expect(new URL((await browser.get('/account/personal-information')).location ?? '').pathname).toBe(
      '/oauth/authorize',
    );
  });

  test('a wrong secret is told by its code', async () => {
    const { client } = await app.client('web', metadata);
    const party = await relyingParty(app, { client, secret: 'not-the-secret-of-this-client' });

    await expect(oidc.clientCredentialsGrant(party.config)).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic' }],
    });
  });
});
