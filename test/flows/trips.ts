import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { consentId } from '../../src/domain/grant.ts';
import type { TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { relyingParty, type Person, type RelyingParty } from '../support/relying-party.ts';

/** How the trips are counted, and on what. */
export interface Way {
  open(config: object): Promise<TestApp>;
  /** What was asked by these requests, one thing after another. */
  tripsOf(requests: () => Promise<unknown>): Promise<unknown[]>;
}

/** What a request costs where each question to a store travels over a network (bench/README.md has the table). */
export function countTrips({ open, tripsOf }: Way): void {
  let app: TestApp;
  let ana: Person & { id: string };
  let machine: RelyingParty;

  const signedApi = 'https://signed.example';
  const opaqueApi = 'https://opaque.example';

  beforeAll(async () => {
    app = await open({
      resources: [
        { identifier: signedApi, name: 'Signed', scopes: [] },
        { identifier: opaqueApi, name: 'Opaque', scopes: [], format: 'opaque' },
      ],
    });
    ana = await app.account({ email: 'ana@example.com' });
    machine = await relyingParty(app, await app.client('machine', { resources: [signedApi, opaqueApi] }));

    // Clients are kept.
    await oidc.clientCredentialsGrant(machine.config, { resource: signedApi });
    await app.services.units.settled();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  test('discovery and keys: none', async () => {
    const documents = ['/.well-known/openid-configuration', '/oauth/jwks'];

    expect(await tripsOf(() => Promise.all(documents.map((path) => fetch(app.url + path))))).toHaveLength(0);
  });

  test('client credentials: none for a signed token, 1 for an opaque one', async () => {
    const ask = (resource: string) => () => oidc.clientCredentialsGrant(machine.config, { resource });

    expect(await tripsOf(ask(signedApi))).toHaveLength(0);
    expect(await tripsOf(ask(opaqueApi))).toHaveLength(1);
  });

  describe.each([
    ['an app of ours', { first_party: true }],
    ['an app of somebody else', {}],
  ])('%s', (_whose, of) => {
    const scope = 'openid profile email offline_access';
    let party: RelyingParty;
    let browser: Browser;
    let tokens: oidc.TokenEndpointResponse;

    beforeAll(async () => {
      party = await relyingParty(app, await app.client('web', { redirect_uris: ['https://app.example/cb'], ...of }));
      // Consents are kept.
      await party.signIn(ana, { request: { scope } });
      await app.services.units.settled();
      browser = openBrowser(app.url);
    });

    /** One request of the browser, and the page that came of it. */
    async function step(request: () => Promise<Page>): Promise<[unknown[], Page]> {
      let page: Page | undefined;
      const asked = await tripsOf(async () => (page = await request()));
      if (page === undefined) throw new Error('no page');

      return [asked, page];
    }

    test('a sign-in: 16 in five requests', async () => {
      const departure = await party.request({ scope });

      const [begun, away] = await step(() => browser.get(departure.url.href));
      const [shown, form] = await step(() => browser.get(String(away.location)));
      const { email, password } = ana;
      const [proved, back] = await step(() => browser.submit(form, { email, password }, { follow: false }));
      const [resumed, end] = await step(() => browser.get(String(back.location)));
      const redeemed = await tripsOf(async () => (tokens = await party.redeem(departure, String(end.location))));

      expect(begun).toHaveLength(2);
      expect(shown).toHaveLength(1);
      expect(proved).toHaveLength(5);
      // 3, and one look whether the password that was proved is still the one.
      expect(resumed).toHaveLength(4);
      // 3, and one more because what tells of the redemption waits for its outcome.
      expect(redeemed).toHaveLength(4);
    });

    test('a sign-in that is there already: 3, also once a minute', async () => {
      const { url } = await party.request({ scope, prompt: 'none' });
      app.clock.advance(61_000);

      expect(await tripsOf(() => browser.get(url.href))).toHaveLength(3);
      expect(await tripsOf(() => browser.get(url.href))).toHaveLength(3);
    });

    test('userinfo and introspection: 2', async () => {
      const { access_token: token } = tokens;

      expect(await tripsOf(() => oidc.fetchUserInfo(party.config, token, ana.id))).toHaveLength(2);
      expect(await tripsOf(() => oidc.tokenIntrospection(party.config, token))).toHaveLength(2);
    });

    test('a refresh: 3', async () => {
      const refresh = () => oidc.refreshTokenGrant(party.config, tokens.refresh_token ?? '');

      expect(await tripsOf(async () => (tokens = await refresh()))).toHaveLength(3);
    });

    test('revoking: 2', async () => {
      const { access_token: access, refresh_token: refresh = '' } = tokens;

      expect(await tripsOf(() => oidc.tokenRevocation(party.config, access))).toHaveLength(2);
      expect(await tripsOf(() => oidc.tokenRevocation(party.config, refresh))).toHaveLength(2);
    });
  });

  test('revoking by an app that runs where the person is: 3, because its address is hidden under the person’s key', async () => {
    const party = await relyingParty(
      app,
      await app.client('spa', { redirect_uris: ['https://spa.example/'], first_party: true }),
    );
    const { tokens } = await party.signIn(ana, { request: { scope: 'openid offline_access' } });

    expect(await tripsOf(() => oidc.tokenRevocation(party.config, tokens.refresh_token ?? ''))).toHaveLength(3);
  });

  test('the pages of the console: 2, also once a minute', async () => {
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    await browser.submit(door, { email: ana.email, password: ana.password });

    const pages = [
      ['/account/personal-information', 2],
      ['/account/sign-in-and-security', 2],
    ] as const;

    for (const [path, trips] of pages) {
      expect(await tripsOf(() => browser.get(path))).toHaveLength(trips);
      app.clock.advance(61_000);
      expect(await tripsOf(() => browser.get(path))).toHaveLength(trips);
    }
  });

  test.each(['/account/devices', '/account/applications'])('%s: 2, however many stand there', async (path) => {
    const party = await relyingParty(app, await app.client('web', { redirect_uris: ['https://one.example/cb'] }));
    const bob = await app.account();
    const { browser } = await party.signIn(bob, { request: { scope: 'openid profile offline_access' } });

    // Clients are kept, once nobody has changed any for a while.
    const later = async () => {
      app.clock.advance(61_000);
      await app.oidc.checkClients();
    };
    await later();
    await browser.get(path);
    expect(await tripsOf(() => browser.get(path))).toHaveLength(2);

    const { consents, clients, sessions, refreshFamilies } = app.services.records;
    const own = consentId(bob.id, party.clientId);
    const [consent, client] = [await consents.get(own), await clients.get(party.clientId)];
    const [session] = (await sessions.list('account', bob.id)).rows;
    const [family] = (await refreshFamilies.list('account', bob.id)).rows;
    if (!consent || !client || !session || !family) throw new Error('nothing was allowed');
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const id = `app-${n} ${bob.id}`;
        await clients.create({ ...client, id });
        await consents.create({ ...consent, id: consentId(bob.id, id), clientId: id, lastUsedAt: n });
        await refreshFamilies.create({ ...family, id, grantId: id, clientId: id });
        await sessions.create({
          ...session,
          id,
          cookieHash: id,
          payload: { authorizations: { [id]: {} } },
          createdAt: n,
        });
      }),
    );

    await later();
    await browser.get(path);
    expect(await tripsOf(() => browser.get(path))).toHaveLength(2);
  });
}
