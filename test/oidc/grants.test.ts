import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { ConsentAsked } from '../../src/domain/consent-items.ts';
import type { Arrived } from './browser.ts';
import { allow, arrive, codeRequest, hasCode, isActive, redeem, refresh, userinfo } from './requests.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const api = 'https://api.example/';

describe('what a consent gives', () => {
  let world: World;
  let count = 0;

  beforeAll(async () => {
    world = await openWorld({
      resources: [
        {
          identifier: api,
          name: 'Files',
          scopes: [
            { name: 'read', description: { en: 'Read your files' } },
            { name: 'write', description: { en: 'Change your files' } },
          ],
        },
      ],
    });
    await world.addClient('own', { first_party: true, grant_types: ['authorization_code', 'refresh_token'] });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** A third-party client that nobody has allowed anything yet. */
  async function newClient(): Promise<string> {
    const id = `wiki${(count += 1)}`;
    await world.addClient(id, { grant_types: ['authorization_code', 'refresh_token'], resources: [api] });

    return id;
  }

  const askedOn = ({ json }: Arrived) => (json['asked'] as ConsentAsked).items;
  const all = 'openid profile email offline_access';

  test('what is unticked is not told, neither by its scope nor by the claims parameter', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    const claims = JSON.stringify({ id_token: { email: { essential: true } }, userinfo: { email: null, name: null } });

    const page = await arrive(browser, codeRequest(wiki, { scope: 'openid profile email', claims }));
    const tokens = await redeem(world, wiki, await allow(browser, page, 'scope:profile'));

    expect(tokens.scope.split(' ').toSorted()).toEqual(['openid', 'profile']);
    expect(JSON.parse(Buffer.from(tokens.id_token.split('.')[1] ?? '', 'base64url').toString())).not.toHaveProperty(
      'email',
    );

    const told = await userinfo(world, tokens.access_token);
    expect(told).toMatchObject({ sub: 'ana', name: 'ana' });
    expect(told).not.toHaveProperty('email');
  });

  test('what was unticked is not asked again, and shown unallowed with prompt=consent', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    const request = codeRequest(wiki, { scope: 'openid profile email' });

    await allow(browser, await arrive(browser, request), 'scope:profile');
    expect(hasCode(await browser.go(request))).toBe(true);

    const page = await browser.go(`${request}&prompt=consent`);
    expect(askedOn(page).map(({ scope, allowed }) => [scope, allowed])).toEqual([
      ['openid', true],
      ['profile', true],
      ['email', false],
    ]);

    const tokens = await redeem(world, wiki, await allow(browser, page, 'scope:email'));
    expect(await userinfo(world, tokens.access_token)).toMatchObject({ email: 'ana@example.com' });
    expect(await userinfo(world, tokens.access_token)).not.toHaveProperty('name');
  });

  test('offline access: with its box a refresh token, without it none', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    const page = await arrive(browser, codeRequest(wiki, { scope: all }));

    expect(askedOn(page).at(-1)).toMatchObject({ id: 'scope:offline_access', required: false, allowed: false });
    expect((await redeem(world, wiki, await allow(browser, page, 'scope:email'))).refresh_token).toBeUndefined();

    const again = await browser.go(codeRequest(wiki, { scope: all, prompt: 'consent' }));
    const tokens = await redeem(world, wiki, await allow(browser, again, 'scope:email', 'scope:offline_access'));
    expect((await refresh(world, wiki, tokens.refresh_token)).access_token).toBeDefined();
  });

  test('a first-party client gets offline access without asking', async () => {
    const tokens = await redeem(world, 'own', await arrive(world.browser(), codeRequest('own', { scope: all })));

    expect(tokens.refresh_token).toBeDefined();
    expect(await world.records.consents.get('ana own')).toBeUndefined();
  });

  test('scopes of an API: ticked one by one, asked again only for more', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    const request = (scope: string) => codeRequest(wiki, { scope, resource: api });

    const page = await arrive(browser, request('openid read write'));
    expect(askedOn(page).map(({ id }) => id)).toEqual([
      'scope:openid',
      `resource:${api} read`,
      `resource:${api} write`,
    ]);

    expect(hasCode(await allow(browser, page, `resource:${api} read`))).toBe(true);
    expect(hasCode(await browser.go(request('openid read write')))).toBe(true);
    expect(await world.records.consents.get(`ana ${wiki}`)).toMatchObject({
      resources: { [api]: ['read'] },
      rejectedResources: { [api]: ['write'] },
    });
  });

  test('what is narrowed in one browser is narrower everywhere at once', async () => {
    const wiki = await newClient();
    const [here, there] = [world.browser(), world.browser()];
    const page = await arrive(here, codeRequest(wiki, { scope: all }));
    await allow(here, page, 'scope:profile', 'scope:email', 'scope:offline_access');
    const other = await redeem(world, wiki, await arrive(there, codeRequest(wiki, { scope: all })));
    expect(await userinfo(world, other.access_token)).toMatchObject({ name: 'ana', email: 'ana@example.com' });

    const again = await here.go(codeRequest(wiki, { scope: all, prompt: 'consent' }));
    await allow(here, again, 'scope:email', 'scope:offline_access');

    expect(await userinfo(world, other.access_token)).not.toHaveProperty('name');
    expect((await refresh(world, wiki, other.refresh_token)).scope.split(' ').toSorted()).toEqual([
      'email',
      'offline_access',
      'openid',
    ]);
  });

  test('one grant for a session and a client, however often it is asked for', async () => {
    const wiki = await newClient();
    const browser = world.browser();

    await allow(browser, await arrive(browser, codeRequest(wiki)));
    for (let round = 0; round < 3; round += 1) await browser.go(codeRequest(wiki));

    const [grant, ...others] = (await world.records.grants.list('client', wiki)).rows;
    expect(others).toEqual([]);
    expect(await world.records.sessions.get(grant?.sessionUid ?? '')).toMatchObject({ accountId: 'ana' });
  });

  test('a step of consent that is not taken leaves no grant behind', async () => {
    const wiki = await newClient();
    await arrive(world.browser(), codeRequest(wiki));

    expect(await world.records.grants.count('client', wiki)).toBe(0);
  });

  test('S107: signing out ends what hung on this session, and nothing of another browser', async () => {
    const wiki = await newClient();
    const [here, there] = [world.browser(), world.browser()];

    const mine = await redeem(world, wiki, await allow(here, await arrive(here, codeRequest(wiki))));
    const other = await redeem(world, wiki, await arrive(there, codeRequest(wiki)));
    expect([await isActive(world, wiki, mine.access_token), await isActive(world, wiki, other.access_token)]).toEqual([
      true,
      true,
    ]);

    await here.go('/sign-out', { form: {} });
    expect([await isActive(world, wiki, mine.access_token), await isActive(world, wiki, other.access_token)]).toEqual([
      false,
      true,
    ]);
  });

  test('signing out leaves what was given for the time away', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    const page = await arrive(browser, codeRequest(wiki, { scope: all }));
    const tokens = await redeem(world, wiki, await allow(browser, page, 'scope:offline_access'));

    await browser.go('/sign-out', { form: {} });

    expect((await refresh(world, wiki, tokens.refresh_token)).access_token).toBeDefined();
  });

  test('S22: removed access is dead at the next request, and asked for anew', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    const page = await arrive(browser, codeRequest(wiki, { scope: all }));
    const tokens = await redeem(world, wiki, await allow(browser, page, 'scope:email', 'scope:offline_access'));

    await world.endings.application('ana', wiki);

    expect(await isActive(world, wiki, tokens.access_token)).toBe(false);
    expect((await refresh(world, wiki, tokens.refresh_token)).error).toBe('invalid_grant');
    expect(await userinfo(world, tokens.access_token)).toHaveProperty('error');
    expect((await browser.go(codeRequest(wiki))).url.pathname).toMatch(/^\/consent\//);
  });

  test('what is left of a grant without a consent gives nothing', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    await allow(browser, await arrive(browser, codeRequest(wiki)));
    await world.records.consents.remove(`ana ${wiki}`);

    expect((await browser.go(codeRequest(wiki))).url.pathname).toMatch(/^\/consent\//);
  });

  test('S113: consent is on record', async () => {
    const wiki = await newClient();
    const browser = world.browser();
    world.events.length = 0;

    await allow(browser, await arrive(browser, codeRequest(wiki)));
    expect(world.events).toContain('consent.given');
  });
});
