import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { relyingParty, tickAll, walkThrough } from '../support/relying-party.ts';

/** How an app is answered: in its address, in a form, and after a request that it posted. */
describe('the answer to an app', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const redirectUri = 'https://app.example.com/cb';

  /** The form that the browser is to post to the app, as the request that the app would get. */
  function posted(page: Page): Request {
    const form = page.forms.find(({ action }) => action === redirectUri);
    if (!form) throw new Error(`no form for the app on ${page.url}: ${page.words}`);

    return new Request(redirectUri, { method: 'POST', body: new URLSearchParams(form.fields) });
  }

  test('form_post: a page without inline script, whose policy lets the form go to the app', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { redirect_uris: [redirectUri], first_party: true }));
    const browser = openBrowser(app.url);
    const departure = await party.request({ response_mode: 'form_post' });

    const signIn = await browser.open(departure.url.href);
    const page = await browser.submit(signIn, { email: ana.email, password: ana.password });

    expect(page.html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=/i);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.headers['content-security-policy']).toMatch(/form-action [^;]*https:/);
    expect(page.forms[0]?.fields).toMatchObject({ iss: app.url, state: departure.state });

    const tokens = await oidc.authorizationCodeGrant(party.config, posted(page), {
      expectedState: departure.state,
      expectedNonce: departure.nonce,
      pkceCodeVerifier: departure.verifier,
    });
    expect(tokens.claims()?.sub).toBe(ana.id);
  });

  test('response_type=id_token with form_post: the ID token alone, with every claim of the scopes', async () => {
    const ana = await app.account();
    const party = await relyingParty(
      app,
      await app.client('web', {
        redirect_uris: [redirectUri],
        response_types: ['id_token'],
        grant_types: ['implicit'],
        token_endpoint_auth_method: 'none',
      }),
    );
    oidc.useIdTokenResponseType(party.config);
    const browser = openBrowser(app.url);
    const nonce = oidc.randomNonce();
    const url = oidc.buildAuthorizationUrl(party.config, {
      redirect_uri: redirectUri,
      scope: 'openid profile email',
      nonce,
      state: 'abc',
      response_mode: 'form_post',
    });

    const signIn = await browser.open(url.href);
    const consent = await browser.submit(signIn, { email: ana.email, password: ana.password });
    const page = await browser.submit(consent, tickAll(consent), { button: 'Allow' });
    const claims = await oidc.implicitAuthentication(party.config, posted(page), nonce, { expectedState: 'abc' });

    expect(claims).toMatchObject({ sub: ana.id, email: ana.email, name: 'Ana Lind', nonce });
    expect(page.forms[0]?.fields).toMatchObject({ iss: app.url });
  });

  test('a request that another site posts: 303 to the same as GET, and the session is found', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { redirect_uris: [redirectUri], first_party: true }));
    const { browser } = await party.signIn(ana);
    const departure = await party.request();

    // SameSite=Lax: the browser keeps its cookies back from another site's form, and sends them after the redirect.
    const post = await openBrowser(app.url).post('/oauth/authorize', departure.url.search.slice(1), {
      'sec-fetch-site': 'cross-site',
      origin: 'https://app.example.com',
    });
    expect(post.status).toBe(303);
    const answer = await browser.open(post.location ?? '');

    expect((await party.redeem(departure, answer.location ?? '')).claims()?.sub).toBe(ana.id);
  });

  test('S13: iss stands in every answer, errors included', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { redirect_uris: [redirectUri] }));
    // An answer that would have held a token comes in the fragment.
    const issOf = (location = '') => new URLSearchParams(location.split(/[?#]/)[1]).get('iss');

    const { arrivedAt, browser } = await party.signIn(ana);
    expect(issOf(arrivedAt)).toBe(app.url);

    const silent = await openBrowser(app.url).open((await party.request({ prompt: 'none' })).url.href);
    expect(issOf(silent.location)).toBe(app.url);

    const unknown = await browser.open((await party.request({ response_type: 'token' })).url.href);
    expect(unknown.html).toContain(`iss=${encodeURIComponent(app.url)}`);

    const asked = await browser.open((await party.request({ prompt: 'consent' })).url.href);
    const refused = await browser.submit(asked, {}, { button: 'Don’t allow' });
    expect(issOf(refused.location)).toBe(app.url);
    expect(new URL(refused.location ?? '').searchParams.get('error')).toBe('access_denied');

    await expect(party.redeem(await party.request(), refused.location ?? '')).rejects.toThrow();
    expect(party.config.serverMetadata().authorization_response_iss_parameter_supported).toBe(true);
  });

  test('whoever signs in again and again from one address is never slowed', async () => {
    const ana = await app.account();
    const party = await relyingParty(app, await app.client('web', { redirect_uris: [redirectUri], first_party: true }));

    for (let count = 0; count < 40; count += 1) {
      const browser = openBrowser(app.url);
      const page = await browser.open((await party.request()).url.href);
      expect(await walkThrough(browser, page, ana)).toContain('code=');
    }
  });
});
