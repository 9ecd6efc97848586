import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Arrived, Browser } from './browser.ts';
import { codeRequest, redeem } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

describe('which step comes', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
    await world.addClient('own', { first_party: true, grant_types: ['authorization_code', 'refresh_token'] });
    await world.addClient('wiki', {});
    await world.addClient('native', {
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/cb'],
    });
    await world.addClient('own-native', {
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/cb'],
      first_party: true,
    });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const request = (clientId: string, of: Record<string, string> = {}) =>
    codeRequest(clientId, { ...(clientId.includes('native') && { redirect_uri: 'http://127.0.0.1:4711/cb' }), ...of });

  const signIn = (browser: Browser, page: Arrived, as = 'ana') => browser.go(page.url.pathname, { form: { as } });

  async function signedIn(as = 'ana'): Promise<Browser> {
    const browser = world.browser();
    const app = await signIn(browser, await browser.go(request('own')), as);
    expect(app.url.searchParams.get('code')).not.toBeNull();

    return browser;
  }

  const stepOf = ({ json }: Arrived) => json['step'] as { prompt: string; reasons: string[]; account?: { id: string } };
  const errorOf = ({ url }: Arrived) => url.searchParams.get('error');

  test('S19: prompt=none shows no page, signed in or not', async () => {
    const stranger = await world.browser().go(request('own', { prompt: 'none' }));
    expect([stranger.url.host, errorOf(stranger)]).toEqual(['own.example', 'login_required']);

    const app = await (await signedIn()).go(request('own', { prompt: 'none' }));
    expect([app.url.searchParams.has('code'), errorOf(app)]).toEqual([true, null]);

    const asked = await (await signedIn()).go(request('wiki', { prompt: 'none' }));
    expect([asked.url.host, errorOf(asked)]).toEqual(['wiki.example', 'consent_required']);
  });

  test('S19: prompt=login asks for a sign-in once more, and only once', async () => {
    const browser = await signedIn();
    const page = await browser.go(request('own', { prompt: 'login' }));

    expect(stepOf(page)).toMatchObject({ prompt: 'login', reasons: ['login_prompt'], account: { id: 'ana' } });
    expect((await signIn(browser, page)).url.searchParams.has('code')).toBe(true);
  });

  test('S19: max_age asks when the last sign-in is older', async () => {
    const browser = await signedIn();
    expect((await browser.go(request('own', { max_age: '300' }))).url.searchParams.has('code')).toBe(true);

    world.wait(301);
    const page = await browser.go(request('own', { max_age: '300' }));

    expect(stepOf(page)).toMatchObject({ prompt: 'login', reasons: ['max_age'] });
    expect((await signIn(browser, page)).url.searchParams.has('code')).toBe(true);
    expect((await browser.go(request('own', { max_age: '300' }))).url.searchParams.has('code')).toBe(true);
  });

  test('max_age=0 is prompt=login', async () => {
    const browser = await signedIn();
    const page = await browser.go(request('own', { max_age: '0' }));

    expect(stepOf(page).prompt).toBe('login');
    expect((await signIn(browser, page)).url.searchParams.has('code')).toBe(true);
  });

  test('prompt=select_account: go on with this account', async () => {
    const browser = await signedIn();
    const page = await browser.go(request('own', { prompt: 'select_account' }));

    expect(page.url.pathname).toMatch(/^\/choose-account\//);
    expect(stepOf(page)).toMatchObject({ prompt: 'select_account', account: { id: 'ana' } });

    const app = await browser.go(page.url.pathname, { form: { choice: 'current' } });
    expect(app.url.searchParams.has('code')).toBe(true);
  });

  test('prompt=select_account: another account signs in, and the one before is signed out', async () => {
    const browser = await signedIn();
    const page = await browser.go(request('own', { prompt: 'select_account' }));
    const door = await browser.go(page.url.pathname, { form: { choice: 'another' } });

    expect([door.url.pathname.split('/')[1], door.url.search]).toEqual(['sign-in', '?as=another']);
    expect(stepOf(door).reasons).toEqual(['another_account']);

    const app = await signIn(browser, door, 'bob');
    expect(app.url.searchParams.has('code')).toBe(true);
    expect((await browser.go('/account')).json).toMatchObject({ current: { account: { id: 'bob' } } });
  });

  test('prompt=select_account without a session is a sign-in, with no picker before or after', async () => {
    const browser = world.browser();
    const page = await browser.go(request('own', { prompt: 'select_account' }));

    expect(stepOf(page).prompt).toBe('login');
    expect((await signIn(browser, page)).url.searchParams.has('code')).toBe(true);
  });

  test('S30: the session of an account that was disabled is none', async () => {
    await world.records.accounts.create({
      ...((await world.records.accounts.get('bob')) as NonNullable<
        Awaited<ReturnType<typeof world.records.accounts.get>>
      >),
      id: 'eve',
      emailKey: 'eve@example.com',
    });
    const browser = await signedIn('eve');
    await world.records.accounts.update('eve', (old) => ({ ...old, status: 'disabled' }));

    expect(errorOf(await browser.go(request('own', { prompt: 'none' })))).toBe('login_required');
    expect(stepOf(await browser.go(request('own')))).not.toHaveProperty('account');
  });

  describe('a person who is meant by an earlier ID token', () => {
    async function idTokenOf(as: string): Promise<string> {
      const browser = world.browser();
      const app = await signIn(browser, await browser.go(request('own')), as);

      return (await redeem(world, 'own', app)).id_token;
    }

    test('is signed in: goes on', async () => {
      const id_token_hint = await idTokenOf('ana');

      expect((await (await signedIn('ana')).go(request('own', { id_token_hint }))).url.searchParams.has('code')).toBe(
        true,
      );
    });

    test('is not: signs in, or with prompt=none the app is told', async () => {
      const id_token_hint = await idTokenOf('ana');
      const browser = await signedIn('bob');

      expect(errorOf(await browser.go(request('own', { id_token_hint, prompt: 'none' })))).toBe('login_required');

      const page = await browser.go(request('own', { id_token_hint }));
      expect([page.url.search, stepOf(page).reasons]).toEqual(['?as=another', ['id_token_hint']]);
      expect(errorOf(await signIn(browser, page, 'bob'))).toBe('login_required');

      const again = await browser.go(request('own', { id_token_hint }));
      expect((await signIn(browser, again, 'ana')).url.searchParams.has('code')).toBe(true);
    });
  });

  describe('a sub that is asked for', () => {
    const meaning = (value: string) => ({ claims: JSON.stringify({ id_token: { sub: { value } } }) });

    test('somebody else is signed in: as the one who is meant, they go on', async () => {
      const browser = await signedIn('bob');
      const page = await browser.go(request('own', meaning('ana')));

      expect([page.url.search, stepOf(page).reasons]).toEqual(['?as=another', ['claims_id_token_sub_value']]);
      expect((await signIn(browser, page, 'ana')).url.searchParams.has('code')).toBe(true);
    });

    test('somebody else signs in: the app is told, nobody goes round in circles', async () => {
      const browser = world.browser();
      const app = await signIn(browser, await browser.go(request('own', meaning('ana'))), 'bob');

      expect([app.url.host, errorOf(app)]).toEqual(['own.example', 'login_required']);
    });
  });

  describe('consent', () => {
    test('a first-party client is never asked, not even with prompt=consent or at a loopback address', async () => {
      const browser = await signedIn();

      for (const url of [
        request('own', { scope: 'openid email offline_access', prompt: 'consent' }),
        request('own-native', { prompt: 'consent' }),
      ]) {
        expect((await browser.go(url)).url.searchParams.has('code')).toBe(true);
      }
    });

    test('S20: a third-party client is asked once, and again for more or with prompt=consent', async () => {
      const browser = await signedIn('bob');
      const page = await browser.go(request('wiki'));
      expect(page.url.pathname).toMatch(/^\/consent\//);

      const allow = async (at: Arrived) => (await browser.go(at.url.pathname, { form: { tick: 'scope:email' } })).url;
      expect((await allow(page)).searchParams.has('code')).toBe(true);

      expect((await browser.go(request('wiki'))).url.searchParams.has('code')).toBe(true);

      const more = await browser.go(request('wiki', { scope: 'openid email' }));
      expect(stepOf(more)).toMatchObject({ prompt: 'consent', reasons: ['op_scopes_missing'] });
      expect((await allow(more)).searchParams.has('code')).toBe(true);

      const again = await browser.go(request('wiki', { prompt: 'consent' }));
      expect(stepOf(again).reasons).toEqual(['consent_prompt']);
      expect((await allow(again)).searchParams.has('code')).toBe(true);
    });

    test('S20: a client that anybody could claim to be is asked each time', async () => {
      const browser = await signedIn();

      for (let round = 0; round < 2; round += 1) {
        const page = await browser.go(request('native'));
        expect(stepOf(page).reasons).toContain('impersonable');

        const app = await browser.go(page.url.pathname, { form: {} });
        expect(app.url.searchParams.has('code')).toBe(true);
      }

      expect(errorOf(await browser.go(request('native', { prompt: 'none' })))).toBe('interaction_required');
    });

    test('S20: an own client that anybody could claim to be is asked for no consent, and gets nothing silently', async () => {
      const browser = await signedIn();

      expect((await browser.go(request('own-native'))).url.searchParams.has('code')).toBe(true);
      expect(errorOf(await browser.go(request('own-native', { prompt: 'none' })))).toBe('interaction_required');
      expect((await browser.go(request('own', { prompt: 'none' }))).url.searchParams.has('code')).toBe(true);
    });

    test('S20: another account in the same browser is asked for itself', async () => {
      await world.addClient('forum', {});
      const browser = await signedIn('ana');
      await browser.go((await browser.go(request('forum'))).url.pathname, { form: {} });

      const page = await signIn(browser, await browser.go(request('forum', { prompt: 'login' })), 'bob');

      expect(page.url.pathname).toMatch(/^\/consent\//);
      expect(stepOf(page).account?.id).toBe('bob');
    });
  });
});
