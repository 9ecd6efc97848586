import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty, walkThrough } from '../support/relying-party.ts';

/** Addresses that apps are answered at, and from where they ask. */
describe('apps where they are', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  test.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb'],
    ['http://[::1]/cb', 'http://[::1]:51004/cb'],
    ['com.example.app:/cb', 'com.example.app:/cb'],
  ])('a native app that registered %s is answered at %s', async (registered, redirectUri) => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('native', { redirect_uris: [registered] }));
    const { arrivedAt, tokens } = await party.signIn(ana, { request: { redirect_uri: redirectUri } });

    expect(arrivedAt.startsWith(redirectUri)).toBe(true);
    expect(tokens.claims()?.sub).toBe(ana.id);
  });

  test('a native app that registered http://localhost:8123 without a path says just that at the token endpoint', async () => {
    const ana = await app.account();
    const redirectUri = 'http://localhost:8123';
    const party = await relyingParty(app, await app.client('native', { redirect_uris: [redirectUri] }));
    const browser = openBrowser(app.url);
    const { url, verifier } = await party.request();
    const arrivedAt = new URL(await walkThrough(browser, await browser.open(url.href), ana));

    // openid-client would send the address with a slash, which was not registered.
    const answer = await fetch(`${app.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: party.clientId,
        code: arrivedAt.searchParams.get('code') ?? '',
        code_verifier: verifier,
        redirect_uri: redirectUri,
      }),
    });

    expect(arrivedAt.origin).toBe(redirectUri);
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', id_token: expect.any(String) });
  });

  test('a post-logout address that is a bare origin, with and without its slash', async () => {
    const ana = await app.account();
    const party = await relyingParty(
      app,
      await app.client('web', {
        redirect_uris: ['https://app.example.com/cb'],
        post_logout_redirect_uris: ['https://app.example.com'],
      }),
    );

    for (const address of ['https://app.example.com', 'https://app.example.com/']) {
      const { browser, tokens } = await party.signIn(ana);
      const leave = oidc.buildEndSessionUrl(party.config, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: address,
      });

      expect((await browser.open(leave.href)).location).toBe('https://app.example.com/');
    }
  });

  test('signing out without a hint asks first, and leads back with the state', async () => {
    const ana = await app.account();
    const party = await relyingParty(
      app,
      await app.client('web', {
        client_name: 'Board',
        redirect_uris: ['https://board.example.com/cb'],
        post_logout_redirect_uris: ['https://board.example.com/bye'],
      }),
    );
    const { browser } = await party.signIn(ana);
    const leave = oidc.buildEndSessionUrl(party.config, {
      post_logout_redirect_uri: 'https://board.example.com/bye',
      state: 'xyz',
    });

    const page = await browser.open(leave.href);
    expect(page.words).toContain('Board asks to sign you out here as well.');
    const left = await browser.submit(page, {}, { button: 'Sign out' });
    expect(left.location).toBe('https://board.example.com/bye?state=xyz');
    expect((await browser.open((await party.request({ prompt: 'none' })).url.href)).location).toContain(
      'error=login_required',
    );
  });

  test('a post-logout address that is not registered is never used', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { redirect_uris: ['https://app.example.com/cb'] }));
    const { browser, tokens } = await party.signIn(ana);
    const page = await browser.open(
      oidc.buildEndSessionUrl(party.config, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: 'https://evil.example/',
      }).href,
    );

    expect(page.status).toBe(400);
    expect(page.location).toBeUndefined();
  });

  describe('asked from a page (CORS)', () => {
    const origin = 'https://board.example.com';

    function allowedOrigin(response: Response) {
      return response.headers.get('access-control-allow-origin');
    }

    async function signedIn() {
      const ana = await app.account();
      const party = await relyingParty(
        app,
        await app.client('spa', { redirect_uris: [`${origin}/`], first_party: true }),
      );
      const { tokens } = await party.signIn(ana, { request: { scope: 'openid offline_access' } });

      return { clientId: party.clientId, tokens };
    }

    function ask(path: string, from: string, { form, token }: { form?: Record<string, string>; token?: string } = {}) {
      return fetch(app.url + path, {
        method: form ? 'POST' : 'GET',
        headers: { origin: from, ...(token && { authorization: `Bearer ${token}` }) },
        ...(form && { body: new URLSearchParams(form) }),
      });
    }

    test('token, userinfo and revocation answer the origins of the redirect URIs, and never null', async () => {
      const { clientId, tokens } = await signedIn();
      let refresh = tokens.refresh_token ?? '';

      for (const [from, allowed] of [
        [origin, origin],
        ['https://evil.example', null],
        ['null', null],
      ] as const) {
        const token = await ask('/oauth/token', from, {
          form: { grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId },
        });
        expect(allowedOrigin(token)).toBe(allowed);

        // From a foreign page the request is refused as a whole: the token stays unused.
        expect(token.ok).toBe(allowed !== null);
        if (token.ok) refresh = ((await token.json()) as { refresh_token: string }).refresh_token;

        const userinfo = await ask('/oauth/userinfo', from, { token: tokens.access_token });
        expect(allowedOrigin(userinfo)).toBe(allowed);

        const revocation = await ask('/oauth/revoke', from, { form: { token: 'unknown', client_id: clientId } });
        expect(allowedOrigin(revocation)).toBe(allowed);
        expect(revocation.headers.get('access-control-allow-credentials')).toBeNull();
      }
    });

    test('an empty revocation answer has no content type', async () => {
      const { clientId, tokens } = await signedIn();
      const answer = await ask('/oauth/revoke', origin, {
        form: { token: tokens.access_token, client_id: clientId },
      });

      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBeNull();
      expect(await answer.text()).toBe('');
    });

    test('discovery and keys are open to everybody', async () => {
      for (const path of [
        '/.well-known/openid-configuration',
        '/.well-known/oauth-authorization-server',
        '/oauth/jwks',
      ]) {
        expect(allowedOrigin(await ask(path, 'https://anybody.example'))).toMatch(/^\*$|^https:\/\/anybody\.example$/);
      }
    });

    test('no page of ours answers another site', async () => {
      const { href } = new URL('/account', app.url);

      expect(allowedOrigin(await fetch(href, { redirect: 'manual', headers: { origin } }))).toBeNull();
      expect(allowedOrigin(await fetch(`${app.url}/oauth/authorize`, { headers: { origin } }))).toBeNull();
    });
  });

  test('a preflight lets the authorization header through', async () => {
    const answer = await fetch(`${app.url}/oauth/userinfo`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://board.example.com',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });

    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
  });

  test('an app on plain http on this computer, in development', async () => {
    const ana = await app.account();
    const party = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['http://localhost:5173/cb'], first_party: true }),
    );
    const browser = openBrowser(app.url);
    const page = await browser.open((await party.request()).url.href);

    expect(page.headers['content-security-policy']).toContain('http://localhost:5173');
    const left = await browser.submit(page, { email: ana.email, password: ana.password });
    expect(left.location).toMatch(/^http:\/\/localhost:5173\/cb\?code=/);
  });
});
