import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Arrived, Browser } from './browser.ts';
import { codeRequest } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

describe('how strongly somebody has to have signed in', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
    await world.addClient('own', { first_party: true });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const request = (clientId: string, of: Record<string, string> = {}) => codeRequest(clientId, of);
  const signIn = (browser: Browser, page: Arrived) => browser.go(page.url.pathname, { form: { as: 'ana' } });
  const stepOf = ({ json }: Arrived) => json['step'];
  const errorOf = ({ url }: Arrived) => url.searchParams.get('error');

  async function signedIn(): Promise<Browser> {
    const browser = world.browser();
    await signIn(browser, await browser.go(request('own')));

    return browser;
  }

  const essential = (values: string[]) => ({
    claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }),
  });

  test('S45: acr_values is a wish: what cannot be reached falls back to what is true', async () => {
    const acrValues = { acr_values: 'urn:gatehouse:acr:3 urn:gatehouse:acr:1' };
    const app = await (await signedIn()).go(request('own', acrValues));

    expect(app.url.searchParams.has('code')).toBe(true);
  });

  test('one that is essential and out of reach is an error for the app, not a circle', async () => {
    for (const browser of [world.browser(), await signedIn()]) {
      const app = await browser.go(request('own', essential(['urn:gatehouse:acr:3'])));

      expect([app.url.host, errorOf(app)]).toEqual(['own.example', 'unmet_authentication_requirements']);
    }
  });

  test('one that is essential and was not reached asks for a sign-in, and takes nothing less', async () => {
    const browser = await signedIn();
    const page = await browser.go(request('own', essential(['urn:gatehouse:acr:2'])));
    expect(stepOf(page)).toMatchObject({ prompt: 'login', reasons: ['acr'], factors: 'must', fresh: true });

    expect(errorOf(await signIn(browser, page))).toBe('unmet_authentication_requirements');
  });

  test('one that is wished for is asked for once, and never silently', async () => {
    const browser = await signedIn();
    const wish = { acr_values: 'urn:gatehouse:acr:2 urn:gatehouse:acr:1' };
    const page = await browser.go(request('own', wish));
    expect(stepOf(page)).toMatchObject({ reasons: ['acr_wished'], factors: 'wished' });

    expect((await signIn(browser, page)).url.searchParams.has('code')).toBe(true);
    expect((await browser.go(request('own', { ...wish, prompt: 'none' }))).url.searchParams.has('code')).toBe(true);
  });

  test('a client that must have two factors', async () => {
    await world.addClient('bank', { first_party: true, require_second_factor: true });
    const browser = await signedIn();
    const page = await browser.go(request('bank'));

    expect(stepOf(page)).toMatchObject({ reasons: ['second_factor'], factors: 'must' });
    expect(errorOf(await signIn(browser, page))).toBe('unmet_authentication_requirements');
  });

  test('one that is essential and was reached', async () => {
    const app = await (await signedIn()).go(request('own', essential(['urn:gatehouse:acr:1', 'x'])));

    expect(app.url.searchParams.has('code')).toBe(true);
  });

  test.each([{ values: 'x' }, { values: [1] }])('S111: %j is refused', async (acr) => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, ...acr } } });

    expect(errorOf(await (await signedIn()).go(request('own', { claims })))).toBe('invalid_request');
  });
});
