import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { relyingParty, tickAll, walkThrough, type RelyingParty } from '../support/relying-party.ts';

/** What an app can say about how somebody signs in (OpenID Connect Core 1.0 section 3.1.2.1). */
describe('an authorization request with', () => {
  let app: TestApp;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp();
    wiki = await relyingParty(
      app,
      await app.client('web', { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] }),
    );
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const scope = 'openid email';

  /** A browser in which somebody is signed in and has allowed the wiki what it asks for. */
  async function signedIn() {
    const ana = await app.account();

    return { ana, ...(await wiki.signIn(ana, { request: { scope } })) };
  }

  async function ask(browser: Browser, more: Record<string, string>) {
    const departure = await wiki.request({ scope, ...more });

    return { departure, page: await browser.open(departure.url.href) };
  }

  function errorOf(location: string | undefined): string | null {
    const { searchParams } = new URL(location ?? '');
    expect(searchParams.get('iss')).toBe(app.url);

    return searchParams.get('error');
  }

  test('prompt=none: an answer at once, or the reason why a page would be needed', async () => {
    const stranger = await ask(openBrowser(app.url), { prompt: 'none' });
    expect(errorOf(stranger.page.location)).toBe('login_required');

    const { browser, ana } = await signedIn();
    const silent = await ask(browser, { prompt: 'none' });
    const tokens = await wiki.redeem(silent.departure, silent.page.location ?? '');
    expect(tokens.claims()?.sub).toBe(ana.id);

    const more = await ask(browser, { prompt: 'none', scope: 'openid email profile' });
    expect(errorOf(more.page.location)).toBe('consent_required');
  });

  test('prompt=login: the password again, and a new auth_time', async () => {
    const { browser, ana, tokens: before } = await signedIn();
    app.clock.advance(60_000);

    const { departure, page } = await ask(browser, { prompt: 'login' });
    expect(page.words).toContain('Wiki asks you to sign in again.');
    expect(page.forms[0]?.fields['email']).toBe(ana.email);
    const tokens = await wiki.redeem(departure, await walkThrough(browser, page, ana));
    expect(Number(tokens.claims()?.auth_time)).toBeGreaterThanOrEqual(Number(before.claims()?.auth_time) + 60);
  });

  test('prompt=consent: asked again, with what was allowed', async () => {
    const { browser } = await signedIn();
    const { departure, page } = await ask(browser, { prompt: 'consent' });

    expect(page.words).toContain('Allow Wiki to use your account?');
    const after = await browser.submit(page, tickAll(page), { button: 'Allow' });
    expect((await wiki.redeem(departure, after.location ?? '')).scope).toBe('email openid');
  });

  test('prompt=login consent: one after the other', async () => {
    const { browser, ana } = await signedIn();
    const { page } = await ask(browser, { prompt: 'login consent' });

    const next = await browser.submit(page, { email: ana.email, password: ana.password });
    expect(new URL(next.url).pathname).toMatch(/^\/consent\//);
  });

  test('prompt=select_account: the account that is signed in, or another', async () => {
    const { browser, ana } = await signedIn();
    const ben = await app.account({ displayName: 'Ben' });

    const first = await ask(browser, { prompt: 'select_account' });
    expect(first.page.words).toContain(`Go on as ${ana.displayName}`);
    const stay = await browser.submit(first.page, { choice: 'current' }, { form: 'choose-account' });
    expect((await wiki.redeem(first.departure, stay.location ?? '')).claims()?.sub).toBe(ana.id);

    const second = await ask(browser, { prompt: 'select_account' });
    const other = await browser.submit(second.page, { choice: 'another' }, { form: 'choose-account' });
    expect(other.forms[0]?.fields['email']).toBe('');
    const arrived = await walkThrough(browser, other, ben);
    expect((await wiki.redeem(second.departure, arrived)).claims()?.sub).toBe(ben.id);
  });

  test('max_age: a fresh enough sign-in does, an older one is asked again', async () => {
    const { browser, ana } = await signedIn();
    app.clock.advance(120_000);

    const fresh = await ask(browser, { max_age: '600' });
    expect(fresh.page.location).toContain('code=');

    const stale = await ask(browser, { max_age: '60' });
    expect(new URL(stale.page.url).pathname).toMatch(/^\/sign-in\//);
    const arrived = await walkThrough(browser, stale.page, ana);
    const tokens = await oidc.authorizationCodeGrant(wiki.config, new URL(arrived), {
      expectedState: stale.departure.state,
      expectedNonce: stale.departure.nonce,
      pkceCodeVerifier: stale.departure.verifier,
      maxAge: 60,
    });
    expect(tokens.claims()).toHaveProperty('auth_time');
  });

  test('login_hint: the address stands in the field', async () => {
    const { page } = await ask(openBrowser(app.url), { login_hint: 'ana@example.com' });

    expect(page.forms[0]?.fields['email']).toBe('ana@example.com');
  });

  test('id_token_hint: of the person signed in nothing is asked, of somebody else a sign-in', async () => {
    const { browser, tokens } = await signedIn();
    const other = await signedIn();

    const own = await ask(browser, { id_token_hint: tokens.id_token ?? '', prompt: 'none' });
    expect(own.page.location).toContain('code=');

    const silent = await ask(browser, { id_token_hint: other.tokens.id_token ?? '', prompt: 'none' });
    expect(errorOf(silent.page.location)).toBe('login_required');

    const shown = await ask(browser, { id_token_hint: other.tokens.id_token ?? '' });
    expect(shown.page.forms[0]?.fields['email']).toBe('');
    const arrived = await walkThrough(browser, shown.page, other.ana);
    expect((await wiki.redeem(shown.departure, arrived)).claims()?.sub).toBe(other.ana.id);
  });

  test('ui_locales: the first language that there is', async () => {
    const browser = openBrowser(app.url, { headers: { 'accept-language': 'en' } });
    const { page } = await ask(browser, { ui_locales: 'sv de-AT en' });

    expect(page.html).toContain('<html lang="de">');
    const wrong = await browser.submit(page, { email: 'ana@example.com', password: 'wrong' });
    expect(wrong.html).toContain('<html lang="de">');
  });

  test('acr_values: a wish; as an essential claim a condition', async () => {
    const { ana, browser, tokens: before } = await signedIn();
    const { password } = ana;
    expect(before.claims()).toMatchObject({ acr: 'urn:gatehouse:acr:1', amr: ['pwd'] });

    const wish = await ask(browser, { acr_values: 'urn:gatehouse:acr:2 urn:gatehouse:acr:1' });
    const proved = await browser.submit(wish.page, { password });
    const tokens = await wiki.redeem(wish.departure, proved.location ?? '');
    expect(tokens.claims()).toMatchObject({ acr: 'urn:gatehouse:acr:1' });

    const must = { id_token: { acr: { essential: true, values: ['urn:gatehouse:acr:2'] } } };
    const condition = await ask(browser, { claims: JSON.stringify(must) });
    const next = await browser.submit(condition.page, { password });
    expect(next.words).toContain('Set up a second factor');
  });

  test('offline_access without prompt=consent: a refresh token where the person allowed it, none where not', async () => {
    const ana = await app.account();
    const { tokens } = await wiki.signIn(ana, { request: { scope: 'openid offline_access' } });
    expect(tokens.refresh_token).toEqual(expect.any(String));

    const ben = await app.account();
    const browser = openBrowser(app.url);
    const { departure, page } = await ask(browser, { scope: 'openid offline_access' });
    const consent = await browser.submit(page, { email: ben.email, password: ben.password });
    const left = await browser.submit(consent, {}, { button: 'Allow' });
    const without = await wiki.redeem(departure, left.location ?? '');
    expect(without).not.toHaveProperty('refresh_token');
    expect(without.scope).toBe('openid');
  });
});
