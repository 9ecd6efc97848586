import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import type { Account } from '../../../src/domain/account.ts';
import { newId } from '../../../src/domain/ids.ts';
import { valueOf, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { answer, enter as enterCode, openDevice, type TestDevice } from '../../support/device.ts';
import { describeWith } from '../../support/need.ts';
import { startNodes, type Nodes } from '../../support/nodes.ts';
import { relyingParty, type Person, type RelyingParty, type Tokens } from '../../support/relying-party.ts';
import { leftOf } from '../../support/rows-of.ts';
import { needsOf, eachStore } from '../../support/storage.ts';
import { isSignedIn, unlimited } from '../web/visits.ts';

/** `npm run races` plays a thousand. */
const rounds = Number(process.env['GATEHOUSE_TEST_RACE_ROUNDS'] ?? 1);
const longest = 60_000 + rounds * 20_000;
const scope = 'openid email offline_access';
const minute = 60_000;
const from = { ip: '192.0.2.7', userAgent: 'curl/8', requestId: 'r', deviceId: 'another-device-012345' };

for (const pair of eachStore) {
  describeWith(
    needsOf(pair),
    `an account that is closed while everything of it is at work, two nodes on ${pair}`,
    () => {
      let nodes: Nodes;
      let wiki: RelyingParty;
      let television: TestDevice;

      beforeAll(async () => {
        nodes = await startNodes({ pair, env: unlimited });
        const metadata = { redirect_uris: ['https://wiki.example.net/cb'], first_party: true, scope };
        wiki = await relyingParty(nodes, await nodes.client('web', metadata));
        television = await openDevice(nodes, await nodes.client('device', { first_party: true }));
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

      const api = () => `${nodes.url}/api/account/v1`;

      async function newKey({ services }: TestApp, account: Account): Promise<string> {
        const permissions = [{ audience: api(), scope: 'profile:read' }];
        const made = await services.apiKeys.create(
          account,
          { name: 'Backup', permissions, once: newId() },
          { actor: account.id, from },
        );
        if (made === 'made') throw new Error('a form that was sent before');

        return valueOf(made).key;
      }

      const statusWith = async (key: string) =>
        (await fetch(`${api()}/profile`, { headers: { authorization: `Bearer ${key}` } })).status;

      /** Three devices: one at work, one that may fetch its first tokens, one that stands on the page `asking`. */
      async function devicesOf(browser: Browser) {
        const [atWork, allowed, asked] = [await television.ask(), await television.ask(), await television.ask()];
        await answer(browser, atWork.user_code);
        await answer(browser, allowed.user_code);
        const { status, body } = await television.poll(atWork.device_code);
        expect(status).toBe(200);

        return {
          codes: [atWork, allowed, asked].map(({ device_code: code }) => code),
          tokens: body as unknown as Tokens,
          allowed: allowed.device_code,
          asking: await enterCode(browser, asked.user_code),
        };
      }

      async function polled(code: string): Promise<Tokens | undefined> {
        const { status, body } = await television.poll(code);

        return status === 200 ? (body as unknown as Tokens) : undefined;
      }

      /** What is in the stores of an account, but for what stays under a pseudonym or for an hour. */
      const rowsOf = async (account: Account): Promise<string[]> =>
        (await leftOf(nodes.first.services.records, account)).filter(
          (name) => !['events', 'closedAccounts', 'deviceCodes'].includes(name),
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
            const key = await newKey(nodes.first, ana);
            expect(await statusWith(key)).toBe(200);
            const devices = await devicesOf(other);

            const [closed, came, codes, given, refreshed, added, onDevices] = await Promise.all([
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
              times(3, (n) => newKey(n % 2 === 0 ? nodes.first : nodes.second, ana)),
              Promise.all([
                tried(polled(devices.allowed)),
                tried(oidc.refreshTokenGrant(television.config, devices.tokens.refresh_token ?? '')),
              ]),
              tried(other.submit(devices.asking, {}, { button: 'Allow', follow: false })),
              times(2, () => statusWith(key)),
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
            // The devices ask on, at their pace.
            nodes.clock.advance(6_000);
            for (const code of devices.codes) expect(await tried(polled(code))).toBeUndefined();
            for (const one of [devices.tokens, ...onDevices]) {
              const { access_token: token = '', refresh_token: refresh = '' } = one ?? {};
              expect(await tried(oidc.fetchUserInfo(television.config, token, oidc.skipSubjectCheck))).toBeUndefined();
              expect(await tried(oidc.refreshTokenGrant(television.config, refresh))).toBeUndefined();
            }
            for (const one of [key, ...added]) if (one) expect(await statusWith(one)).toBe(401);
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
