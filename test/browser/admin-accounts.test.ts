import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { goodPassword } from '../support/app.ts';
import { expectAxeClean, expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { setUpAuthenticator } from './second-factor.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

/** An administrator looks somebody up, keeps them out and lets them in again, and invites somebody else. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `accounts in the admin console on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair);
    }, 60_000);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    test(
      'look somebody up, lock and unlock them, invite somebody, delete an account',
      async () => {
        const { app } = house;
        const root = await app.account({ email: 'root@example.com', displayName: 'Root', administrator: true });
        const ben = await app.account({ email: 'ben@example.com', displayName: 'Ben Aker' });

        const page = await chromium.open();
        await page.goto(`${app.url}/admin/accounts`);
        await givePassword(page, root.email);
        await setUpAuthenticator(page, app.clock.now);
        expect(await heading(page)).toBe('Accounts');
        if (walk.scripts) await expectPresentable(page, 'admin-accounts');

        await page.getByLabel('E-mail address, name or id').fill('BEN');
        await press(page, 'Search');
        await page.getByRole('link', { name: 'Details of Ben Aker' }).first().click();
        expect(await heading(page)).toBe('Ben Aker');
        if (walk.scripts) await expectPresentable(page, 'admin-account');

        await page.getByRole('link', { name: 'Lock the account' }).click();
        await page.getByLabel('Reason').fill('Your laptop was reported stolen.');
        await page.getByLabel('For how long').selectOption('One week');
        await expectAxeClean(page);
        await press(page, 'Lock the account');
        await page.getByText('The account is locked.').waitFor();
        expect(await heading(page)).toBe('What was ended');

        const theirs = await chromium.open();
        await theirs.goto(`${app.url}/account`);
        await givePassword(theirs, ben.email);
        expect(await heading(theirs)).toBe('This account is locked');
        await theirs.getByText('Your laptop was reported stolen.').waitFor();
        await expectAxeClean(theirs);

        await page.getByRole('link', { name: 'Back to the account' }).click();
        await page.getByRole('link', { name: 'Unlock the account' }).click();
        await press(page, 'Unlock the account');
        await page.getByText('The account is unlocked.').waitFor();
        await theirs.goto(`${app.url}/account`);
        await givePassword(theirs, ben.email);
        expect(await heading(theirs)).toBe('Personal information');

        await page.locator('#see-devices').click();
        await page.getByRole('link', { name: 'Sign out', exact: true }).click();
        expect(await heading(page)).toBe('Sign this browser out?');
        await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
        await page.getByText('1 browser signed out').waitFor();
        await theirs.goto(`${app.url}/account`);
        expect(await heading(theirs)).toBe('Sign in');

        await page.goto(`${app.url}/admin/accounts/new`);
        await page.getByLabel('E-mail', { exact: true }).fill('nora@example.com');
        await page.getByLabel('Display name').fill('Nora');
        await press(page, 'Create the account');
        await page.getByText('The invitation is on its way.').waitFor();
        expect(await heading(page)).toBe('Nora');

        await theirs.goto((await app.mail.to('nora@example.com', 'invitation')).link);
        expect(await heading(theirs)).toBe('Welcome');
        await theirs.getByLabel('New password', { exact: true }).fill(goodPassword);
        await theirs.getByLabel('Confirm new password').fill(goodPassword);
        await press(theirs, 'Save the password');
        await theirs.getByText('Your account is ready.').waitFor();
        await givePassword(theirs, 'nora@example.com');
        expect(await heading(theirs)).toBe('Personal information');

        await page.getByRole('link', { name: 'Delete the account' }).click();
        await press(page, 'Delete the account');
        await page.getByText('Tick the box if you are sure.').first().waitFor();
        await page.getByLabel('I understand').check();
        await press(page, 'Delete the account');
        await page.getByText('The account is deleted.').waitFor();
        expect(await app.services.accounts.findByEmail('nora@example.com')).toBeUndefined();
      },
      patience,
    );
  });
}
