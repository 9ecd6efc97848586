import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { goodPassword, startTestApp, type TestApp } from '../support/app.ts';
import { patience, startChromium, type Chromium } from '../support/chromium.ts';
import { setUpAuthenticator } from './second-factor.ts';
import { describeWith } from '../support/need.ts';

/** Without scripts, in a real browser, through the whole of Gatehouse. */
describeWith('chromium', 'from the first start to the account console and out again', () => {
  let chromium: Chromium;
  let app: TestApp;

  beforeAll(async () => {
    chromium = await startChromium();
    app = await startTestApp();
  });

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
  });

  async function press(page: Page, name: string): Promise<void> {
    const button = page.getByRole('button', { name, exact: true });

    await Promise.all([page.waitForEvent('framenavigated'), button.click()]);
    await page.waitForLoadState();
  }

  async function heading(page: Page): Promise<string> {
    return (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
  }

  test(
    'the link of the first start makes the administrator, once',
    async () => {
      const page = await chromium.open();

      await page.goto(app.setupUrl ?? '');
      await page.getByLabel('E-mail').fill('ada@example.com');
      await page.getByLabel('First name').fill('Ada');
      await page.getByLabel('Display name').fill('Ada');
      await page.getByLabel('Password').fill('ada');
      await press(page, 'Create the administrator');

      expect(await page.getByLabel('Password').getAttribute('aria-invalid')).toBe('true');
      expect(await page.getByLabel('E-mail').inputValue()).toBe('ada@example.com');

      await page.getByLabel('Password').fill(goodPassword);
      await press(page, 'Create the administrator');

      expect(await page.getByRole('status').textContent()).toContain('The administrator’s account is ready.');

      await page.getByLabel('E-mail').fill('ada@example.com');
      await page.getByLabel('Password').fill(goodPassword);
      await press(page, 'Sign in');
      expect(await heading(page)).toBe('Set up a second factor');
      await setUpAuthenticator(page, app.clock.now);
      await page.getByRole('heading', { name: 'Personal information' }).waitFor();

      await page.goto(app.setupUrl ?? '');
      expect(await heading(page)).toBe('This link doesn’t work any more');
    },
    patience,
  );

  test(
    'what is changed stays changed; the language switches; after signing out nothing is left',
    async () => {
      await app.account({ email: 'ana@example.com' });
      const page = await chromium.open();

      await page.goto(`${app.url}/account`);
      await page.getByLabel('E-mail').fill('ana@example.com');
      await page.getByLabel('Password').fill(goodPassword);
      await press(page, 'Sign in');

      await page.getByLabel('Display name').fill('a name of more than twenty characters');
      await page.getByLabel('Task').fill('Payroll');
      await press(page, 'Save changes');

      expect(await page.getByLabel('Display name').getAttribute('aria-invalid')).toBe('true');
      expect(await page.getByLabel('Task').inputValue()).toBe('Payroll');

      await page.getByLabel('Display name').fill('Ana 🦊');
      await page.getByLabel('Language').selectOption('de');
      await press(page, 'Save changes');

      expect(await page.getByRole('status').textContent()).toContain('Ihre Änderungen sind gespeichert.');
      expect(await page.getByLabel('Anzeigename').inputValue()).toBe('Ana 🦊');

      await press(page, 'Abmelden');
      expect(await heading(page)).toBe('Sie sind abgemeldet');

      await page.goBack();
      expect(await heading(page)).toBe('Anmelden');
    },
    patience,
  );
});
