import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

import { goodPassword, startTestApp, type TestApp } from '../support/app.ts';
import { patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { openWiki, type Wiki } from './wiki.ts';

/** Without scripts, in a real browser, through the whole of Gatehouse to an app and back. */
describeWith('chromium', 'signing in never ends in a dead end', () => {
  let chromium: Chromium;
  let app: TestApp;
  let wiki: Wiki;
  let page: Page;

  beforeAll(async () => {
    chromium = await startChromium();
    app = await startTestApp();
    wiki = await openWiki(app);
    await app.account({ email: 'ana@example.com' });
  });

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
    await wiki[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    page = await chromium.open();
  });

  afterEach(() => page.context().close());

  async function begin(tab = page): Promise<void> {
    await tab.goto(wiki.url);
    await tab.getByRole('link', { name: 'Sign in' }).click();
    await tab.getByLabel('Password').waitFor();
  }

  async function prove(tab = page): Promise<void> {
    await tab.getByLabel('E-mail').fill('ana@example.com');
    await tab.getByLabel('Password').fill(goodPassword);
    await press('Sign in', tab);
  }

  async function press(name: string, tab = page): Promise<void> {
    await goOn(tab, tab.getByRole('button', { name, exact: true }));
  }

  async function startAgain(tab = page): Promise<void> {
    await goOn(tab, tab.getByRole('link', { name: 'Start again' }));
  }

  async function goOn(tab: Page, by: Locator): Promise<void> {
    await Promise.all([tab.waitForEvent('framenavigated'), by.click()]);
    await tab.waitForLoadState();
  }

  /** The consent is remembered after the first time. */
  async function arrive(tab = page): Promise<void> {
    if (tab.url().includes('/consent/')) await press('Allow', tab);
    expect(await tab.getByRole('heading').textContent()).toBe('Welcome to the wiki');
  }

  async function heading(tab = page): Promise<string> {
    return (await tab.getByRole('heading', { level: 1 }).textContent()) ?? '';
  }

  test(
    'the plain way: sign in, allow, arrive',
    async () => {
      await begin();
      await prove();

      expect(await heading()).toBe('Allow Wiki to use your account?');
      await arrive();
    },
    patience,
  );

  test(
    'no, thank you: the app is told, at either step',
    async () => {
      await begin();
      await press('Go back to Wiki without signing in');
      expect(await heading()).toBe('Not signed in: access_denied');

      await page.goto(`${wiki.signInUrl}&prompt=consent`);
      await prove();
      await press('Don’t allow');
      expect(await heading()).toBe('Not signed in: access_denied');
    },
    patience,
  );

  test(
    'two tabs: each one arrives',
    async () => {
      const second = await page.context().newPage();

      await begin();
      await begin(second);

      await prove();
      await arrive();
      await prove(second);
      await arrive(second);
    },
    patience,
  );

  test(
    'the back button after arriving: what happened, and once more to the app',
    async () => {
      await begin();
      const step = page.url();
      await prove();
      await arrive();

      await page.goto(step);
      expect(await heading()).toBe('This step is finished already');

      await startAgain();
      await arrive();
    },
    patience,
  );

  test(
    'the back button to a sign-in that was taken leads on',
    async () => {
      await page.goto(`${wiki.signInUrl}&prompt=consent`);
      await prove();
      expect(await heading()).toBe('Allow Wiki to use your account?');

      await page.goBack();
      expect(await heading()).toBe('This step is finished already');

      await startAgain();
      expect(await heading()).toBe('Allow Wiki to use your account?');
      await arrive();
    },
    patience,
  );

  test(
    'an expired step: start again, and arrive',
    async () => {
      await begin();
      app.clock.advance(2 * 60 * 60 * 1000);
      await prove();

      expect(await heading()).toBe('This page has expired');
      expect(await page.getByRole('link', { name: 'Back to Wiki' }).getAttribute('href')).toBe(`${wiki.url}/`);

      await startAgain();
      await prove();
      await arrive();
    },
    patience,
  );

  test(
    'a replayed step signs nobody in twice',
    async () => {
      await begin();
      const step = page.url();
      const csrf = (await page.locator('input[name=csrf]').first().getAttribute('value')) ?? '';
      await prove();
      await arrive();

      const again = await page.request.post(step, {
        form: { csrf, email: 'ana@example.com', password: goodPassword },
        maxRedirects: 0,
      });

      expect(again.status()).toBe(410);
      expect(await again.text()).toContain('This step is finished already');
    },
    patience,
  );

  test(
    'cleared cookies: nothing is sent by mistake, and start again leads to the app',
    async () => {
      await begin();
      await page.context().clearCookies();
      await prove();

      expect(await heading()).toBe('This step belongs to another browser');

      await startAgain();
      await prove();
      await arrive();
    },
    patience,
  );

  test(
    'the address of a step opened in another browser',
    async () => {
      await begin();
      const other = await chromium.open();
      await other.goto(page.url());

      expect(await heading(other)).toBe('This step belongs to another browser');

      await startAgain(other);
      await prove(other);
      await arrive(other);
      await other.context().close();
    },
    patience,
  );

  test(
    'a restart of the server in the middle goes unnoticed',
    async () => {
      await begin();
      await app.restart();
      await prove();
      await app.restart();
      await arrive();
    },
    patience,
  );

  test(
    'an address that was never a step leads to the account',
    async () => {
      await page.goto(`${app.url}/sign-in/never-was-a-step-of-ours`);

      expect(await heading()).toBe('This page has expired');
      await page.getByRole('link', { name: 'Go to your account' }).click();
      expect(await heading()).toBe('Sign in');
    },
    patience,
  );

  test(
    'somebody else: "Not you?" at consent',
    async () => {
      await app.account({ email: 'bo@example.com', displayName: 'Bo' });
      await page.goto(`${wiki.signInUrl}&prompt=consent`);
      await prove();
      await press('Not you?');

      await page.getByLabel('E-mail').fill('bo@example.com');
      await page.getByLabel('Password').fill(goodPassword);
      await press('Sign in');

      expect(await page.getByText('Signed in as').textContent()).toContain('bo@example.com');
      await arrive();
    },
    patience,
  );
});
