import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { describeWith } from '../../support/need.ts';
import { startNodes, type Nodes } from '../../support/nodes.ts';
import { relyingParty, type Person, type RelyingParty } from '../../support/relying-party.ts';
import { needsOf, eachStore } from '../../support/storage.ts';
import { unlimited } from '../web/visits.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 1);
const longest = 60_000 + rounds * 20_000;
const scope = 'openid profile email offline_access';
const fifty = Array.from({ length: 50 }, (_, n) => n);

for (const pair of eachStore) {
  describeWith(
    needsOf(pair),
    `an application's access taken back among fifty requests, on two nodes on ${pair}`,
    () => {
      let nodes: Nodes;
      let wiki: RelyingParty;

      beforeAll(async () => {
        nodes = await startNodes({ pair, env: unlimited });
        wiki = await relyingParty(
          nodes,
          await nodes.client('web', { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] }),
        );
      });

      afterAll(() => nodes[Symbol.asyncDispose]());

      const path = () => `/account/applications/${wiki.clientId}`;

      /** Somebody who has allowed everything, on the page that takes it back. */
      async function open(
        below: string,
      ): Promise<{ ana: Person & { id: string }; browser: Browser; page: Page; refresh: string }> {
        const ana = await nodes.account();
        const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });

        return { ana, browser, page: await browser.open(path() + below), refresh: tokens.refresh_token ?? '' };
      }

      /** Codes of authorization requests in the same browser; those that were answered. */
      async function codesIn(browser: Browser, count: number) {
        const departures = await Promise.all(fifty.slice(0, count).map(() => wiki.request({ scope, prompt: 'none' })));
        const answers = await Promise.all(
          departures.map(async (departure) => {
            const { location = '' } = await browser.get(departure.url.href).catch(() => ({ location: '' }));

            return { departure, location };
          }),
        );

        return answers.filter(({ location }) => location.includes('code='));
      }

      const redeemed = async (codes: Awaited<ReturnType<typeof codesIn>>) => {
        const found = await Promise.all(
          codes.map(({ departure, location }) => wiki.redeem(departure, location).catch(() => undefined)),
        );

        return found.filter((one) => one !== undefined);
      };

      const refreshed = (token: string) => oidc.refreshTokenGrant(wiki.config, token).catch(() => undefined);
      const isActive = async (token: string) => (await oidc.tokenIntrospection(wiki.config, token)).active;

      test(
        'S22: once the removal is acknowledged, no code, refresh token or access token of before works',
        async () => {
          for (let round = 0; round < rounds; round += 1) {
            const { browser, page, refresh } = await open('/remove');
            const early = await codesIn(browser, 10);

            const [removed, late, tokens, exchanged] = await Promise.all([
              browser.submit(page, {}, { form: 'remove', follow: false }),
              codesIn(browser, 20),
              redeemed(early),
              refreshed(refresh),
            ]);

            // A store that a busy machine keeps waiting answers 503: nothing was acknowledged.
            expect([303, 503]).toContain(removed.status);
            if (removed.status === 503) continue;

            const given = [...tokens, ...(exchanged ? [exchanged] : []), ...(await redeemed(late))];
            const access = await Promise.all(given.map(({ access_token }) => isActive(access_token)));
            const offline = await Promise.all(given.map(({ refresh_token = '' }) => refreshed(refresh_token)));

            expect(access.filter(Boolean)).toEqual([]);
            expect(offline.filter(Boolean)).toEqual([]);
            expect(await refreshed(refresh)).toBeUndefined();
          }
        },
        longest,
      );

      test(
        'S22: once the narrowing is acknowledged, nothing tells what was taken back, whatever was on its way',
        async () => {
          for (let round = 0; round < rounds; round += 1) {
            const { ana, browser, page, refresh } = await open('');
            // Other browsers, in which the grant is made anew: from what the consent was a moment ago.
            const others = await Promise.all(fifty.slice(0, 10).map(() => enter(ana)));

            const [saved, exchanged, ...codes] = await Promise.all([
              browser.submit(page, { 'allow scope:email': undefined }, { button: 'Save', follow: false }),
              refreshed(refresh),
              ...others.map((other) => codesIn(other, 4)),
            ]);

            expect([303, 503]).toContain(saved.status);
            if (saved.status === 503) continue;

            const given = [...(exchanged ? [exchanged] : []), ...(await redeemed(codes.flat()))];
            expect(given.length).toBeGreaterThan(0);

            for (const { access_token } of given) {
              expect(await oidc.fetchUserInfo(wiki.config, access_token, ana.id)).not.toHaveProperty('email');
              expect((await oidc.tokenIntrospection(wiki.config, access_token)).scope).not.toContain('email');
            }
            for (const { refresh_token = '' } of given) {
              expect((await refreshed(refresh_token))?.scope ?? '').not.toContain('email');
            }
          }
        },
        longest,
      );

      test(
        'S22: of fifty pages that take back one thing each at once, all count',
        async () => {
          const { ana, browser, page } = await open('');
          const boxes = ['scope:email', 'scope:profile', 'scope:offline_access'];

          const answers = await Promise.all(
            fifty.map((n) => {
              const box = boxes[n % boxes.length] ?? '';

              return browser.submit(page, { [`allow ${box}`]: undefined }, { button: 'Save', follow: false });
            }),
          );
          expect(answers.filter(({ status }) => status !== 303 && status !== 503)).toEqual([]);

          const { consents, grants } = nodes.first.services.records;
          expect(await consents.get(`${ana.id} ${wiki.clientId}`)).toMatchObject({
            scopes: ['openid'],
            rejectedScopes: ['email', 'offline_access', 'profile'],
          });
          const { rows } = await grants.list('account', ana.id);
          expect(rows.map(({ payload }) => (payload['openid'] as { scope: string }).scope)).toEqual(
            rows.map(() => 'openid'),
          );
        },
        longest,
      );

      async function enter(person: Person): Promise<Browser> {
        const browser = openBrowser(nodes.url);
        await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });

        return browser;
      }
    },
  );
}
