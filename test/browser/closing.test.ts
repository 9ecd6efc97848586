import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { openBrowser } from '../support/browser.ts';
import { expectAxeClean, expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

const scope = 'openid profile email offline_access';

/**
 * What people can do in other consoles to leave, as a person would ("Cancel subscription"): give the password, agree,
 * press the button, and their information is deleted; with a copy of it before.
 */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `leaving on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;
    let wiki: RelyingParty;
    let payroll: RelyingParty;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair);
      const app = async (name: string) =>
        relyingParty(
          house.app,
          await house.app.client('web', {
            client_name: name,
            redirect_uris: [`https://${name.toLowerCase()}.example.net/cb`],
            grant_types: ['authorization_code', 'refresh_token'],
            scope,
          }),
        );
      [wiki, payroll] = [await app('Wiki'), await app('Payroll')];
    }, 60_000);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    test(
      'a copy of the data, the box to agree, the button: both apps and the other browser are out, the address is free',
      async () => {
        const { app } = house;
        const ana = await app.account();
        const other = openBrowser(app.url);
        const { tokens } = await wiki.signIn(ana, { browser: other, request: { scope } });
        const { tokens: ofPayroll } = await payroll.signIn(ana, { browser: other, request: { scope } });
        const page = await chromium.open();

        await page.goto(`${app.url}/account`);
        await givePassword(page, ana.email);
        await page.locator('nav a').last().click();
        expect(await heading(page)).toBe('Close account');
        if (walk.pair === 'sqlite') await expectPresentable(page, 'close');

        const [file] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name: 'Download my data' }).click(),
        ]);
        expect(file.suggestedFilename()).toBe('account.json');
        expect(JSON.parse(await readFile(await file.path(), 'utf8'))).toMatchObject({ profile: { email: ana.email } });

        await press(page, 'Close my account');
        await page.getByText('without that, the account stays').first().waitFor();
        await page.getByLabel('I understand that my account').check();
        await press(page, 'Close my account');
        expect(await heading(page)).toBe('Your account is closed');
        await page.getByText('Lost access').waitFor();
        if (walk.pair === 'sqlite') await expectPresentable(page, 'closed');
        else await expectAxeClean(page);

        expect(await page.locator('dl').textContent()).toContain('Payroll, Wiki');
        for (const [{ config }, { access_token: token, refresh_token: refresh = '' }] of [
          [wiki, tokens],
          [payroll, ofPayroll],
        ] as const) {
          await expect(oidc.fetchUserInfo(config, token, ana.id)).rejects.toMatchObject({ status: 401 });
          await expect(oidc.refreshTokenGrant(config, refresh)).rejects.toMatchObject({ error: 'invalid_grant' });
        }
        expect((await other.open('/account')).title).toContain('Sign in');

        await page.goto(`${app.url}/account`);
        await givePassword(page, ana.email);
        expect(await heading(page)).toBe('Sign in');
        await app.account({ email: ana.email });

        if (walk.pair !== 'sqlite') return;
        await app.restart({ GATEHOUSE_ACCOUNT_CLOSING_GRACE: '30d' });
        const ben = await app.account();
        await app.services.closing.close(ben, { actor: ben.id });
        await page.goto(`${app.url}/account`);
        await givePassword(page, ben.email);
        expect(await heading(page)).toBe('This account is closed');
        await expectPresentable(page, 'closing-keep');
        await press(page, 'Keep my account');
        expect(await heading(page)).toBe('Personal information');
      },
      patience,
    );
  });
}
