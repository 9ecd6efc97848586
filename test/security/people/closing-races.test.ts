import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import type { Account } from '../../../src/domain/account.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { describeWith } from '../../support/need.ts';
import { startNodes, type Nodes } from '../../support/nodes.ts';
import { relyingParty, type Person, type RelyingParty, type Tokens } from '../../support/relying-party.ts';
import { leftOf } from '../../support/rows-of.ts';
import { needsOf, pairs } from '../../support/storage.ts';
import { isSignedIn, unlimited } from '../web/visits.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 1);
const longest = 60_000 + rounds * 20_000;
const scope = 'openid email offline_access';
const minute = 60_000;
const from = { ip: '192.0.2.7', userAgent: 'curl/8', requestId: 'r', deviceId: 'another-device-012345' };

for (const pair of pairs) {
  describeWith(
    needsOf(pair),
    `an account that is closed while everything of it is at work, two nodes on ${pair}`,
    () => {
      let nodes: Nodes;
      let wiki: RelyingParty;

      beforeAll(async () => {
        nodes = await startNodes({ pair, env: unlimited });
        const metadata = { redirect_uris: ['https://wiki.example.net/cb'], first_party: true, scope };
        wiki = await relyingParty(nodes, await nodes.client('web', metadata));
      }, 60_000);

      afterAll(() => nodes[Symbol.asyncDispose]());

      const tried = <T>(asked: Promise<T>): Promise<T | undefined> => asked.catch(() => undefined);
      const times = <T>(count: number, task: (n: number) => Promise<T>) =>
        Promise.all(Array.from({ length: count }, (_, n) => tried(task(n))));

      async function enter(person: Person): Promise<Browser> {
        const browser = openBrowser(nodes.url);
        await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });

        return browser;
      }

      async function codeIn(browser: Browser) {
        const departure = await wiki.request({ scope, prompt: 'none' });
        const { location = '' } = await browser.get(departure.url.href);

        return { departure, location };
      }

      const redeemed = async (code: Awaited<ReturnType<typeof codeIn>> | undefined) =>
        code && tried(wiki.redeem(code.departure, code.location));

      /** What is in the stores of an account, but for what stays under a pseudonym. */
      const rowsOf = async (account: Account): Promise<string[]> =>
        (await leftOf(nodes.first.services.records, account)).filter(
          (name) => !['events', 'closedAccounts'].includes(name),
        );

      test(
        `F14, S45: nothing of it works once that was acknowledged, and no row is left of it, ${rounds} rounds`,
        async () => {
          for (let round = 0; round < rounds; round += 1) {
            const ana = await nodes.account();
            const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });
            const other = await enter(ana);
            const early = await times(3, () => codeIn(other));
            const page = await browser.open('/account/close');
            const profile = await other.open('/account/personal-information');
            const doors = await times(4, async () => {
              const visitor = openBrowser(nodes.url);

              return { visitor, door: await visitor.open('/account') };
            });
            const { emailChange, recovery, remembering } = nodes.second.services;

            const [closed, came, codes, given, refreshed] = await Promise.all([
              browser.submit(page, { agree: 'on' }, { follow: false }),
              times(4, async (n) => {
                const { visitor, door } = doors[n] ?? {};
                if (!visitor || !door) return undefined;
                await visitor.submit(door, { email: ana.email, password: ana.password });

                return visitor;
              }),
              times(4, () => codeIn(other)),
              Promise.all(early.map(redeemed)),
              times(3, () => oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')),
              times(2, (n) => other.submit(profile, { displayName: `Ana ${n}` }, { follow: false })),
              tried(emailChange.ask(ana, 'next@example.com', { binding: 'b', from, locale: 'en' })),
              tried(recovery.ask({ email: ana.email, from })),
              tried(remembering.remember(ana, { provedAt: nodes.clock.now(), from })),
            ]);

            // A store that a busy machine keeps waiting answers 503: nothing was acknowledged.
            expect([200, 503]).toContain(closed.status);
            if (closed.status === 503) continue;

            const late = await Promise.all(codes.map(redeemed));
            expect(late.filter(Boolean)).toEqual([]);

            const all = [tokens, ...given, ...refreshed].filter((one) => one !== undefined) as Tokens[];
            for (const { access_token: token, refresh_token: refresh = '' } of all) {
              expect(await tried(oidc.fetchUserInfo(wiki.config, token, oidc.skipSubjectCheck))).toBeUndefined();
              expect(await tried(oidc.refreshTokenGrant(wiki.config, refresh))).toBeUndefined();
            }
            for (const visitor of [browser, other, ...came, await enter(ana)]) {
              if (visitor) expect(await isSignedIn(visitor)).toBe(false);
            }

            // What was on its way has arrived by now, and is found.
            nodes.clock.advance(6 * minute);
            await nodes.second.services.closing.sweep(200);
            expect(await rowsOf(ana)).toEqual([]);
            // The address is free.
            await nodes.account({ email: ana.email });
          }
        },
        longest,
      );

      test(
        `F12: of administrators who all close at once one stays at least, ${rounds} rounds`,
        async () => {
          const administers = async () => {
            const { rows } = await nodes.first.services.records.accounts.list('administrators', 'admin', {
              limit: 1000,
            });

            return rows.filter(({ status }) => status === 'active');
          };

          for (let round = 0; round < rounds; round += 1) {
            const before = (await administers()).length;
            const all = await Promise.all(
              Array.from({ length: 10 - before }, (_, n) =>
                nodes.account({ email: `chief${round}-${n}@example.com`, administrator: true }),
              ),
            );
            // Five times each, on both nodes, by themselves and by the operator.
            await Promise.all(
              Array.from({ length: 5 }, (_, n) => (n % 2 === 0 ? nodes.first : nodes.second)).flatMap(
                ({ services }, n) =>
                  all.map(async (chief) =>
                    n === 4
                      ? services.closing.remove(chief.id, { actor: 'command-line' })
                      : services.closing.close(chief, { actor: chief.id }),
                  ),
              ),
            );

            const left = await administers();
            expect(left.length).toBeGreaterThan(0);

            // Those that stay can go, one after another, but for the last.
            nodes.clock.advance(2 * minute);
            for (const chief of left) await nodes.first.services.closing.remove(chief.id, { actor: 'command-line' });
            expect(await administers()).toHaveLength(1);
          }
        },
        longest,
      );
    },
  );
}
