import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { appsOf } from './apps.ts';
import type { Apps } from './apps.ts';
import { intercepted, tripCounter } from './between.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

/** What a request costs where each trip to a store takes a while (bench/README.md has the times). */
describe('sequential trips to the stores', () => {
  const { around, count } = tripCounter();
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    const api = { identifier: 'https://api.example', name: 'API', scopes: [] };
    world = await openWorld({ resources: [api] }, (store) => intercepted(store, around));
    apps = appsOf(world);

    await world.addClient('wiki', { first_party: true, grant_types: ['authorization_code', 'refresh_token'] });
    await world.addClient('api', {
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      resources: ['https://api.example'],
    });
    world.freeze();

    // Clients are kept for some seconds.
    await machineToken();
    await apps.tokens('wiki');
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const machineToken = () =>
    apps.post('/oauth/token', { grant_type: 'client_credentials', resource: 'https://api.example' }, { as: 'api' });

  test('signed client credentials: none', async () => {
    expect(await count(machineToken)).toBe(0);
  });

  test('discovery and keys: none', async () => {
    const documents = ['/.well-known/openid-configuration', '/oauth/jwks'];

    expect(await count(() => Promise.all(documents.map((path) => fetch(world.origin + path))))).toBe(0);
  });

  test('userinfo and introspection: 2', async () => {
    const { access_token } = await apps.tokens('wiki');

    expect(await count(() => apps.userinfo(access_token))).toBe(2);
    expect(await count(() => apps.introspect('wiki', access_token))).toBe(2);
  });

  test('a sign-in that is there already: 3', async () => {
    const browser = world.browser();
    await apps.code('wiki', { browser });
    world.wait(61);
    await apps.tokens('wiki');

    expect(await count(() => browser.go(apps.request('wiki', { prompt: 'none' })))).toBeLessThanOrEqual(3);
  });

  test('redeeming a code: 4, because its redemption waits for its answer', async () => {
    const code = await apps.code('wiki');

    expect(await count(() => apps.redeem('wiki', code))).toBeLessThanOrEqual(4);
  });

  test('refreshing: 4, because the exchange waits for its answer', async () => {
    const { refresh_token } = await apps.tokens('wiki');

    expect(await count(() => apps.refresh('wiki', refresh_token))).toBeLessThanOrEqual(4);
  });

  test('revoking: 3', async () => {
    const { refresh_token } = await apps.tokens('wiki');

    expect(await count(() => apps.post('/oauth/revoke', { token: refresh_token }, { as: 'wiki' }))).toBeLessThanOrEqual(
      3,
    );
  });
});
