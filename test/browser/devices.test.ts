import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';
import type { Page } from 'playwright-core';

import { goodPassword } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { expectAxeClean, expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { openDevice } from '../support/device.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const scope = 'openid profile email offline_access';

/**
 * What people can do in other consoles about their devices, row by row, as a person would: the list of devices that are
 * signed in, each with IP address, last access, clients and expiration date; and signing out one that they don't know.
 */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `devices on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;
    let wiki: RelyingParty;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair);
      wiki = await relyingParty(
        house.app,
        await house.app.client('web', {
          client_name: 'Wiki',
          redirect_uris: ['https://wiki.example.net/cb'],
          grant_types: ['authorization_code', 'refresh_token'],
          scope,
        }),
      );
    }, 60_000);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    /** A laptop on the page; a phone that is signed in too, and an app that the phone has let go on without it. */
    async function open() {
      const { app } = house;
      const ana = await app.account();
      const page = await chromium.open();

      await page.goto(`${app.url}/account/devices`);
      await givePassword(page, ana.email);

      const other = await chromium.open({ userAgent: phone });
      await other.goto(`${app.url}/account`);
      await givePassword(other, ana.email);

      const browser = openBrowser(app.url, { headers: { 'user-agent': phone } });
      const { tokens } = await wiki.signIn({ ...ana, password: goodPassword }, { browser, request: { scope } });
      await page.reload();

      return { page, other, ana, refresh: tokens.refresh_token ?? '' };
    }

    const row = (page: Page, title: string) => page.locator('.row', { hasText: title }).first();

    test(
      'the list, signing out one, ending what goes on without it, and all others',
      async () => {
        const { page, other, refresh } = await open();
        expect(await heading(page)).toBe('Devices');
        await page.getByText('4 things can act for you.').waitFor();
        await expectAxeClean(page);

        const here = await row(page, 'This device').textContent();
        expect(here).toMatch(/Chrome on \w+/);
        for (const fact of ['IP address', 'Last accessed', 'Applications', 'Signed in', 'Expires']) {
          expect(here).toContain(fact);
        }

        // The last one signed in is the app's browser.
        await row(page, 'Safari on iOS').getByRole('link', { name: 'Sign out' }).click();
        expect(await heading(page)).toBe('Sign out another browser?');
        await expectAxeClean(page);
        await page.getByLabel('Also end access that was given in it for the time away').uncheck();
        await press(page, 'Sign out the other browser');
        expect(new URL(page.url()).pathname).toMatch(/^\/account\/receipts\/[\w-]+$/);
        await page.getByText('A device was signed out.').waitFor();
        const tokens = await oidc.refreshTokenGrant(wiki.config, refresh);

        await page.goto(`${house.app.url}/account/devices`);
        await page.getByText('3 things can act for you.').waitFor();
        await row(page, 'Works while you are away').getByRole('link', { name: 'End access' }).click();
        expect(await heading(page)).toBe('End the access of Wiki?');
        await expectAxeClean(page);
        await press(page, 'End access');
        await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
          error: 'invalid_grant',
        });

        await page.goto(`${house.app.url}/account/devices`);
        await page.getByRole('link', { name: 'Sign out all others' }).click();
        expect(await heading(page)).toBe('Sign out all other browsers?');
        await expectAxeClean(page);
        await press(page, 'Sign out all others');

        await other.reload();
        expect(await heading(other)).toBe('Sign in');
        await page.goto(`${house.app.url}/account/devices`);
        await page.getByText('1 thing can act for you.').waitFor();
        await page.getByText('You are signed in here alone.').waitFor();

        await row(page, 'This device').getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      },
      patience,
    );

    test(
      'a device without a browser: its code, what it asks, and where it stands',
      async () => {
        const { app } = house;
        const ana = await app.account();
        const television = await openDevice(app, await app.client('device', { client_name: 'Television' }));
        const asked = await television.ask();
        const page = await chromium.open();

        await page.goto(asked.verification_uri);
        expect(await heading(page)).toBe('Connect a device');
        await page.getByLabel('Code').fill(asked.user_code.toLowerCase());
        await expectAxeClean(page);
        await press(page, 'Continue');
        await givePassword(page, ana.email);
        expect(await heading(page)).toBe('Allow Television to use your account?');
        await page.getByText('Only go on if you started this yourself').waitFor();
        await page.getByText(asked.user_code).waitFor();
        await expectAxeClean(page);
        await page.getByLabel('Your profile').uncheck();
        await press(page, 'Allow');
        expect(await heading(page)).toBe('Your device is connected');
        await expectAxeClean(page);

        const { body } = await television.poll(asked.device_code);
        const refresh = typeof body['refresh_token'] === 'string' ? body['refresh_token'] : '';
        expect(body).toMatchObject({ scope: 'offline_access openid' });

        await page.getByRole('link', { name: 'See what can act for you' }).click();
        await row(page, 'Device without a browser').getByRole('link', { name: 'End access' }).click();
        await press(page, 'End access');
        await expect(oidc.refreshTokenGrant(television.config, refresh)).rejects.toMatchObject({
          error: 'invalid_grant',
        });
      },
      patience,
    );

    // What they look like is the same on every store.
    if (walk.pair !== 'sqlite') return;

    test(
      'every page, as it looks',
      async () => {
        const { page } = await open();
        await expectPresentable(page, 'devices');

        for (const [link, name] of [
          ['Sign out all others', 'devices-others'],
          ['End access', 'devices-offline'],
        ] as const) {
          await page.goto(`${house.app.url}/account/devices`);
          await page.getByRole('link', { name: link }).click();
          await expectPresentable(page, name);
        }

        await page.goto(`${house.app.url}/account/devices`);
        await row(page, 'Safari on iOS').getByRole('link', { name: 'Sign out' }).click();
        await expectPresentable(page, 'devices-one');

        const television = await openDevice(house.app, await house.app.client('device', { client_name: 'Television' }));
        await page.goto((await television.ask()).verification_uri_complete ?? '');
        await expectPresentable(page, 'device');
        await press(page, 'Continue');
        await expectPresentable(page, 'device-asked');
        await press(page, 'Allow');
        await expectPresentable(page, 'device-allowed');
      },
      2 * patience,
    );
  });
}
