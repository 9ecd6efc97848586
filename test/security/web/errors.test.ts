import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { routes as protocol } from '../../../src/oidc/settings.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Page } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { authorize, signIn, unlimited } from './visits.ts';

const uid = 'abcdefghijklmnopqrstuvwxyz';
const wiki = 'https://wiki.example.net/cb';

/** What the protocol library would call its routes, and where frameworks put what helps an attacker. */
const elsewhere = (
  '/auth /me /token /request /reg /ciba /backchannel /session/end /session/end/confirm /session/end/success ' +
  `/device/auth/x /oauth/device /interaction/${uid} /interaction/${uid}/login /oauth/authorize/${uid} /oauth/logout/confirm ` +
  '/oauth/logout/success /oauth /oauth/ /metrics /debug /debug/pprof /status /health /actuator /actuator/env /administration ' +
  '/api/v1 /api/admin /api/account /swagger /openapi.json /.env /.git/config /.git/HEAD /package.json /server-status /console /phpinfo.php ' +
  '/src/main.ts /data/records.db /config/example.yaml /views/sign-in/sign-in.ejs /assets/ /assets/../src/main.ts ' +
  '/.well-known /.well-known/webfinger /.well-known/security.txt /.well-known/openid-configuration/x /favicon.ico /robots.txt'
).split(' ');

const ours = [
  '/',
  '/account',
  '/account/personal-information',
  '/account/signed-in',
  '/account/sign-out',
  '/signed-out',
  '/setup',
  '/language',
  '/device',
  `/device/${uid}`,
  `/device/${uid}/switch`,
  '/account/api-keys/new',
  '/account/close/data',
  ...['/sign-in/', '/consent/', '/choose-account/'].flatMap((path) => [path, path + uid]),
  `/sign-in/${uid}/refuse`,
  `/sign-in/${uid}/restart`,
  `/consent/${uid}/switch`,
];

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];

/** Inner words: frames of a stack, names of what we are made of, places on the machine. */
const inner = /\n\s+at |\bat \w+ \(|node_modules|node:internal|\.ts:\d|\.js:\d|sqlite|oidc-provider|koa|ERR_[A-Z]/i;
const stock = /Submitting Callback|oops! something went wrong|<pre>|Cannot (GET|POST)|devInteractions|Koa|Not Found$/;

describe('errors', () => {
  const outage = createOutage();
  let app: TestApp;
  let clientId: string;

  beforeAll(async () => {
    app = await startTestApp({ env: unlimited, aroundStores: outage.around });
    await app.account({ email: 'ana@example.com' });
    clientId = (await app.client('web', { client_name: 'Wiki', redirect_uris: [wiki] })).client.id;
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const ask = (method: string, path: string, headers: Record<string, string> = {}): Promise<Page> =>
    openBrowser(app.url).send(method, path, { headers });

  /** What is wrong with an answer, in a word; undefined: nothing. */
  function fault({ status, headers, html, location }: Page): string | undefined {
    const type = String(headers['content-type'] ?? '');
    // References and tokens are random: they may spell anything.
    const words = html.replace(/[\w-]{20,}/g, '');

    if (status >= 500) return 'an error of ours';
    if (inner.test(words) || stock.test(words)) return 'inner words or a stock page';
    if (headers['x-request-id'] === undefined) return 'no reference';
    if (headers['x-powered-by'] !== undefined || headers['server'] !== undefined) return 'says what it runs on';
    if (
      location === undefined &&
      type.startsWith('text/html') &&
      html !== '' &&
      !html.includes('href="/assets/style.css')
    )
      return 'a page that is not ours';

    return undefined;
  }

  test.each(methods)('S114: %s anywhere shows nothing but our own answers', async (method) => {
    const faults: string[] = [];

    for (const path of [...ours, ...Object.values(protocol), ...elsewhere]) {
      for (const accept of ['text/html', 'application/json', '*/*']) {
        const page = await ask(method, path, { accept });
        const found = fault(page);

        if (found !== undefined) faults.push(`${page.status} ${path} ${accept}: ${found}`);
      }
    }

    expect(faults).toEqual([]);
  });

  test.each(elsewhere.filter((path) => !/^\/oauth\/(logout|authorize)/.test(path)))(
    'S114: nothing is at %s',
    async (path) => {
      for (const accept of ['text/html', 'application/json']) {
        expect((await ask('GET', path, { accept })).status).toBe(404);
      }
    },
  );

  test('S114: what has a path but not this method says which it has', async () => {
    const page = await ask('PUT', '/language');

    expect([page.status, page.headers.allow]).toEqual([405, 'POST']);
    expect((await ask('TRACE', '/oauth/token')).html).not.toContain('TRACE');
  });

  const mistakes: [string, (at: { ana: Awaited<ReturnType<typeof signIn>> }) => Promise<Page>][] = [
    ['not found', () => ask('GET', '/nothing', { accept: 'text/html' })],
    ['not allowed', () => ask('PUT', '/setup', { accept: 'text/html' })],
    ['a form from elsewhere', () => openBrowser(app.url).post('/language', {}, { 'sec-fetch-site': 'cross-site' })],
    ['not readable', () => ask('GET', '/signed-out?a=1&a=2', { accept: 'text/html' })],
    ['a wrong redirect URI', () => openBrowser(app.url).open(authorize(clientId, 'https://evil.example/'))],
    ['an unknown client', () => openBrowser(app.url).open(authorize('nobody', wiki))],
    ['signing out with a wrong hint', ({ ana }) => ana.open('/oauth/logout?id_token_hint=x')],
  ];

  test.each(mistakes)('S114: %s: the page has a reference that stands in the log', async (_what, make) => {
    const ana = await signIn(app, { email: 'ana@example.com', password: 'quiet-marble-otter-47-lantern' });
    const page = await make({ ana });
    const reference = String(page.headers['x-request-id']);

    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(page.words).toContain(reference);
    await expect(logged(app, reference)).resolves.toMatchObject({ event: 'request', status: page.status });
  });

  test.each(['text/html', 'application/json'])(
    'S114: what nobody foresaw is told to the log alone (%s)',
    async (accept) => {
      outage.fail(new TypeError('canary-of-the-inside at /srv/secret/records.db'), 'records.sessions', 'ephemera');

      const page = await ask('GET', `/sign-in/${uid}`, { accept });
      const reference = String(page.headers['x-request-id']);
      outage.mend();

      expect(page.status).toBe(500);
      expect(page.html).toContain(reference);
      expect(page.html).not.toMatch(/canary|secret|TypeError/);
      expect(page.html).not.toMatch(inner);

      const told = app.log.filter((line) => line.includes(reference) && line.includes('canary-of-the-inside'));
      expect(told).toHaveLength(1);
      expect(JSON.parse(told[0] ?? '')).toMatchObject({ level: 'error', error: { name: 'TypeError' } });
    },
  );

  test.each([
    ['POST', '/oauth/token'],
    ['POST', '/oauth/introspect'],
    ['POST', '/oauth/revoke'],
    ['GET', '/oauth/userinfo'],
    ['GET', '/oauth/authorize'],
    ['GET', '/oauth/logout'],
  ])('S114: the same of the protocol: %s %s', async (method, path) => {
    const ana = await signIn(app, { email: 'ana@example.com', password: 'quiet-marble-otter-47-lantern' });
    outage.fail(new TypeError('canary-of-the-inside'), 'records', 'ephemera');

    const page = await ana.send(method, path === '/oauth/authorize' ? authorize(clientId, wiki) : path, {
      headers: {
        accept: method === 'POST' ? 'application/json' : 'text/html',
        authorization: path === '/oauth/userinfo' ? `Bearer ${'x'.repeat(43)}` : 'Basic eDp5',
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(method === 'POST' && { body: 'grant_type=refresh_token&refresh_token=x&token=x' }),
    });
    outage.mend();

    expect(page.status).toBe(500);
    expect(page.html).not.toMatch(/canary|TypeError/);
    expect(page.html).not.toMatch(inner);
    expect(
      app.log.some(
        (line) => line.includes('canary-of-the-inside') && line.includes(String(page.headers['x-request-id'])),
      ),
    ).toBe(true);
  });

  test('S114: whether we are well is said in one word', async () => {
    expect((await ask('GET', '/healthz')).html).toBe('ok\n');
    expect((await ask('GET', '/readyz')).html).toBe('ready\n');

    outage.fail(new Error('mongodb://user:pw@10.0.0.3 is gone'), 'records.ready');
    const page = await ask('GET', '/readyz?verbose=1');
    outage.mend();

    expect([page.status, page.html]).toEqual([503, 'not ready\n']);
  });
});

/** The line of a request in the log, which is written a moment after the answer. */
async function logged(app: TestApp, reference: string): Promise<unknown> {
  for (let turn = 0; turn < 100; turn += 1) {
    const line = app.log.find((one) => one.includes(reference) && one.includes('"event":"request"'));

    if (line !== undefined) return JSON.parse(line);
    await new Promise((resolve) => setImmediate(resolve));
  }

  throw new Error(`${reference} is not in the log`);
}
