import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { goodPassword } from '../support/app.ts';
import { expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

/** How somebody comes to have an account, and the language in which they are spoken to. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `a newcomer on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      house = await openOn(walk.pair, {
        GATEHOUSE_REGISTRATION_ALLOWED: 'true',
        GATEHOUSE_BRANDING_LINKS_TERMS: 'https://example.com/terms',
        GATEHOUSE_BRANDING_LINKS_PRIVACY: 'https://example.com/privacy',
      });
    }, patience);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    test(
      'creates an account, with the code from the mailbox, and is where they were going',
      async () => {
        const page = await chromium.open();
        await page.goto(`${house.app.url}/account`);
        await expectPresentable(page, 'sign-in-newcomer');
        await page.getByRole('link', { name: 'Create an account' }).click();
        expect(await heading(page)).toBe('Create an account');
        await expectPresentable(page, 'register');

        await page.getByLabel('E-mail').fill('nia@example.com');
        await page.getByLabel('Password', { exact: true }).fill('short');
        await page.getByLabel('Display name').fill('Nia');
        await press(page, 'Go on');
        expect(await page.getByLabel('Password', { exact: true }).getAttribute('aria-invalid')).toBe('true');
        expect(await page.getByLabel('E-mail').inputValue()).toBe('nia@example.com');
        await expectPresentable(page, 'register-wrong');

        await page.getByLabel('Password', { exact: true }).fill(goodPassword);
        await press(page, 'Go on');
        expect(await heading(page)).toBe('Check your mail');
        await expectPresentable(page, 'register-code');

        await page.getByLabel('Code', { exact: true }).fill('12');
        await press(page, 'Create account');
        expect(await heading(page)).toBe('Check your mail');
        await expectPresentable(page, 'register-code-wrong');
        await page.getByLabel('Code', { exact: true }).fill((await house.app.mail.to('nia@example.com')).code);
        await press(page, 'Create account');
        expect(await heading(page)).toBe('Personal information');
        expect(await page.getByLabel('Display name').inputValue()).toBe('Nia');
      },
      patience * 2,
    );

    test(
      'an account that the operator made: the address is proved while signing in',
      async () => {
        await house.app.account({ email: 'made@example.com', emailVerified: false });
        const page = await chromium.open();
        await page.goto(`${house.app.url}/account`);
        await givePassword(page, 'made@example.com');
        expect(await heading(page)).toBe('Confirm your address');
        await expectPresentable(page, 'verify-email');

        await press(page, 'Send a new code');
        await page.getByLabel('Code', { exact: true }).fill((await house.app.mail.to('made@example.com')).code);
        await press(page, 'Confirm');
        expect(await heading(page)).toBe('Personal information');
        await page.getByText('Verified', { exact: true }).first().waitFor();
      },
      patience,
    );

    test(
      'language: chosen at the foot of the sign-in page, then in the account; pages and mail follow at once',
      async () => {
        await house.app.account({ email: 'lena@example.com' });
        const page = await chromium.open();
        await page.goto(`${house.app.url}/account`);

        await press(page, 'Deutsch');
        expect(await heading(page)).toBe('Anmelden');
        await page.getByRole('link', { name: 'Konto anlegen' }).click();
        expect(await heading(page)).toBe('Konto anlegen');
        await page.goBack();

        // The account has a language of its own, which is English until its owner says otherwise.
        await givePassword(page, 'lena@example.com', { password: 'Passwort', submit: 'Anmelden' });
        expect(await heading(page)).toBe('Personal information');
        await page.getByLabel('Language').selectOption('de');
        await press(page, 'Save changes');
        expect(await heading(page)).toBe('Persönliche Daten');
        expect(await page.locator('html').getAttribute('lang')).toBe('de');

        await page.goto(`${house.app.url}/account/sign-in-and-security`);
        const email = page.locator('form[action$="/add"]').filter({ has: page.locator('input[value=email]') });
        await Promise.all([page.waitForEvent('framenavigated'), email.getByRole('button').click()]);
        expect((await house.app.mail.to('lena@example.com', 'factor-added')).subject).toBe(
          'Eine Anmeldemöglichkeit wurde hinzugefügt',
        );

        await press(page, 'Abmelden');
        expect(await heading(page)).toBe('Sie sind abgemeldet');

        // In a browser that speaks English the account’s language comes with its owner.
        const other = await chromium.open();
        await other.goto(`${house.app.url}/account`);
        await givePassword(other, 'lena@example.com');
        expect(await heading(other)).toBe('Noch ein Schritt');
        expect((await house.app.mail.to('lena@example.com', 'sign-in-code')).subject).toBe('Ihr Code zum Anmelden');
      },
      patience,
    );
  });
}
