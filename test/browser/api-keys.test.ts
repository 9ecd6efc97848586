import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { expectAxeClean, expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { givePassword, heading, named, needsOf, openOn, press, walks, type WalkedHouse } from './seed-rows.ts';

const place = '/account/api-keys';

/**
 * What people can do in another console about their authentication keys, as a person would: add one, up to five of them;
 * copy; delete.
 */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `authentication keys on ${named(walk)}`, () => {
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

    const status = async (key: string): Promise<number> => {
      const headers = { authorization: `Bearer ${key}` };

      return (await fetch(`${house.app.url}/api/account/v1/profile`, { headers })).status;
    };

    test(
      'Manage authentication key: add one, copy it, use it, copy its identifier, delete it',
      async () => {
        const ana = await house.app.account();
        const page = await chromium.open(walk.scripts ? { permissions: ['clipboard-read', 'clipboard-write'] } : {});
        const copied = () => page.evaluate('navigator.clipboard.readText()');
        await page.goto(`${house.app.url}/account`);
        await givePassword(page, ana.email);

        await page.getByRole('link', { name: 'API keys' }).click();
        expect(await heading(page)).toBe('API keys');
        await expectAxeClean(page);

        await page.getByRole('link', { name: 'Add API key' }).click();
        expect(await heading(page)).toBe('Add an API key');
        await expectAxeClean(page);
        await page.getByLabel('Name', { exact: true }).fill('Nightly backup');
        await press(page, 'Add API key');
        await page.getByText('Choose at least one permission.').first().waitFor();
        await page.getByLabel('See your names, e-mail address, phone number, task and language').check();
        await press(page, 'Add API key');

        expect(await heading(page)).toBe('Keep your new API key');
        await expectAxeClean(page);
        const key = (await page.locator('code.secret').textContent()) ?? '';
        expect(await status(key)).toBe(200);

        if (walk.scripts) {
          await page.getByRole('button', { name: 'Copy' }).click();
          await page.getByRole('button', { name: 'Copied' }).waitFor();
          expect(await copied()).toBe(key);
        }

        await page.getByRole('link', { name: 'I have kept it' }).click();
        expect(await page.content()).not.toContain(key);
        await page.getByText('1 of 5').waitFor();
        await expectAxeClean(page);

        if (walk.scripts) {
          await expectPresentable(page, 'api-keys');
          await page.getByRole('button', { name: 'Copy identifier' }).click();
          await page.getByRole('button', { name: 'Copied' }).waitFor();
          expect(await copied()).toMatch(/^[\w-]{22}$/);
        }

        await page.getByRole('link', { name: 'Devices' }).click();
        await page.getByText('2 things can act for you.').waitFor();
        await page.locator('.row', { hasText: 'Nightly backup' }).getByRole('link', { name: 'Delete' }).click();
        expect(await heading(page)).toBe('Delete the API key “Nightly backup”?');
        await expectAxeClean(page);
        await press(page, 'Delete key');

        expect(new URL(page.url()).pathname).toBe(place);
        await page.getByText('The API key is deleted.').waitFor();
        expect(await status(key)).toBe(401);
      },
      patience,
    );
  });
}
