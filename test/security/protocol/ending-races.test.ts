import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { describeWith } from '../../support/need.ts';
import { startNodes, type Nodes } from '../../support/nodes.ts';
import { relyingParty, type RelyingParty, type Tokens } from '../../support/relying-party.ts';
import { needsOf, eachStore } from '../../support/storage.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 2);
const longest = 60_000 + rounds * 5_000;
const scope = 'openid email offline_access';

for (const pair of eachStore) {
  describeWith(needsOf(pair), `a session that ends while its apps are at work, on two nodes on ${pair}`, () => {
    let nodes: Nodes;
    let wiki: RelyingParty;

    beforeAll(async () => {
      nodes = await startNodes({ pair });
      wiki = await relyingParty(
        nodes,
        await nodes.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true, scope }),
      );
    });

    afterAll(() => nodes[Symbol.asyncDispose]());

    const refused = (asked: Promise<unknown>) =>
      asked.then(
        () => 'let through',
        () => 'refused',
      );

    async function expectDead({ access_token: token, refresh_token: refresh = '' }: oidc.TokenEndpointResponse) {
      expect(await refused(oidc.fetchUserInfo(wiki.config, token, oidc.skipSubjectCheck))).toBe('refused');
      expect(await refused(oidc.refreshTokenGrant(wiki.config, refresh))).toBe('refused');
    }

    test(
      'S22, S31: no token that came of it meanwhile works once its end was acknowledged',
      async () => {
        for (let round = 0; round < rounds; round += 1) {
          const ana = await nodes.account();
          const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });
          const { records, endings } = nodes.first.services;
          const [session] = (await records.sessions.list('account', ana.id)).rows;
          const uid = session?.id ?? '';

          async function again(): Promise<Tokens> {
            const departure = await wiki.request({ scope, prompt: 'none' });
            const { location = '' } = await browser.get(departure.url.href);

            return wiki.redeem(departure, location);
          }

          const [, ...came] = await Promise.all([
            endings.session(uid, { offline: true }),
            ...[oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? ''), again(), again()].map((asked) =>
              asked.catch(() => undefined),
            ),
          ]);

          for (const one of [tokens, ...came]) if (one) await expectDead(one);
          expect(await refused(again())).toBe('refused');
          expect(await records.grants.count('session', uid)).toBe(0);
          expect(await records.sessions.get(uid)).toBeUndefined();
        }
      },
      longest,
    );
  });
}
