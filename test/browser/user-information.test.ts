import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { goodPassword, type TestApp } from '../support/app.ts';
import { expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

/**
 * What people can do in other consoles about their user information, row by row, as a person would: the first list asks
 * for the password, then e-mail address and the number that came there, name, mobile phone and the number that came
 * there, task; the second for e-mail, first name, last name and language.
 */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `user information on ${named(walk)}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;
    let app: TestApp;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      // Every row asks for a fresh password first, as the first list has it.
      house = await openOn(walk.pair, { GATEHOUSE_ACCOUNT_RECENT_SIGN_IN_FOR: 'all' });
      app = house.app;
    }, 60_000);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    const notice = async (page: Page): Promise<string> => (await page.getByRole('status').textContent()) ?? '';

    /** The console, on its first page: the password was entered. */
    async function open(email?: string): Promise<{ page: Page; email: string; id: string }> {
      const account = await app.account({ ...(email !== undefined && { email }), displayName: 'Ana' });
      const page = await chromium.open();

      await page.goto(`${app.url}/account`);
      await page.getByLabel('E-mail').fill(account.email);
      await page.getByLabel('Password').fill(goodPassword);
      await press(page, 'Sign in');
      await page.getByRole('heading', { name: 'Personal information' }).waitFor();

      return { page, email: account.email, id: account.id };
    }

    const stored = async (id: string) => app.services.accounts.get(id);

    test(
      'the password comes first, and what is typed survives it',
      async () => {
        const { page } = await open();
        app.clock.advance(6 * 60_000);

        await page.getByLabel('Task').fill('Payroll');
        await press(page, 'Save changes');
        expect(await heading(page)).toBe('Confirm that it’s you');
        await page.getByLabel('Password').fill(goodPassword);
        await press(page, 'Go on');

        expect(await page.getByLabel('Task').inputValue()).toBe('Payroll');
        await press(page, 'Save changes');
        expect(await notice(page)).toContain('Your changes are saved.');
      },
      patience,
    );

    test(
      'e-mail address, and the number that came by e-mail',
      async () => {
        const { page, id, email } = await open();
        const next = 'ana@new.example';

        await page.getByRole('link', { name: 'Change E-mail' }).click();
        await page.getByLabel('New e-mail address').fill(next);
        await press(page, 'Send the code');
        await page.getByLabel('Code').fill((await app.mail.to(next, 'change-email-code')).code);
        await press(page, 'Confirm');

        expect(await notice(page)).toContain('Your e-mail address is verified');
        await page.getByText(next).first().waitFor();
        expect(await stored(id)).toMatchObject({ email: next, emailVerified: true });
        expect((await app.mail.to(email, 'email-changed')).text).toContain(next);
      },
      patience,
    );

    test(
      'mobile phone number, and the number that came on the phone',
      async () => {
        const { page, id } = await open();
        const number = '0151 23456701';

        await page.getByRole('link', { name: 'Add Mobile phone' }).click();
        await page.getByLabel('Country').selectOption('DE');
        await page.getByLabel('Mobile number').fill(number);
        await press(page, 'Send the code');
        await page.getByLabel('Code').fill((await app.texts.to('+4915123456701', 'phone-code')).code);
        await press(page, 'Confirm');

        expect(await notice(page)).toContain('Your mobile number is verified.');
        expect(await stored(id)).toMatchObject({ phone: { number: '+4915123456701', verified: true } });
      },
      patience,
    );

    test(
      'name within 20 characters, first and last name, task within 20 characters',
      async () => {
        const { page, id } = await open();
        const twenty = '🦊'.repeat(20);

        await page.getByLabel('First name').fill('Ana María');
        await page.getByLabel('Last name').fill('Lindqvist');
        await page.getByLabel('Display name').fill(twenty);
        await page.getByLabel('Task').fill('Payroll & invoices!!');
        await press(page, 'Save changes');
        expect(await notice(page)).toContain('Your changes are saved.');
        expect(await stored(id)).toMatchObject({
          firstName: 'Ana María',
          lastName: 'Lindqvist',
          displayName: twenty,
          task: 'Payroll & invoices!!',
        });

        await page.getByLabel('Task').fill('Payroll and invoices!');
        await page.getByLabel('Display name').fill(`${twenty}x`);
        await press(page, 'Save changes');
        expect(await page.getByLabel('Task').getAttribute('aria-invalid')).toBe('true');
        expect(await page.getByLabel('Display name').getAttribute('aria-invalid')).toBe('true');

        await page.getByLabel('Task').fill('');
        await page.getByLabel('Display name').fill('Ana');
        await press(page, 'Save changes');
        expect(await stored(id)).toMatchObject({ task: '', displayName: 'Ana' });
      },
      patience,
    );

    test(
      'language and time zone: pages, mail and text messages at once',
      async () => {
        const { page, email, id } = await open();

        await page.getByLabel('Language').selectOption('de');
        await page.getByLabel('Time zone').selectOption({ label: 'Japan' });
        await press(page, 'Save changes');
        expect(await notice(page)).toContain('Ihre Änderungen sind gespeichert.');
        expect(await page.locator('html').getAttribute('lang')).toBe('de');
        expect(await page.getByLabel('Zeitzone').inputValue()).toBe('Asia/Tokyo');

        await page.getByRole('link', { name: 'Hinzufügen Mobiltelefon' }).click();
        const number = '+4915123456711';
        await page.getByLabel('Mobilnummer').fill(number);
        await press(page, 'Code senden');
        const text = await app.texts.to(number);
        expect(text.text).toContain('ist Ihr Code');
        await page.getByLabel('Code').fill(text.code);
        await press(page, 'Bestätigen');

        const mail = await app.mail.to(email, 'phone-changed');
        expect(mail.subject).toBe('Ihre Mobilnummer wurde geändert');
        expect(mail.text).toMatch(/GMT\+9|JST/);
        expect(await stored(id)).toMatchObject({ locale: 'de', claims: { zoneinfo: 'Asia/Tokyo' } });
      },
      patience,
    );

    // What they look like is the same on every store.
    if (walk.pair !== 'sqlite') return;

    test(
      'every page, as it looks',
      async () => {
        const { page, email, id } = await open('ana.lindqvist@example.com');
        const personal = `${app.url}/account/personal-information`;
        const see = (name: string) => expectPresentable(page, `user-information-${name}`);
        await see('whole');

        await page.goto(`${personal}/email`);
        await see('email');
        await page.getByLabel('New e-mail address').fill('ana at example');
        // The browser's own check would be first.
        await page.locator('form[action$="/email"]').evaluate((form) => form.setAttribute('novalidate', ''));
        await press(page, 'Send the code');
        await see('email-wrong');
        await page.getByLabel('New e-mail address').fill('ana@looks.example');
        await press(page, 'Send the code');
        await see('email-code');
        await page.getByLabel('Code').fill('1');
        await press(page, 'Confirm');
        await see('email-code-wrong');
        await page.goto(personal);
        await see('awaited');
        await page.goto(`${personal}/email/code`);
        await page.getByLabel('Code').fill((await app.mail.to('ana@looks.example', 'change-email-code')).code);
        await press(page, 'Confirm');
        await see('email-changed');

        await page.goto(`${personal}/phone`);
        await see('phone');
        await app.services.records.accounts.update(id, (old) => ({
          ...old,
          phone: { number: '+4915123456789', verified: false },
        }));
        await page.goto(personal);
        await see('phone-unverified');
        await page.goto(`${personal}/phone/remove`);
        await see('phone-remove');

        const { link } = await app.mail.to(email, 'email-changed');
        await page.goto(link);
        await see('undo');
        await page.getByLabel('Your password before the change').fill('a wrong one');
        await press(page, 'Take the change back');
        await see('undo-wrong');
        await page.getByLabel('Your password before the change').fill(goodPassword);
        await press(page, 'Take the change back');
        await see('undone');
        await page.goto(link);
        await see('undo-ended');
        await page.goto(`${app.url}/undo-email-change`);
        await see('undo-code');
      },
      2 * patience,
    );
  });
}
