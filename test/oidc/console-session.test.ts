import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createBrowser, type Browser } from './browser.ts';
import { arrive, codeRequest, signIn } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const day = 86_400;

describe('who is signed in at the account console', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld({ session: { idle: '2d', absolute: '5d' } });
    await world.addClient('own', { first_party: true });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  async function opened(): Promise<Browser> {
    const browser = world.browser();
    const page = await signIn(browser, await browser.go('/account/devices?page=2'));

    expect([page.url.pathname, page.url.search]).toEqual(['/account/devices', '?page=2']);
    return browser;
  }

  const currentOf = async (browser: Browser) =>
    (await browser.go('/account')).json['current'] as { session: { uid: string } } | undefined;
  const rowOf = async (browser: Browser) => {
    const current = await currentOf(browser);
    return world.records.sessions.get(current?.session.uid ?? '');
  };

  test('signing in there leads to where the person was going', async () => {
    const current = await currentOf(await opened());

    expect(current).toMatchObject({
      account: { id: 'ana' },
      session: { uid: expect.any(String), signedInAt: expect.any(Number), amr: ['pwd'], acr: 'urn:gatehouse:acr:1' },
    });
  });

  test('whoever is signed in already is not asked', async () => {
    const browser = world.browser();
    await arrive(browser, codeRequest('own'));

    expect(await currentOf(browser)).toMatchObject({ account: { id: 'ana' } });
  });

  test('S50: no token comes of it, and no code is in any address', async () => {
    const browser = await opened();
    const { uid } = (await currentOf(browser))?.session ?? { uid: '' };

    expect(await world.records.refreshFamilies.count('session', uid)).toBe(0);
  });

  test('a use is noted once a minute', async () => {
    const browser = await opened();
    const before = await rowOf(browser);

    expect((await rowOf(browser))?.lastAccessedAt).toBe(before?.lastAccessedAt);

    world.wait(61);
    expect((await rowOf(browser))?.lastAccessedAt).toBeGreaterThan(before?.lastAccessedAt ?? Infinity);
  });

  test('S106: a session that is used goes on beyond its idle time, to its absolute end and no further', async () => {
    const browser = await opened();

    for (let day2 = 0; day2 < 4; day2 += 1) {
      world.wait(day);
      expect(await currentOf(browser)).toBeDefined();
    }

    world.wait(day + 60);
    expect(await currentOf(browser)).toBeUndefined();
  });

  test('S106: one that is not used ends after its idle time', async () => {
    const browser = await opened();

    world.wait(2 * day + 1);
    expect(await currentOf(browser)).toBeUndefined();
  });

  test('the cookie lasts as long as the session by then', async () => {
    const browser = await opened();
    const expiry = async () => {
      const cookie = (await browser.jar.getCookies(world.origin)).find(({ key }) => key === 'session');
      return cookie?.expires instanceof Date ? cookie.expires.getTime() : Number.NaN;
    };
    const before = await expiry();

    world.wait(day);
    await currentOf(browser);
    expect((await expiry()) - before).toBeGreaterThan(0.9 * day * 1000);
  });

  test('S30: an account that is disabled is signed in nowhere', async () => {
    const browser = await opened();
    await world.records.accounts.update('ana', (old) => ({ ...old, status: 'disabled' }));
    const during = await currentOf(browser);
    await world.records.accounts.update('ana', (old) => ({ ...old, status: 'active' }));

    expect(during).toBeUndefined();
  });

  test('S104: a renewed session goes on under a new id, and the old one is worth nothing', async () => {
    const browser = await opened();
    const before = await currentOf(browser);
    const thief = createBrowser(world.origin, await browser.jar.clone());
    expect(await currentOf(thief)).toBeDefined();

    await browser.go('/account/renew');

    expect(await currentOf(browser)).toEqual(before);
    expect(await currentOf(thief)).toBeUndefined();
    const cookie = (await browser.jar.getCookies(world.origin)).find(({ key }) => key === 'session');
    expect(cookie?.expires).toBeInstanceOf(Date);
  });

  test('S104: renewing in two tabs at once, and where nobody is signed in', async () => {
    const browser = await opened();

    await Promise.all([browser.go('/account/renew'), browser.go('/account/renew')]);
    await world.browser().go('/account/renew');

    expect(await currentOf(browser)).toBeDefined();
  });

  test('S108: a session that was ended elsewhere is none at the next request', async () => {
    const browser = await opened();
    const current = await currentOf(browser);
    await world.endings.session(current?.session.uid ?? '', { offline: true });

    expect(await currentOf(browser)).toBeUndefined();
  });

  test('a state that is not ours leads nowhere', async () => {
    const page = await world.browser().go('/account/signed-in?state=x.L2V2aWw&error=access_denied');
    expect(page.json).toEqual({ query: { state: 'x.L2V2aWw', error: 'access_denied' } });
  });
});
