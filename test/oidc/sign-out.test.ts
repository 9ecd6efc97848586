import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Arrived, Browser } from './browser.ts';
import { allow, arrive, codeRequest, isActive, redeem } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

describe('signing out', () => {
  let world: World;
  const told: { clientId: string; claims: Record<string, unknown> }[] = [];
  const apps = createServer((request, response) => {
    void text(request).then((body) => {
      const token = new URLSearchParams(body).get('logout_token') ?? '';
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
        string,
        unknown
      >;

      told.push({ clientId: request.url?.slice(1) ?? '', claims });
      response.end();
      apps.emit('told');
    });
  });

  beforeAll(async () => {
    apps.listen(0, '127.0.0.1');
    await once(apps, 'listening');
    const at = `http://127.0.0.1:${(apps.address() as AddressInfo).port}`;

    world = await openWorld({ outbound: { allow_private: true, timeout: '500ms' } });
    const post_logout_redirect_uris = ['https://own.example/bye', 'https://own.example'];

    await world.addClient('own', {
      client_name: 'Payroll',
      first_party: true,
      post_logout_redirect_uris,
      client_uri: 'https://own.example/',
      backchannel_logout_uri: `${at}/own`,
      backchannel_logout_session_required: true,
    });
    await world.addClient('other', { first_party: true, backchannel_logout_uri: `${at}/other` });
    await world.addClient('down', { first_party: true, backchannel_logout_uri: 'http://127.0.0.1:9/down' });
    await world.addClient('pairwise', { first_party: true, subject_type: 'pairwise' });
    await world.addClient('wiki', {});
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    apps.close();
  });

  async function signedIn(...clients: string[]): Promise<{ browser: Browser; idTokens: string[]; tokens: string[] }> {
    const browser = world.browser();
    const first = await arrive(browser, codeRequest(clients[0] ?? 'own'));
    const all = [await redeem(world, clients[0] ?? 'own', first)];

    for (const id of clients.slice(1)) all.push(await redeem(world, id, await browser.go(codeRequest(id))));

    return { browser, idTokens: all.map(({ id_token }) => id_token), tokens: all.map((one) => one.access_token) };
  }

  const logout = (of: Record<string, string>) => `/oauth/logout?${new URLSearchParams(of).toString()}`;
  const isSignedIn = async (browser: Browser) => 'current' in (await browser.go('/account')).json;
  const dataOf = ({ json }: Arrived) => json['data'] as Record<string, string>;
  const bye = 'https://own.example/bye';

  /** Presses one of the two buttons. */
  const answer = (browser: Browser, page: Arrived, yes: boolean) =>
    browser.go(dataOf(page)['action'] ?? '', {
      form: { xsrf: dataOf(page)['xsrf'] ?? '', ...(yes && { logout: 'yes' }) },
    });

  test("S109: the app's ID token of this person signs out without asking, and goes back to the app", async () => {
    const { browser, idTokens } = await signedIn('own');
    const app = await browser.go(
      logout({ id_token_hint: idTokens[0] ?? '', post_logout_redirect_uri: bye, state: 'a "b" &c' }),
    );

    expect(app.url.href.split('?')[0]).toBe(bye);
    expect(app.url.searchParams.get('state')).toBe('a "b" &c');
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S109: also where the app knows the person by another identifier', async () => {
    const { browser, idTokens } = await signedIn('pairwise');

    await browser.go(logout({ id_token_hint: idTokens[0] ?? '' }));
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S109: without a hint the person is asked', async () => {
    const { browser } = await signedIn('own');
    const page = await browser.go(logout({ client_id: 'own', post_logout_redirect_uri: bye }));

    expect(page.json).toMatchObject({
      view: 'protocol/sign-out',
      data: { app: { name: 'Payroll' }, email: 'ana@example.com', action: '/oauth/logout/confirm' },
      formAction: ['https:'],
    });
    expect(await isSignedIn(browser)).toBe(true);

    world.events.length = 0;
    expect((await answer(browser, page, true)).url.href).toBe(bye);
    expect(await isSignedIn(browser)).toBe(false);
    expect(world.events).toContain('sign_out');
  });

  test('S109: the hint of somebody else signs nobody out', async () => {
    const { idTokens } = await signedIn('own');
    const bob = world.browser();
    await arrive(bob, codeRequest('own'), 'bob');

    const page = await bob.go(logout({ id_token_hint: idTokens[0] ?? '', post_logout_redirect_uri: bye }));
    expect(page.json['view']).toBe('protocol/sign-out');
    expect(await isSignedIn(bob)).toBe(true);
  });

  test('S109: a hint that was changed, cut or made up is refused', async () => {
    const { browser, idTokens } = await signedIn('own');
    const [head = '', body = '', signature = ''] = (idTokens[0] ?? '').split('.');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');

    for (const hint of [
      `${head}.${body}.`,
      `${unsigned}.${body}.`,
      `${head}.${body}.${signature.slice(0, -2)}`,
      'x',
      'a.b.c',
    ]) {
      const page = await browser.go(logout({ id_token_hint: hint, post_logout_redirect_uri: bye }));
      expect([page.status, page.url.host]).toEqual([400, new URL(world.origin).host]);
    }

    expect(await isSignedIn(browser)).toBe(true);
  });

  test.each([
    'https://own.example/bye/',
    'https://own.example/bye?x',
    'https://evil.example/',
    'https://own.example.evil/',
  ])('S109: %s was not registered: nobody is sent there', async (uri) => {
    const { browser, idTokens } = await signedIn('own');

    for (const who of [{ id_token_hint: idTokens[0] ?? '' }, { client_id: 'own' }]) {
      const page = await browser.go(logout({ ...who, post_logout_redirect_uri: uri }));
      expect([page.status, page.url.origin]).toEqual([400, world.origin]);
    }

    // Without a client the address is not even looked at.
    const page = await browser.go(logout({ post_logout_redirect_uri: uri }));
    expect(page.json['view']).toBe('protocol/sign-out');
    expect((await answer(browser, page, true)).json).toEqual({
      view: 'protocol/signed-out',
      data: { stayed: false },
    });
  });

  test('a post-logout address that is a bare origin', async () => {
    const { browser, idTokens } = await signedIn('own');

    for (const post_logout_redirect_uri of ['https://own.example', 'https://own.example/']) {
      const app = await browser.go(logout({ id_token_hint: idTokens[0] ?? '', post_logout_redirect_uri }));
      expect(app.url.href).toBe('https://own.example/');
    }
  });

  test('nobody is signed in: straight back, or to the page at the end', async () => {
    const browser = world.browser();

    expect((await browser.go(logout({ client_id: 'own', post_logout_redirect_uri: bye }))).url.href).toBe(bye);
    expect((await browser.go(logout({ client_id: 'own' }))).json).toMatchObject({
      view: 'protocol/signed-out',
      data: { app: { name: 'Payroll', uri: 'https://own.example/' }, stayed: false },
    });
  });

  test('the page at the end offers the way back to the app', async () => {
    const { browser } = await signedIn('own');
    const end = await answer(browser, await browser.go(logout({ client_id: 'own' })), true);

    expect(end.json).toMatchObject({ data: { app: { name: 'Payroll', uri: 'https://own.example/' }, stayed: false } });
  });

  test('the person stays: only the app is signed out', async () => {
    const { browser, tokens } = await signedIn('own', 'other');
    const end = await answer(browser, await browser.go(logout({ client_id: 'own' })), false);

    expect(end.json).toMatchObject({ view: 'protocol/signed-out', data: { stayed: true } });
    expect(await isSignedIn(browser)).toBe(true);
    expect([await isActive(world, 'own', tokens[0] ?? ''), await isActive(world, 'other', tokens[1] ?? '')]).toEqual([
      false,
      true,
    ]);
  });

  test('S14: an app may post its request', async () => {
    const { browser, idTokens } = await signedIn('own');
    const form = { id_token_hint: idTokens[0] ?? '', post_logout_redirect_uri: bye };

    expect((await browser.go('/oauth/logout', { form, from: 'elsewhere' })).url.href).toBe(bye);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S23: another site cannot press the button', async () => {
    const { browser } = await signedIn('own');
    await browser.go(logout({}));

    for (const form of [{ logout: 'yes' }, { logout: 'yes', xsrf: 'x'.repeat(48) }]) {
      const page = await browser.go('/oauth/logout/confirm', { form });
      expect(page.json['view']).toBe('protocol/sign-out');
    }

    expect(await isSignedIn(browser)).toBe(true);
  });

  test('S107: a saved cookie is worth nothing after signing out, and every app is told', async () => {
    const { browser, tokens } = await signedIn('own', 'other');
    const saved = world.browser();
    for (const cookie of await browser.jar.getCookies(world.origin)) await saved.jar.setCookie(cookie, world.origin);
    expect(await isSignedIn(saved)).toBe(true);

    told.length = 0;
    await answer(browser, await browser.go(logout({})), true);

    expect(await isSignedIn(saved)).toBe(false);
    expect([await isActive(world, 'own', tokens[0] ?? ''), await isActive(world, 'other', tokens[1] ?? '')]).toEqual([
      false,
      false,
    ]);
    await heard(2);
    expect(told.map(({ clientId }) => clientId).toSorted()).toEqual(['other', 'own']);
    expect(told.find(({ clientId }) => clientId === 'own')?.claims).toMatchObject({
      iss: world.origin,
      aud: 'own',
      sub: 'ana',
      sid: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
  });

  test('S107: the same for the button of the account console', async () => {
    const { browser, tokens } = await signedIn('own');
    told.length = 0;
    world.events.length = 0;

    await browser.go('/sign-out', { form: {} });

    expect(await isSignedIn(browser)).toBe(false);
    expect((await browser.jar.getCookies(world.origin)).map(({ key }) => key)).not.toContain('session');
    expect(await isActive(world, 'own', tokens[0] ?? '')).toBe(false);
    expect(world.events).toContain('sign_out');
    await heard(1);
  });

  test('an app that cannot be reached keeps nobody from signing out', async () => {
    const { browser } = await signedIn('down', 'own');
    told.length = 0;
    const began = performance.now();

    await browser.go('/sign-out', { form: {} });

    expect(performance.now() - began).toBeLessThan(2000);
    expect(await isSignedIn(browser)).toBe(false);
    await heard(1);
  });

  test('a consent outlives signing out', async () => {
    const browser = world.browser();
    await allow(browser, await arrive(browser, codeRequest('wiki')));
    await browser.go('/sign-out', { form: {} });

    expect((await arrive(browser, codeRequest('wiki'))).url.searchParams.has('code')).toBe(true);
  });

  test('signing out where nobody is signed in', async () => {
    expect((await world.browser().go('/sign-out', { form: {} })).json).toEqual({ signedOut: true });
  });

  /** Notices are on their way when the page is answered. */
  async function heard(notices: number): Promise<void> {
    const signal = AbortSignal.timeout(5000);

    while (told.length < notices) await once(apps, 'told', { signal });
    expect(told).toHaveLength(notices);
  }
});
