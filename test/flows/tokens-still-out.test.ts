import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { needsOf, openPair, eachStore } from '../support/storage.ts';

const orders = 'https://orders.example.com';
const scope = 'openid offline_access orders:read';
const resources = [{ identifier: orders, name: 'Orders', scopes: [{ name: 'orders:read' }], access_token: '5m' }];

/** Nobody can call back a JWT access token (RFC 9068): what ends says until when the last one lives. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `signed access tokens that are still out, on ${pair}`, () => {
    const running = new AsyncDisposableStack();
    let app: TestApp;
    let party: RelyingParty;

    beforeAll(async () => {
      const { env } = running.use(await openPair(pair));
      app = running.use(await startTestApp({ env, config: JSON.stringify({ resources }) }));
      party = await relyingParty(
        app,
        await app.client('web', {
          redirect_uris: ['https://app.example.com/cb'],
          first_party: true,
          resources: [orders],
          scope,
        }),
      );
    });

    afterAll(() => running.disposeAsync());

    async function signedIn() {
      const ana = await app.account();
      const { browser } = await party.signIn(ana, { request: { scope, resource: orders } });
      const again = await party.request({ scope, resource: orders });
      const { location = '' } = await browser.get(again.url.href);
      const [session] = (await app.services.records.sessions.list('account', ana.id)).rows;

      return { again, location, uid: session?.id ?? '' };
    }

    const until = async (uid: string) => {
      const { applications } = await app.services.endings.session(uid, { offline: true });

      return applications.find(({ clientId }) => clientId === party.clientId)?.accessTokensUntil;
    };

    const lives = (token: string) => (decodeJwt(token).exp ?? 0) * 1000;

    /** The library takes the time of a token a moment before it says that it is made. */
    function expectAbout(found: number | undefined, wanted: number): void {
      expect(found).toBeGreaterThanOrEqual(wanted);
      expect(found).toBeLessThanOrEqual(wanted + 1000);
    }

    test('one that came of a code', async () => {
      const { again, location, uid } = await signedIn();
      const { access_token } = await party.redeem(again, location, { resource: orders });

      expectAbout(await until(uid), lives(access_token));
    });

    test('one that came of a refresh token, after one for us, which can be called back', async () => {
      const { again, location, uid } = await signedIn();
      const { refresh_token = '' } = await party.redeem(again, location);
      const { access_token } = await oidc.refreshTokenGrant(party.config, refresh_token, { resource: orders });

      expectAbout(await until(uid), lives(access_token));
    });

    test('none was given out', async () => {
      const { again, location, uid } = await signedIn();
      await party.redeem(again, location);

      expect(await until(uid)).toBeUndefined();
    });
  });
}
