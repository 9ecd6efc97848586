import { createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { answerAt, openGround, type Ground, type Party } from '../protocol/ground.ts';
import { isSignedIn, sessionsOf } from './visits.ts';

/** What an app heard at its back-channel logout address (OpenID Connect Back-Channel Logout 1.0 section 2.5). */
interface Notice {
  path: string;
  type: string;
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  signed: string;
}

const ending = { 'http://schemas.openid.net/event/backchannel-logout': {} };

describe('signing out', () => {
  const notices: Notice[] = [];
  const apps = createServer();
  let ground: Ground;
  let wiki: Party;
  let board: Party;
  let idle: Party;

  beforeAll(async () => {
    apps.on('request', (request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        notices.push(noticeOf(String(request.url), String(request.headers['content-type']), body));
        response.end();
        apps.emit('told');
      });
    });
    apps.listen(0, '127.0.0.1');
    await once(apps, 'listening');

    ground = await openGround({ env: { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true' } });
    const party = (name: string) =>
      ground.party('web', {
        client_name: name,
        first_party: true,
        backchannel_logout_uri: `http://127.0.0.1:${(apps.address() as AddressInfo).port}/${name}`,
        backchannel_logout_session_required: true,
        post_logout_redirect_uris: [`https://${name}.example.com/bye`],
      });

    wiki = await party('wiki');
    board = await party('board');
    idle = await party('idle');
  });

  beforeEach(() => {
    notices.length = 0;
  });

  afterAll(async () => {
    await ground[Symbol.asyncDispose]();
    apps.closeAllConnections();
    apps.close();
  });

  async function copyOf(browser: Browser): Promise<Browser> {
    const copy = openBrowser(ground.app.url);
    for (const cookie of await browser.jar.getCookies(ground.app.url)) {
      await copy.jar.setCookie(cookie.toString(), ground.app.url);
    }

    return copy;
  }

  async function heard(count: number): Promise<void> {
    const signal = AbortSignal.timeout(5000);
    while (notices.length < count) await once(apps, 'told', { signal });
  }

  const logout = (of: Record<string, string>) => `/oauth/logout?${new URLSearchParams(of).toString()}`;
  const confirm = async (browser: Browser, page: Page) => browser.submit(page, {}, { button: 'Sign out' });

  const ways: [string, (browser: Browser, idToken: string) => Promise<Page>][] = [
    [
      'by the button of the console',
      async (browser) => browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' }),
    ],
    ['by an app, after the question', async (browser) => confirm(browser, await browser.open(logout({})))],
    [
      'by an app that shows whom it means',
      async (browser, idToken) => browser.open(logout({ id_token_hint: idToken })),
    ],
  ];

  describe.each(ways)('%s', (_how, signOut) => {
    test('S107: a saved cookie is refused everywhere', async () => {
      const browser = await ground.signedIn(ground.ana);
      const { id_token: idToken } = await wiki.tokens(browser);
      const before = await sessionsOf(ground.app, ground.ana.id);
      const saved = await copyOf(browser);
      expect(await isSignedIn(saved)).toBe(true);

      expect((await signOut(browser, idToken)).status).toBe(200);

      expect(await isSignedIn(browser)).toBe(false);
      expect(await isSignedIn(saved)).toBe(false);
      expect(answerAt(await saved.open(wiki.url({ prompt: 'none' })))).toMatchObject({ error: 'login_required' });
      expect((await saved.open('/oauth/logout')).words).not.toContain(ground.ana.email);
      expect(await sessionsOf(ground.app, ground.ana.id)).toBe(before - 1);
    });

    test('S107: the apps of this session hear it, in a token that only we can make, and no others', async () => {
      const browser = await ground.signedIn(ground.ana);
      const other = await ground.signedIn(ground.ana);
      const { id_token: idToken } = await wiki.tokens(browser);
      const { id_token: boards } = await board.tokens(browser);
      await idle.tokens(other);

      await signOut(browser, idToken);
      await heard(2);
      await ground.get('/healthz');

      expect(notices.map(({ path }) => path).toSorted()).toEqual(['/board', '/wiki']);
      expect(new Set(notices.map(({ claims }) => claims['jti'])).size).toBe(2);

      for (const { path, type, header, claims, signed } of notices) {
        const party = path === '/wiki' ? wiki : board;
        const told = claimsOf(path === '/wiki' ? idToken : boards);

        expect(type).toBe('application/x-www-form-urlencoded');
        expect(header).toMatchObject({ alg: 'RS256', typ: 'logout+jwt' });
        expect(await isSignedByUs(signed, String(header['kid']))).toBe(true);
        expect(claims).toMatchObject({
          iss: ground.app.url,
          aud: party.id,
          sub: ground.ana.id,
          sid: told['sid'],
          events: ending,
          jti: expect.stringMatching(/^[\w-]{16,}$/),
        });
        expect(claims['nonce']).toBeUndefined();
        expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(120);
      }
    });

    test('S107: what was given for the time of the session dies with it; what was given for longer does not', async () => {
      const browser = await ground.signedIn(ground.ana);
      const forNow = await wiki.tokens(browser, { scope: 'openid email' });
      const forLong = await board.tokens(browser, { scope: 'openid email offline_access' });
      const { code } = await idle.code(browser, { scope: 'openid email' });

      await signOut(browser, forNow.id_token);

      expect((await ground.userinfo(forNow.access_token)).status).toBe(401);
      expect((await wiki.introspect(forNow.access_token)).body).toEqual({ active: false });
      expect((await idle.redeem(code)).status).toBe(400);
      expect((await board.refresh(forLong.refresh_token)).status).toBe(200);
    });
  });

  test('S107: somebody else who signs in here ends the session before, and its apps hear it', async () => {
    const ben = await ground.app.account({ email: 'ben@example.com' });
    const browser = await ground.signedIn(ground.ana);
    const { access_token: token, id_token: idToken } = await wiki.tokens(browser, { scope: 'openid' });
    const saved = await copyOf(browser);

    const door = await browser.open(board.url({ prompt: 'login' }));
    await browser.submit(door, { email: ben.email, password: ben.password });

    // Others may still come of what was done before.
    const { sid } = claimsOf(idToken);
    const ofThis = () => notices.find(({ claims }) => claims['sid'] === sid);
    while (!ofThis()) await once(apps, 'told');

    expect(ofThis()).toMatchObject({ path: '/wiki', claims: { sub: ground.ana.id } });
    expect(await isSignedIn(saved)).toBe(false);
    expect((await ground.userinfo(token)).status).toBe(401);
  });

  test('S109: without a hint, and with another person’s, the person is asked first', async () => {
    const ben = await ground.app.account({});
    const bens = await ground.signedIn(ben);
    const browser = await ground.signedIn(ground.ana);
    const { id_token: anas } = await wiki.tokens(browser);
    const bye = 'https://wiki.example.com/bye';

    for (const more of [{}, { client_id: wiki.id }, { client_id: wiki.id, post_logout_redirect_uri: bye }]) {
      const page = await browser.open(logout(more));
      expect([page.status, page.words.includes(ground.ana.email)]).toEqual([200, true]);
      expect(await isSignedIn(browser)).toBe(true);
    }

    await bens.open(logout({ id_token_hint: anas, post_logout_redirect_uri: bye }));
    expect(await isSignedIn(bens)).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test.each([
    'https://wiki.example.com/bye/',
    'https://wiki.example.com/bye?next=https://evil.example',
    'https://wiki.example.com/bye#x',
    'https://WIKI.example.com/bye',
    'https://wiki.example.com:443/bye',
    'https://wiki.example.com@evil.example/bye',
    'https://wiki.example.com/a/../bye',
    'https://wiki.example.com/%62ye',
    'https://wiki.example.com/bye ',
    'http://wiki.example.com/bye',
    'https://board.example.com/bye',
    'javascript:alert(1)',
    '//evil.example',
  ])('S109: nobody is sent to %s', async (address) => {
    const browser = await ground.signedIn(ground.ana);
    const { id_token: hint } = await wiki.tokens(browser);

    for (const who of [{ id_token_hint: hint }, { client_id: wiki.id }]) {
      const page = await browser.open(logout({ ...who, post_logout_redirect_uri: address, state: 'x' }));

      expect([page.status, page.location]).toEqual([400, undefined]);
      expect(page.html).not.toContain('evil.example');
    }

    expect(await isSignedIn(browser)).toBe(true);
  });

  test('S109: our page prints no name that the request brings', async () => {
    const browser = await ground.signedIn(ground.ana);
    const spoofed = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };

    expect((await browser.get('/oauth/logout', spoofed)).html).not.toContain('evil.example');
    expect((await browser.get('/oauth/logout', { host: 'evil.example' })).status).toBe(421);
  });

  async function isSignedByUs(signed: string, kid: string): Promise<boolean> {
    const { keys } = (await ground.get('/oauth/jwks')).body as { keys: { kid: string }[] };
    const [header = '', body = '', signature = ''] = signed.split('.');
    const jwk = keys.find((key) => key.kid === kid);
    if (jwk === undefined) return false;

    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    return verify('sha256', Buffer.from(`${header}.${body}`), key, Buffer.from(signature, 'base64url'));
  }
});

function noticeOf(path: string, type: string, body: string): Notice {
  const signed = new URLSearchParams(body).get('logout_token') ?? '';
  const [header = ''] = signed.split('.');

  return { path, type, header: jsonIn(header), claims: claimsOf(signed), signed };
}

function claimsOf(token: string): Record<string, unknown> {
  return jsonIn(token.split('.')[1] ?? '');
}

function jsonIn(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}
