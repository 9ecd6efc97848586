import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';
import type { Page } from 'playwright-core';

import type { TestApp } from '../support/app.ts';
import { expectAxeClean, expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type RelyingParty, type Tokens } from '../support/relying-party.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

const scope = 'openid profile email offline_access';

/**
 * Applications as a person would look after them: which apps may use the account, of what type and in which state; one
 * of them is to know less, and then nothing any more.
 */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `applications on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;
    let app: TestApp;
    let wiki: RelyingParty;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair);
      app = house.app;
      wiki = await relyingParty(
        app,
        await app.client('web', { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] }),
      );
      await app.client('web', {
        client_name: 'Portal',
        redirect_uris: ['https://portal.example.net/cb'],
        first_party: true,
        portal: true,
      });
    }, 60_000);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    /** Signs in to the wiki as far as its own pages, which are nowhere: what would come to it there is redeemed. */
    async function signIn(page: Page, email: string): Promise<Tokens> {
      const departure = await wiki.request({ scope });
      const arrived = page.waitForRequest((request) => request.url().startsWith('https://wiki.example.net/'));
      await page.route('https://wiki.example.net/**', (route) => route.fulfill({ body: 'Welcome to the wiki' }));

      await page.goto(departure.url.href);
      await givePassword(page, email);
      await page.getByLabel('Stay connected while you are away').check();
      await press(page, 'Allow');

      return wiki.redeem(departure, (await arrived).url());
    }

    test(
      'seen, narrowed, removed: the app is refused at its next request, and asks again',
      async () => {
        const ana = await app.account();
        const page = await chromium.open();
        const tokens = await signIn(page, ana.email);
        const told = () => oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id);
        expect(await told()).toMatchObject({ email: ana.email, name: 'Ana Lind' });

        await page.goto(`${app.url}/account`);
        await page.getByRole('link', { name: 'Applications' }).click();
        expect(await heading(page)).toBe('Applications');
        const row = (name: string) => page.locator('.row', { has: page.getByRole('heading', { name }) });
        expect(await row('Wiki').innerText()).toMatch(/In use[^]*Run by somebody else[^]*Your e-mail address/);
        expect(await row('Account console').innerText()).toMatch(/Part of this service[^]*can’t be removed/);
        expect(await row('Portal').innerText()).toContain('Not in use');
        await expectAxeClean(page);

        await page.getByRole('link', { name: 'Details of Wiki' }).click();
        expect(await page.getByText(ana.email).count()).toBeGreaterThan(1);
        await page.getByLabel('Your e-mail address').uncheck();
        await press(page, 'Save changes');
        expect(await page.getByRole('status').textContent()).toContain('The app gets less from its next request on.');
        await expectAxeClean(page);
        expect(await told()).toMatchObject({ name: 'Ana Lind' });
        expect(await told()).not.toHaveProperty('email');

        await page.getByRole('link', { name: 'Remove access' }).click();
        expect(await heading(page)).toBe('Remove the access of Wiki?');
        await expectAxeClean(page);
        await press(page, 'Remove access');
        expect(await heading(page)).toBe('What was ended');
        expect(await page.locator('.row').innerText()).toMatch(/Wiki[^]*1 grant of access · 1 refresh token/);
        await expectAxeClean(page);

        await expect(told()).rejects.toMatchObject({ status: 401 });
        await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
          error: 'invalid_grant',
        });

        await page.getByRole('link', { name: 'All applications' }).click();
        expect(await row('Wiki').count()).toBe(0);
        await page.goto((await wiki.request({ scope })).url.href);
        expect(await heading(page)).toBe('Allow Wiki to use your account?');
      },
      patience,
    );

    // What they look like is the same on every store.
    if (walk.pair !== 'sqlite') return;

    test(
      'every page, as it looks',
      async () => {
        const page = await chromium.open();
        await signIn(page, (await app.account()).email);
        const place = `${app.url}/account/applications`;
        const see = (name: string) => expectPresentable(page, `applications-${name}`);

        await page.goto(place);
        await see('list');
        await page.goto(`${place}/${wiki.clientId}`);
        await see('details');
        await page.goto(`${place}/account-console`);
        await see('console');
        await page.goto(`${place}/${wiki.clientId}/remove`);
        await see('removal');
        await press(page, 'Remove access');
        await see('receipt');
      },
      2 * patience,
    );
  });
}
