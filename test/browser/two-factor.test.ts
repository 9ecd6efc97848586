import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

import { goodPassword } from '../support/app.ts';
import { expectAxeClean, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { startTextServer, type TextServer } from '../support/text-server.ts';
import { totpAt } from '../support/totp.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

const security = '/account/sign-in-and-security';
const number = '+491711234567';

/** Two-factor authentication as a person meets it: on, off, and each way to get a code. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `two-factor authentication on ${named(walk)}`, () => {
    let chromium: Chromium;
    let provider: TextServer;
    let house: WalkedHouse;
    let people = 0;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      provider = await startTextServer();
      house = await openOn(walk.pair, provider.env);
    }, patience);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    });

    /** Somebody with a proved address and number, at the page on which two-factor authentication is set. */
    async function atSecurity(): Promise<{ page: Page; email: string }> {
      const email = `person-${(people += 1)}@example.com`;
      await house.app.account({ email, claims: { phone_number: number, phone_number_verified: true } });
      const page = await chromium.open();

      await page.goto(house.app.url + security);
      await givePassword(page, email);
      expect(await heading(page)).toBe('Sign-in & security');
      expect(await badge(page)).toBe('Off');

      return { page, email };
    }

    const badge = (page: Page) => page.locator('#two-factor .badge').innerText();
    const row = (page: Page, name: string): Locator =>
      page.locator('section[aria-labelledby=two-factor] .row').filter({ has: page.getByRole('heading', { name }) });

    async function pressIn(page: Page, name: string, button: string): Promise<void> {
      const pressed = row(page, name).getByRole('button', { name: button }).first();

      await Promise.all([page.waitForEvent('framenavigated'), pressed.click()]);
      await page.waitForLoadState();
    }

    /** The ten codes are shown once; what was just turned on is then proved, as for anything sensitive from now on. */
    async function keepRecoveryCodes(page: Page, prove?: () => Promise<string>): Promise<string[]> {
      expect(await heading(page)).toBe('Keep your recovery codes');
      await expectAxeClean(page);
      const codes = await page.locator('.codes code').allInnerTexts();
      await page.getByRole('link', { name: 'I have kept them' }).click();
      await page.waitForLoadState();

      if (prove) {
        expect(await heading(page)).toBe('Confirm that it’s you');
        await page.getByLabel('Password', { exact: true }).fill(goodPassword);
        await press(page, 'Go on');
        await giveCode(page, await prove());
      }

      expect(await badge(page)).toBe('On');

      return codes;
    }

    const mailed = (email: string) => async () => (await house.app.mail.to(email, 'sign-in-code')).code;

    /** What the phone gets next. */
    function nextText(): () => Promise<string> {
      const before = provider.texts.length;

      return async () => {
        await provider.accepted.reaches(before + 1);

        return /\d{6}/.exec(provider.texts.at(-1)?.body ?? '')?.[0] ?? '';
      };
    }

    /** As far as the second question. */
    async function signInAgain(page: Page, email: string): Promise<void> {
      await press(page, 'Sign out');
      await page.goto(`${house.app.url}/account`);
      await givePassword(page, email);
    }

    async function giveCode(page: Page, code: string): Promise<void> {
      await page.getByLabel('Code', { exact: true }).fill(code);
      await press(page, 'Go on');
    }

    test(
      'method: authenticator app',
      async () => {
        const { page, email } = await atSecurity();
        await pressIn(page, 'Authenticator app', 'Set up');
        await expectAxeClean(page);

        expect(await page.locator('svg.qr').count()).toBe(1);
        const secret = (await page.locator('.secret').innerText()).replaceAll(/\s/g, '');
        await page.getByLabel('Code', { exact: true }).fill('000000');
        await page.getByLabel('Name (optional)').fill('Blue phone');
        await press(page, 'Confirm');
        expect(await page.getByLabel('Code', { exact: true }).getAttribute('aria-invalid')).toBe('true');
        expect(await page.getByLabel('Name (optional)').inputValue()).toBe('Blue phone');

        await page.getByLabel('Code', { exact: true }).fill(totpAt(secret, house.app.clock.now()));
        await press(page, 'Confirm');
        const [recoveryCode = ''] = await keepRecoveryCodes(page);
        await page.getByRole('heading', { name: 'Blue phone' }).waitFor();

        await signInAgain(page, email);
        expect(await heading(page)).toBe('One more step');
        await expectAxeClean(page);
        await giveCode(page, '000000');
        expect(await heading(page)).toBe('One more step');
        house.app.clock.advance(30_000);
        await giveCode(page, totpAt(secret, house.app.clock.now()));
        expect(await heading(page)).toBe('Personal information');

        // The phone is lost: one of the codes that were kept.
        await signInAgain(page, email);
        await page.getByRole('link', { name: 'Recovery code' }).click();
        await giveCode(page, recoveryCode);
        expect(await heading(page)).toBe('Personal information');
      },
      patience,
    );

    test(
      'method: e-mail',
      async () => {
        const { page, email } = await atSecurity();
        await pressIn(page, 'E-mail', 'Turn on');
        await keepRecoveryCodes(page, mailed(email));
        expect(await row(page, 'E-mail').innerText()).toMatch(/Codes go to p.*•.*@example\.com\./);

        await signInAgain(page, email);
        expect(await page.getByRole('heading', { level: 2, name: 'Code by e-mail' }).count()).toBe(1);
        await giveCode(page, await mailed(email)());
        expect(await heading(page)).toBe('Personal information');
      },
      patience,
    );

    test(
      'method: text message',
      async () => {
        const { page, email } = await atSecurity();
        await pressIn(page, 'Text message', 'Turn on');
        await keepRecoveryCodes(page, nextText());
        const code = nextText();

        await signInAgain(page, email);
        expect(await page.getByRole('heading', { level: 2, name: 'Code by text message' }).count()).toBe(1);
        await giveCode(page, await code());
        expect(await heading(page)).toBe('Personal information');
        expect(new Set(provider.texts.map(({ to }) => to))).toEqual(new Set([number]));
      },
      patience,
    );

    test(
      'several methods: one is asked first, the others are offered',
      async () => {
        const { page, email } = await atSecurity();
        await pressIn(page, 'E-mail', 'Turn on');
        await keepRecoveryCodes(page, mailed(email));
        await pressIn(page, 'Authenticator app', 'Set up');
        const secret = (await page.locator('.secret').innerText()).replaceAll(/\s/g, '');
        await page.getByLabel('Code', { exact: true }).fill(totpAt(secret, house.app.clock.now()));
        await press(page, 'Confirm');
        await page.getByText('Your authenticator app is set up.').waitFor();
        await pressIn(page, 'Authenticator app', 'Ask first');

        await signInAgain(page, email);
        expect(await page.getByRole('heading', { level: 2, name: 'Authenticator app' }).count()).toBe(1);
        expect(await page.locator('.choices a').allInnerTexts()).toEqual(['Code by e-mail', 'Recovery code']);

        await page.getByRole('link', { name: 'Code by e-mail' }).click();
        await press(page, 'Send code');
        await giveCode(page, await mailed(email)());
        expect(await heading(page)).toBe('Personal information');
      },
      patience,
    );

    test(
      'switching off: a notice of what goes, and then the password is enough',
      async () => {
        const { page, email } = await atSecurity();
        await pressIn(page, 'E-mail', 'Turn on');
        await keepRecoveryCodes(page, mailed(email));

        await page.getByRole('link', { name: 'Switch off' }).click();
        expect(await heading(page)).toBe('Switch off two-factor authentication?');
        await page.getByText('Your password alone will then be enough').waitFor();
        await expectAxeClean(page);

        await page.getByRole('link', { name: 'Keep it on' }).click();
        expect(await badge(page)).toBe('On');

        // Without the only way to get codes it is off as well: the same notice comes first.
        await pressIn(page, 'E-mail', 'Remove');
        expect(await heading(page)).toBe('Switch off two-factor authentication?');
        await page.getByRole('link', { name: 'Keep it on' }).click();
        expect(await badge(page)).toBe('On');

        await page.getByRole('link', { name: 'Switch off' }).click();
        await press(page, 'Switch off');
        await page.getByText('Two-factor authentication is off.').waitFor();
        expect(await badge(page)).toBe('Off');

        await signInAgain(page, email);
        expect(await heading(page)).toBe('Personal information');
      },
      patience,
    );
  });
}
