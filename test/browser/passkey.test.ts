import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { goodPassword, type TestApp } from '../support/app.ts';
import { expectAxeClean, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { needsOf, openOn, walks, type WalkedHouse } from './seed-rows.ts';

const security = '/account/sign-in-and-security';

/** Chromium with an authenticator in software, which finds its passkeys by itself and verifies its user. */
for (const { pair } of walks) {
  describeWith(['chromium', ...needsOf(pair)], `passkeys on ${pair}`, () => {
    let chromium: Chromium;
    let house: WalkedHouse;
    let app: TestApp;

    beforeAll(async () => {
      chromium = await startChromium({ scripts: true });
      house = await openOn(pair);
      ({ app } = house);
    }, patience);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    });

    async function withAuthenticator(page: Page): Promise<void> {
      const session = await page.context().newCDPSession(page);
      await session.send('WebAuthn.enable', { enableUI: false });
      await session.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
    }

    // Nothing is on this authenticator, so the browser has nothing to offer: as if the person had said no.
    test.each(['', '?as=another'])(
      'one that is not used leaves the way by password open (%s)',
      async (as) => {
        const email = `ben${as.length}@example.com`;
        await app.account({ email });
        const page = await chromium.open();
        await withAuthenticator(page);

        await page.goto(`${app.url}/account`);
        const { origin, pathname } = new URL(page.url());
        await page.goto(origin + pathname + as);
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
        await page.getByText('The passkey was not used').waitFor();
        expect(new URL(page.url()).pathname).toMatch(/\/passkey$/);
        await expectAxeClean(page);

        await page.getByLabel('E-mail').fill(email);
        await page.getByLabel('Password', { exact: true }).fill('not the password');
        await page.getByRole('button', { name: 'Sign in', exact: true }).click();
        await page.getByText('don’t match').waitFor();
        expect(new URL(page.url()).search).toBe(as);

        await page.getByLabel('Password', { exact: true }).fill(goodPassword);
        await page.getByRole('button', { name: 'Sign in', exact: true }).click();
        await page.getByRole('heading', { level: 1, name: 'Personal information' }).waitFor();
      },
      60_000,
    );

    /** Somebody who signed in and added a passkey: at the recovery codes that come with it. */
    async function addPasskey(email: string): Promise<Page> {
      await app.account({ email });
      const page = await chromium.open();
      await withAuthenticator(page);

      await page.goto(app.url + security);
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password', { exact: true }).fill(goodPassword);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('link', { name: 'Add a passkey' }).click();
      await page.getByLabel('Name').fill('Laptop');
      await page.getByRole('button', { name: 'Create passkey' }).click();
      await page.getByRole('heading', { level: 1, name: 'Keep your recovery codes' }).waitFor();

      return page;
    }

    /** The codes say what they are for in the file and on paper, where nothing else is. */
    async function expectKeepable(page: Page, email: string): Promise<void> {
      const shown = await page.locator('.codes code').allInnerTexts();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).click(),
      ]);
      const [service = '', account, date = '', ...rest] = (await readFile(await download.path(), 'utf8')).split('\n');
      expect([service, account, rest]).toEqual(['Gatehouse – Your recovery codes', email, ['', ...shown, '']]);
      expect(date).toMatch(/^\w+ \d+, \d{4}$/);
      expect(download.suggestedFilename()).toBe('Gatehouse-recovery-codes.txt');

      await page.emulateMedia({ media: 'print' });
      expect((await page.locator('body').innerText()).split('\n').filter(Boolean)).toEqual([
        service,
        email,
        date,
        ...shown,
      ]);
      await page.emulateMedia({ media: 'screen' });
    }

    test('one works at once on a page that stood open for longer than what it asked the browser for', async () => {
      const page = await addPasskey('cleo@example.com');
      // The browser's own offer would be taken before the button is pressed.
      await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = undefined');
      await page.getByRole('link', { name: 'I have kept them' }).click();
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await page.goto(`${app.url}/account`);
      await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();

      app.clock.advance(6 * 60_000);
      await page.evaluate('const now = Date.now; Date.now = () => now() + 6 * 60_000;');
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
      await page.getByRole('heading', { level: 1, name: 'Personal information' }).waitFor();
    }, 60_000);

    test('one is added, named, used to sign in with no address typed, and removed', async () => {
      const page = await addPasskey('ana@example.com');
      await expectKeepable(page, 'ana@example.com');
      await expectAxeClean(page);
      await page.getByRole('link', { name: 'I have kept them' }).click();
      await page.getByRole('heading', { level: 3, name: 'Laptop' }).waitFor();
      await expectAxeClean(page);

      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await page.goto(`${app.url}/account`);
      // The browser's own offer may be faster than a person is with the button.
      await page
        .getByRole('button', { name: 'Sign in with a passkey' })
        .click({ timeout: 5000 })
        .catch(() => undefined);
      await page.getByRole('heading', { level: 1, name: 'Personal information' }).waitFor();

      const { rows } = await app.services.records.events.list('time', 'all', { descending: true });
      expect(rows.some(({ kind }) => kind === 'sign_in.succeeded')).toBe(true);

      await page.goto(app.url + security);
      await page.getByRole('link', { name: 'Rename or remove' }).click();
      await page.getByRole('button', { name: 'Remove' }).click();
      await page.getByText('The passkey is removed').waitFor();
      expect(await page.getByRole('heading', { level: 3, name: 'Laptop' }).count()).toBe(0);
    }, 60_000);
  });
}
