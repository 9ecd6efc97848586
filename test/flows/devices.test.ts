import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { startNodes, type Nodes } from '../support/nodes.ts';
import { relyingParty, type RelyingParty, type Tokens } from '../support/relying-party.ts';
import { needsOf, type Pair } from '../support/storage.ts';

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const scope = 'openid profile email offline_access';
const path = '/account/devices';

/** The embedded stores, and those that many nodes are for. */
const shown: readonly Pair[] = ['sqlite', 'mongo+redis'];

for (const pair of shown) {
  describeWith(needsOf(pair), `devices over two nodes on ${pair}`, () => {
    let nodes: Nodes;
    let wiki: RelyingParty;
    let portal: RelyingParty;

    beforeAll(async () => {
      nodes = await startNodes({ pair });
      const app = (client_name: string, more: object) =>
        nodes.client('web', {
          client_name,
          redirect_uris: [`https://${client_name.toLowerCase()}.example.net/cb`],
          grant_types: ['authorization_code', 'refresh_token'],
          scope,
          ...more,
        });
      wiki = await relyingParty(nodes, await app('Wiki', {}));
      portal = await relyingParty(nodes, await app('Portal', { first_party: true }));
    }, 60_000);

    afterAll(() => nodes[Symbol.asyncDispose]());

    const on = (node: number | undefined) => {
      nodes.balancer.only = node;
    };

    /** A laptop on the page, and a phone that has used both apps: one of them goes on without it. */
    async function anaWithTwo() {
      on(undefined);
      const ana = await nodes.account();
      const laptop = openBrowser(nodes.url, { headers: { 'user-agent': firefox } });
      await laptop.submit(await laptop.open('/account'), { email: ana.email, password: ana.password });

      const phone = openBrowser(nodes.url, { headers: { 'user-agent': iphone } });
      const away = await wiki.signIn(ana, { browser: phone, request: { scope } });
      const bound = await portal.signIn(ana, { browser: phone, request: { scope: 'openid email' } });

      return { ana, laptop, phone, away: away.tokens, bound: bound.tokens };
    }

    const isIn = async (browser: Browser): Promise<boolean> =>
      (await browser.open('/account/personal-information')).title.includes('Personal information');

    /** Refreshing and userinfo, as the app asks for them. */
    async function works(party: RelyingParty, { access_token: token, refresh_token: refresh }: Tokens, sub: string) {
      const asked = [
        oidc.fetchUserInfo(party.config, token, sub),
        ...(refresh === undefined ? [] : [oidc.refreshTokenGrant(party.config, refresh)]),
      ];
      const outcomes = (await Promise.allSettled(asked)).map(({ status }) => status === 'fulfilled');

      return { userinfo: outcomes[0], ...(refresh !== undefined && { refresh: outcomes[1] }) };
    }

    function linkIn(page: Page, to: RegExp): string {
      const found = [...page.html.matchAll(/href="([^"]+)"/g)].find(([, href = '']) => to.test(href));
      if (!found?.[1]) throw new Error(`no link like ${String(to)} on ${page.url}: ${page.words}`);

      return found[1];
    }

    const toOne = /^\/account\/devices\/[\w-]{20,}$/;
    const toReceipt = new RegExp(`^${'/account/receipts/'}[\\w-]{22}$`);
    const receiptOf = ({ location = '' }: Page): string => new URL(location).pathname;

    test('each stands there in words, this one first, and all that can act is counted', async () => {
      const { laptop } = await anaWithTwo();

      const page = await laptop.open(path);

      expect(page.title).toContain('Devices');
      expect(page.words).toContain('3 things can act for you.');
      expect(page.words).toMatch(/Firefox on Windows This device .* Safari on iOS/);
      expect(page.words).toMatch(/Applications (Portal and Wiki|Wiki and Portal) Signed in .* with password Expires/);
      expect(page.words).toMatch(
        /Wiki Works while you are away May use Know who you are Your profile Your e-mail address Last used just now IP address of the app (127\.0\.0\.1|::1)/,
      );
    });

    test('S108: signing out the other one ends it with all that was given in it, on the other node at once', async () => {
      const { ana, laptop, phone, away, bound } = await anaWithTwo();
      expect(await works(portal, bound, ana.id)).toEqual({ userinfo: true });

      on(0);
      const confirm = await laptop.open(linkIn(await laptop.open(path), toOne));
      expect(confirm.words).toContain('Safari on iOS');
      expect(confirm.words).toContain('Otherwise this goes on working for you: Wiki.');
      const done = await laptop.submit(confirm, {}, { form: path, follow: false });
      expect(done.status).toBe(303);
      expect(receiptOf(done)).toMatch(toReceipt);

      on(1);
      expect(await isIn(phone)).toBe(false);
      expect(await works(wiki, away, ana.id)).toEqual({ userinfo: false, refresh: false });
      expect(await works(portal, bound, ana.id)).toEqual({ userinfo: false });
      expect(await isIn(laptop)).toBe(true);

      const receipt = await laptop.open(receiptOf(done));
      expect(receipt.words).toMatch(/A device was signed out\. .*Safari on iOS.*Wiki.*1 refresh token/);

      const left = await laptop.open(path);
      expect(left.words).toContain('1 thing can act for you.');
      expect(left.words).toContain('You are signed in here alone.');
      expect(left.words).toContain('There is none. Apps that you allow to stay connected while you are away, devices');

      const { events } = await nodes.first.services.events.read(ana);
      expect(events.find(({ kind }) => kind === 'session.ended')).toMatchObject({
        actor: ana.id,
        details: { reason: 'signed_out' },
      });
    });

    test('S108: unticked, what is for the time away goes on, stays in sight, and is ended by itself', async () => {
      const { ana, laptop, phone, away, bound } = await anaWithTwo();

      on(0);
      const confirm = await laptop.open(linkIn(await laptop.open(path), toOne));
      await laptop.submit(confirm, { offline: undefined }, { form: path, follow: false });

      on(1);
      expect(await isIn(phone)).toBe(false);
      expect(await works(portal, bound, ana.id)).toEqual({ userinfo: false });
      const refreshed = await oidc.refreshTokenGrant(wiki.config, away.refresh_token ?? '');

      const left = await laptop.open(path);
      expect(left.words).toContain('2 things can act for you.');
      const ending = await laptop.open(linkIn(left, /\/offline\//));
      expect(ending.title).toContain('End the access of Wiki?');
      const ended = receiptOf(await laptop.submit(ending, {}, { form: '/offline/', follow: false }));
      expect((await laptop.open(ended)).words).toMatch(/You ended access that went on without a browser\. .*Wiki/);
      const told = (await nodes.first.services.events.read(ana)).events;
      expect(told.filter(({ kind }) => kind === 'access.ended')).toMatchObject([{ clientId: wiki.clientId }]);
      expect((await laptop.open('/account/activity')).words).toContain('Signed out on the page Devices');

      on(0);
      expect(await works(wiki, refreshed as Tokens, ana.id)).toEqual({ userinfo: false, refresh: false });
      expect((await laptop.open(path)).words).toContain('1 thing can act for you.');
    });

    test.each([
      ['with', true, { userinfo: false, refresh: false }],
      ['without', false, { userinfo: true, refresh: true }],
    ])('S108: signing out all others, %s what is for the time away', async (_how, offline, alive) => {
      const { ana, laptop, phone, away, bound } = await anaWithTwo();
      const third = openBrowser(nodes.url);
      await third.submit(await third.open('/account'), { email: ana.email, password: ana.password });

      on(0);
      const confirm = await laptop.open(linkIn(await laptop.open(path), /\/others$/));
      expect(confirm.words).toContain('2 browsers are signed out; this one stays signed in.');
      const done = await laptop.submit(confirm, offline ? {} : { offline: undefined }, { form: path, follow: false });
      expect(receiptOf(done)).toMatch(toReceipt);

      on(1);
      expect(await Promise.all([laptop, phone, third].map(isIn))).toEqual([true, false, false]);
      expect(await works(portal, bound, ana.id)).toEqual({ userinfo: false });
      expect(await works(wiki, away, ana.id)).toEqual(alive);

      // There is nobody left to sign out.
      expect(new URL((await laptop.open(`${path}/others`)).url).pathname).toBe(path);
    });

    test('this device signs out by the usual button', async () => {
      const { laptop } = await anaWithTwo();

      const out = await laptop.submit(await laptop.open(path), {}, { form: '/account/sign-out' });

      expect(out.title).toContain('You are signed out');
      expect(await isIn(laptop)).toBe(false);
    });

    test('S106: what has expired by itself stands there no more', async () => {
      const { laptop, phone, ana } = await anaWithTwo();
      const day = 86_400_000;

      for (let days = 0; days < 15; days += 5) {
        nodes.clock.advance(5 * day);
        expect(await isIn(laptop)).toBe(true);
      }

      expect(await isIn(phone)).toBe(false);
      const page = await laptop.open(path);
      expect(page.words).toContain('1 thing can act for you.');
      expect(page.words).not.toContain('Safari');
      expect(await nodes.first.services.records.sessions.count('account', ana.id)).toBe(1);
    });
  });
}
