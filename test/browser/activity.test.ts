import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { openBrowser } from '../support/browser.ts';
import { expectAxeClean, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

/** Activity as a person meets it, and what they do who find something in it that they did not do. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `Activity on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair);
    }, patience);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    async function follow(page: Page, name: string): Promise<void> {
      const link = page.getByRole('link', { name, exact: true }).first();

      await Promise.all([page.waitForEvent('framenavigated'), link.click()]);
      await page.waitForLoadState();
    }

    test(
      'a stranger’s sign-in is found, and taken back',
      async () => {
        const { app } = house;
        const ana = await app.account({ email: 'ana@example.com' });
        const stranger = openBrowser(app.url, { headers: { 'user-agent': 'curl/8.0' } });
        const { email, password } = ana;
        const door = await stranger.submit(await stranger.open('/account'), { email, password: 'not the right one' });
        await stranger.submit(door, { email, password });
        const page = await chromium.open();
        await page.goto(`${app.url}/account`);
        await givePassword(page, email);

        await follow(page, 'Activity');
        expect(await heading(page)).toBe('Activity');
        await page.getByRole('heading', { name: 'Blocked tries' }).waitFor();
        await expectAxeClean(page);

        await follow(page, 'Security changes');
        expect(await page.locator('main .row .title').allInnerTexts()).toEqual(['Account created']);
        await follow(page, 'Messages');
        await page.getByText('Nothing of this kind has happened yet.').waitFor();
        await follow(page, 'Sign-ins');

        const row = page.locator('main .row').filter({ hasText: 'A program that doesn’t say what it is' });
        const link = row.getByRole('link', { name: 'This wasn’t me' }).first();
        await Promise.all([page.waitForEvent('framenavigated'), link.click()]);
        expect(await heading(page)).toBe('This wasn’t you?');
        await expectAxeClean(page);

        await press(page, 'It wasn’t me: take it back');
        expect(await heading(page)).toBe('Nobody else is in your account any more');
        await expectAxeClean(page);
        expect((await stranger.get('/account/activity')).status).toBe(303);

        await follow(page, 'Choose a new password');
        expect(await heading(page)).toBe('Sign-in & security');
        await follow(page, 'Activity');
        await page.getByRole('heading', { name: '“This wasn’t me” pressed here' }).waitFor();
      },
      patience,
    );
  });
}
