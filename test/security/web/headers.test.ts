import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { startSecureApp, type SecureApp } from './secure.ts';
import { authorize, signIn } from './visits.ts';

const wiki = 'https://wiki.example.net/cb';
const logo = 'https://cdn.example.org/logo.png';

/** One of every kind of page that a person can be shown, and how to come there. */
const kinds: [string, number, (at: Place) => Promise<Page>][] = [
  ['sign-in', 200, async ({ stranger, request }) => stranger.open(request())],
  [
    'sign-in with what is wrong',
    422,
    async ({ stranger, request }) => stranger.submit(await stranger.open(request()), { email: 'x@example.com' }),
  ],
  ['sign-in again', 200, async ({ ana, request }) => ana.open(request({ prompt: 'login' }))],
  ['consent', 200, async ({ ana, request }) => ana.open(request())],
  ['choice of an account', 200, async ({ ana, request }) => ana.open(request({ prompt: 'select_account' }))],
  [
    'a step of another browser',
    410,
    async ({ stranger, ana, request }) => stranger.open((await ana.open(request())).url),
  ],
  ['a step that was never there', 410, async ({ stranger }) => stranger.open('/sign-in/abcdefghijklmnopqrstuvwxyz')],
  ['set-up', 200, async ({ stranger, app }) => stranger.open(String(app.setupUrl))],
  ['set-up, closed', 410, async ({ stranger }) => stranger.open('/setup?token=none')],
  ['the console', 200, async ({ ana }) => ana.open('/account')],
  [
    'the console with what is wrong',
    422,
    async ({ ana }) => ana.submit(await ana.open('/account'), { displayName: '' }),
  ],
  ['the password', 200, async ({ ana }) => ana.open('/account/sign-in-and-security')],
  [
    'the password with what is wrong',
    422,
    async ({ ana }) => ana.submit(await ana.open('/account/sign-in-and-security'), { currentPassword: 'x' }),
  ],
  ['not signed in', 400, async ({ stranger }) => stranger.open('/account/signed-in?error=access_denied&state=x')],
  ['signed out of the console', 200, async ({ stranger }) => stranger.open('/signed-out')],
  ['signing out?', 200, async ({ ana }) => ana.open('/oauth/logout')],
  ['signed out by an app', 200, async ({ stranger }) => stranger.open('/oauth/logout/success')],
  [
    'the answer by form_post',
    200,
    async ({ stranger, request }) => stranger.open(request({ prompt: 'none', response_mode: 'form_post' })),
  ],
  ['a wrong redirect URI', 400, async ({ stranger, request }) => stranger.open(request({ redirect_uri: 'https://x' }))],
  ['not found', 404, async ({ stranger }) => stranger.open('/nothing')],
  ['forbidden', 403, async ({ stranger }) => stranger.post('/language', {}, { 'sec-fetch-site': 'cross-site' })],
  ['not allowed', 405, async ({ stranger }) => stranger.send('DELETE', '/signed-out')],
  ['not readable', 400, async ({ stranger }) => stranger.get('/signed-out?a=1&a=2')],
  [
    'out of order',
    503,
    async ({ stranger, outage }) => {
      outage.take('records', 'ephemera');
      const page = await stranger.get('/sign-in/abcdefghijklmnopqrstuvwxyz');
      outage.mend();

      return page;
    },
  ],
];

/** What programs ask for. */
const answers: [string, (at: Place) => Promise<Page>][] = [
  ['a token', async ({ stranger }) => stranger.post('/oauth/token', { grant_type: 'x' })],
  ['userinfo', async ({ stranger }) => stranger.get('/oauth/userinfo', { authorization: 'Bearer x' })],
  ['introspection', async ({ stranger }) => stranger.post('/oauth/introspect', { token: 'x' })],
  ['revocation', async ({ stranger }) => stranger.post('/oauth/revoke', { token: 'x' })],
  ['the way to the sign-in', async ({ stranger, request }) => stranger.get(request())],
  ['the way to the console', async ({ stranger }) => stranger.get('/account/personal-information')],
];

interface Place {
  app: TestApp;
  outage: ReturnType<typeof createOutage>;
  /** Nobody is signed in there. */
  stranger: Browser;
  /** Ana is signed in there. */
  ana: Browser;
  request(more?: Record<string, string>): string;
}

describe.each([
  ['plain http on this computer', false],
  ['https behind a proxy', true],
])('%s', (_where, secure) => {
  let app: TestApp;
  let at: Place;

  beforeAll(async () => {
    const outage = createOutage();
    const start = secure ? startSecureApp : startTestApp;
    app = await start({ aroundStores: outage.around });
    const reach = 'reach' in app ? (app as SecureApp).reach : {};
    const person = await app.account({ email: 'ana@example.com' });
    const { client } = await app.client('web', { client_name: 'Wiki', logo_uri: logo, redirect_uris: [wiki] });

    at = {
      app,
      outage,
      stranger: openBrowser(app.url, reach),
      ana: await signIn(app, person, reach),
      request: (more = {}) => authorize(client.id, wiki, { state: 'state-canary', ...more }),
    };
  });

  afterAll(() => app[Symbol.asyncDispose]());

  describe.each(kinds)('%s', (_kind, status, visit) => {
    let page: Page;

    beforeAll(async () => {
      page = await visit(at);
    });

    const header = (name: string) => String(page.headers[name]);

    test('S16: is shown in no frame', () => {
      expect(page.status).toBe(status);
      expect(header('content-type')).toBe('text/html; charset=utf-8');
      expect(header('content-security-policy')).toContain("frame-ancestors 'none'");
    });

    test('S17: tells no other site where it was', () => {
      expect(header('referrer-policy')).toBe('no-referrer');
    });

    test('S17: what is secret does not stand on a page that loads from elsewhere', () => {
      const loaded = [...page.html.matchAll(/<(?:img|script|link|iframe)\b[^>]*?(?:src|href)="([^"]*)"/g)].flatMap(
        ([, url = '']) => (url.startsWith('/') ? [] : [url]),
      );

      expect(loaded.every((url) => url === logo)).toBe(true);
      if (loaded.length > 0) expect(page.url + page.html).not.toMatch(/state-canary|[?&]code=|name="(code|state)"/);
    });

    test('S18: is kept by no cache', () => {
      expect(header('cache-control')).toBe('no-store');
    });

    test('S110: runs nothing but scripts of ours, and is not sniffed', () => {
      const policy = header('content-security-policy');

      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).not.toMatch(/unsafe|\*|data:|sha256/);
      expect(header('x-content-type-options')).toBe('nosniff');
      expect(page.html).not.toMatch(/<script(?![^>]*\bsrc="\/)|<style\b|\sstyle=|\son[a-z]+=|javascript:/i);
    });

    test('S110: on https, browsers are told to stay there for at least a year', () => {
      const age = /^max-age=(\d+)/.exec(header('strict-transport-security'))?.[1];

      expect(Number(age ?? 0) >= 31_536_000).toBe(secure);
    });
  });

  test.each(answers)('S16, S17, S18: the same for programs: %s', async (_what, ask) => {
    const { status, headers } = await ask(at);

    expect(status).toBeLessThan(500);
    expect(headers['cache-control']).toMatch(/no-store/);
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  test('S16, S18: what is refused before there is a page (421) says no more than where to go', async () => {
    const page = await at.stranger.get('/account', { host: 'evil.example' });

    expect(page.status).toBe(421);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.html).not.toContain('evil.example');
  });

  test('S110: a page of the console shares no window with another site', async () => {
    expect((await at.ana.open('/account')).headers['cross-origin-opener-policy']).toBe('same-origin');
  });
});
