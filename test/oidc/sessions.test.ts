import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createCookieKeys } from '../../src/domain/cookie-keys.ts';
import { appsOf } from './apps.ts';
import type { Apps } from './apps.ts';
import type { Browser } from './browser.ts';
import { cookieKey, openWorld } from './world.ts';
import type { World } from './world.ts';

const day = 86_400;

describe('device sessions', () => {
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    world = await openWorld({ session: { idle: '14d', absolute: '30d' } });
    apps = appsOf(world);
    world.freeze();

    for (const id of ['wiki', 'pay']) {
      await world.addClient(id, { first_party: true, grant_types: ['authorization_code', 'refresh_token'] });
    }
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const cookieOf = async (browser: Browser) =>
    (await browser.jar.getCookies(world.origin)).find(({ key }) => key === 'session')?.value;

  /** With our signature, as whoever kept it would have it: that the value is ours is not what decides. */
  async function setCookie(browser: Browser, value: string | undefined): Promise<void> {
    const signature = createCookieKeys([cookieKey]).sign(`session=${String(value)}`);

    await browser.jar.setCookie(`session=${String(value)}; path=/; HttpOnly`, world.origin);
    await browser.jar.setCookie(`session.sig=${signature}; path=/; HttpOnly`, world.origin);
  }

  const sessionsOf = async (account = 'ana') => (await world.records.sessions.list('account', account)).rows;

  const silent = async (browser: Browser, clientId = 'wiki') => {
    const { url } = await browser.go(apps.request(clientId, { prompt: 'none' }));

    return url.searchParams.get('error') ?? 'signed in';
  };

  async function signedIn(as = 'ana'): Promise<Browser> {
    const browser = world.browser();
    await apps.code('wiki', { browser, as });

    return browser;
  }

  test('one row for each, with what the Devices page shows, and no value that a cookie has', async () => {
    const before = (await sessionsOf()).map(({ id }) => id);
    const browser = await signedIn();
    const row = (await sessionsOf()).find(({ id }) => !before.includes(id));

    expect(row).toMatchObject({ accountId: 'ana', ip: '192.0.2.1', userAgent: 'test', amr: ['pwd'] });
    expect(JSON.stringify(row)).not.toContain(String(await cookieOf(browser)));
  });

  test('S104: signing in again gives a new id, and the old one is dead', async () => {
    const browser = await signedIn();
    const old = await cookieOf(browser);
    const twin = world.browser();
    await setCookie(twin, old);
    expect(await silent(twin)).toBe('signed in');

    await apps.code('wiki', { browser, of: { prompt: 'login' } });

    expect(await cookieOf(browser)).not.toBe(old);
    expect(await silent(browser)).toBe('signed in');

    const thief = world.browser();
    await setCookie(thief, old);
    expect(await silent(thief)).toBe('login_required');
  });

  test('S104: a cookie that was planted before is worth nothing afterwards', async () => {
    const browser = world.browser();
    await setCookie(browser, 'p'.repeat(43));
    await apps.code('wiki', { browser });

    expect(await cookieOf(browser)).not.toBe('p'.repeat(43));
    const planter = world.browser();
    await setCookie(planter, 'p'.repeat(43));
    expect(await silent(planter)).toBe('login_required');
  });

  test('a hash from a copy of the database is no cookie', async () => {
    await signedIn();
    const thief = world.browser();

    for (const { cookieHash } of await sessionsOf()) {
      await setCookie(thief, `#${cookieHash}`);
      expect(await silent(thief)).toBe('login_required');
    }
  });

  test('S106: it ends when it was not used for long, and at the latest so long after the sign-in', async () => {
    const browser = await signedIn();

    for (let times = 0; times < 2; times += 1) {
      world.wait(13 * day);
      expect(await silent(browser)).toBe('signed in');
    }

    world.wait(5 * day);
    expect(await silent(browser)).toBe('login_required');

    const idle = await signedIn();
    world.wait(15 * day);
    expect(await silent(idle)).toBe('login_required');
  });

  test('it is not written, nor its cookie sent, when only its time moved by less than a minute', async () => {
    const browser = await signedIn();
    const [before] = await sessionsOf();

    const path = apps.request('wiki', { prompt: 'none' });
    const cookie = await browser.jar.getCookieString(world.origin);
    const answer = () => fetch(`${world.origin}${path}`, { redirect: 'manual', headers: { cookie } });

    expect((await answer()).headers.getSetCookie().filter((one) => one.startsWith('session'))).toEqual([]);
    expect(await sessionsOf()).toEqual(expect.arrayContaining([before]));

    world.wait(60);
    const later = await answer();
    expect(later.headers.getSetCookie().some((one) => one.startsWith('session='))).toBe(true);
  });

  test('two tabs that use two apps at once keep both', async () => {
    const browser = await signedIn('bob');
    world.wait(61);

    await Promise.all(['wiki', 'pay'].map((clientId) => silent(browser, clientId)));
    const [row] = await sessionsOf('bob');

    expect(Object.keys(row?.payload['authorizations'] as object).toSorted()).toEqual(['pay', 'wiki']);
    expect(await silent(browser)).toBe('signed in');
  });

  test('S107: one that is ended while it is used stays ended', async () => {
    const browser = await signedIn();
    const [row] = await sessionsOf();
    world.wait(61);

    await Promise.all([silent(browser), world.endings.session(row?.id ?? '', { offline: true })]);
    expect((await sessionsOf()).map(({ id }) => id)).not.toContain(row?.id);
  });

  test('S107: after signing out a kept cookie is refused, and bound tokens are dead at once', async () => {
    const browser = await signedIn();
    const bound = await apps.tokens('pay', { browser, of: { scope: 'openid' } });
    const kept = await cookieOf(browser);

    await browser.go('/sign-out');
    const thief = world.browser();
    await setCookie(thief, kept);

    expect(await silent(thief)).toBe('login_required');
    expect((await apps.userinfo(bound.access_token)).status).toBe(401);
  });

  test('S22, S108: access that was given for the time away outlives a plain sign-out, and ends with its grant', async () => {
    const browser = world.browser();
    const { refresh_token } = await apps.tokens('wiki', { browser });
    await browser.go('/sign-out');

    const refreshed = await apps.refresh('wiki', refresh_token);
    expect(refreshed.status).toBe(200);

    await world.endings.application('ana', 'wiki');
    expect((await apps.userinfo(String(refreshed.json['access_token']))).status).toBe(401);
    expect((await apps.refresh('wiki', String(refreshed.json['refresh_token']))).status).toBe(400);
  });
});
