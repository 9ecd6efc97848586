import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { goodPassword } from '../support/app.ts';
import { patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { named, needsOf, openOn, walks, type WalkedHouse } from './seed-rows.ts';

const changed = 'nine herons judge the moor';
const reset = 'violet teapots under nineteen bridges';

/** As a person would: the seeds' row "Change password", and the way back for who has forgotten it. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `passwords on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair);
      await house.app.account({ email: 'ana@example.com' });
    }, patience);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    async function signIn(page: Page, password: string): Promise<void> {
      await page.getByLabel('E-mail').fill('ana@example.com');
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    }

    test(
      'change password: current, new, confirm, OK',
      async () => {
        const page = await chromium.open();

        await page.goto(`${house.app.url}/account`);
        await signIn(page, goodPassword);
        await page.getByRole('link', { name: 'Sign-in & security' }).click();

        await page.getByLabel('Current password').fill('not the one that I have');
        await page.getByLabel('New password', { exact: true }).fill(changed);
        await page.getByLabel('Confirm new password').fill(changed);
        await page.getByRole('button', { name: 'Change password' }).click();
        await page.getByText('This is not your current password.').first().waitFor();
        expect(await page.getByRole('status').filter({ hasText: 'Strength:' }).innerText()).toContain('Strong');

        await page.getByLabel('Current password').fill(goodPassword);
        await page.getByLabel('New password', { exact: true }).fill(changed);
        await page.getByLabel('Confirm new password').fill(changed);
        await page.getByRole('button', { name: 'Change password' }).click();
        await page.getByText('Your password is changed, and you are signed out everywhere else.').waitFor();

        const next = await chromium.open();
        await next.goto(`${house.app.url}/account`);
        await signIn(next, goodPassword);
        await next.getByText('don’t match').first().waitFor();
        await signIn(next, changed);
        await next.getByRole('heading', { name: 'Personal information' }).waitFor();
      },
      patience,
    );

    test(
      'forgot password: by the link of the mail, and in with the new one',
      async () => {
        const page = await chromium.open();

        await page.goto(`${house.app.url}/account`);
        await page.getByRole('link', { name: 'Forgot password?' }).click();
        await page.getByLabel('E-mail').fill('ana@example.com');
        await page.getByRole('button', { name: 'Send the link' }).click();
        await page.getByText('If there is an account for ana@example.com').waitFor();

        await page.goto((await house.app.mail.to('ana@example.com', 'reset-password')).link);
        await page.getByLabel('New password', { exact: true }).fill(reset);
        await page.getByLabel('Confirm new password').fill(reset);
        await page.getByRole('button', { name: 'Save the new password' }).click();
        await page.getByText('Your new password is set').waitFor();

        await signIn(page, reset);
        await page.getByRole('heading', { name: 'Personal information' }).waitFor();
      },
      patience,
    );
  });
}
