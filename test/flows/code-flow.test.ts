import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty } from '../support/relying-party.ts';

/** openid-client through the whole code flow, for each way in which a client can authenticate. */
describe('the code flow', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  test('a confidential third-party client: sign-in, consent, tokens, userinfo, refresh, introspection, revocation', async () => {
    const ana = await app.account({ email: 'ana@example.com' });
    const wiki = await relyingParty(
      app,
      await app.client('web', { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] }),
    );

    const { tokens } = await wiki.signIn(ana, { request: { scope: 'openid profile email offline_access' } });

    expect(tokens.claims()).toMatchObject({
      iss: app.url,
      sub: ana.id,
      aud: wiki.clientId,
      acr: 'urn:gatehouse:acr:1',
      amr: ['pwd'],
    });
    expect(await oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id)).toMatchObject({
      email: 'ana@example.com',
      email_verified: true,
      name: 'Ana Lind',
    });

    const refreshed = await oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '');
    expect(refreshed.claims()?.sub).toBe(ana.id);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);

    expect(await oidc.tokenIntrospection(wiki.config, refreshed.access_token)).toMatchObject({
      active: true,
      sub: ana.id,
    });

    await oidc.tokenRevocation(wiki.config, refreshed.refresh_token ?? '');
    expect(await oidc.tokenIntrospection(wiki.config, refreshed.access_token)).toEqual({ active: false });
    await expect(oidc.refreshTokenGrant(wiki.config, refreshed.refresh_token ?? '')).rejects.toThrow();
  });

  test('a public first-party client is never asked for consent', async () => {
    const ben = await app.account({ email: 'ben@example.com' });
    const board = await relyingParty(
      app,
      await app.client('spa', { redirect_uris: ['https://board.example.net/'], first_party: true }),
    );
    const browser = openBrowser(app.url);

    const page = await browser.open((await board.request()).url.href);
    const after = await browser.submit(page, { email: ben.email, password: ben.password });

    expect(after.location).toMatch(/^https:\/\/board\.example\.net\/\?code=/);
  });
});
