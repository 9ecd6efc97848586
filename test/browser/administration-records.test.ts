import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';

import { openBrowser } from '../support/browser.ts';
import { patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';
import { openAdministration, type AdministrationRoom } from '../support/administration.ts';
import { heading, named, needsOf, press, walks } from './seed-rows.ts';

/** The audit log and the keys as whoever administers meets them. */
for (const walk of walks) {
  describeWith(['chromium', ...needsOf(walk.pair)], `Audit log and keys on ${named(walk)}`, () => {
    let chromium: Chromium;
    let room: AdministrationRoom;

    beforeAll(async () => {
      chromium = await startChromium(walk);
      room = await openAdministration(walk.pair);
    }, patience);

    afterAll(async () => {
      await chromium[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
    });

    async function follow(page: Page, name: string): Promise<void> {
      const link = page.getByRole('link', { name, exact: true }).first();
      await Promise.all([page.waitForEvent('framenavigated'), link.click()]);
      await page.waitForLoadState();
    }

    test(
      'a stranger’s tries are found and taken away as a file; the keys are rotated, and the log says by whom',
      async () => {
        const { app } = room;
        const { browser } = await room.somebody('admin', { email: 'root@example.com' });
        const ana = await app.account({ email: 'ana@example.com' });
        const stranger = openBrowser(app.url);
        await stranger.submit(await stranger.open('/account'), { email: ana.email, password: 'not the right one' });

        // The sign-in is another suite's: this one begins signed in.
        const page = await chromium.open();
        const cookies = await browser.jar.getCookies(app.url);
        await page.context().addCookies(cookies.map(({ key: name, value }) => ({ name, value, url: app.url })));
        await page.goto(`${app.url}/admin`);

        await follow(page, 'Audit log');
        expect(await heading(page)).toBe('Audit log');
        await page.getByLabel('Whose account').fill(ana.email);
        await page.getByLabel('Kind').selectOption('sign_in.failed');
        await press(page, 'Show');
        expect(await page.locator('main .row .title').allInnerTexts()).toEqual(['sign_in.failed']);

        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name: 'Download as CSV' }).click(),
        ]);
        expect(download.suggestedFilename()).toBe('audit.csv');

        await follow(page, 'Verify');
        await press(page, 'Verify now');
        await page.getByText('Everything is as it was sealed').waitFor();

        await follow(page, 'Keys');
        expect(await heading(page)).toBe('Keys');
        await press(page, 'Rotate now');
        await page.getByText('New keys are published and will sign soon.').waitFor();
        await follow(page, 'Change when');
        await follow(page, 'Cancel');
        await follow(page, 'A key leaked');

        await page.goto(`${app.url}/admin/audit?kind=keys.published`);
        expect(await page.locator('main .row').first().innerText()).toContain('root@example.com');

        await follow(page, 'Settings');
        await page.goto(`${app.url}/admin/settings/branding`);
        await page.getByLabel('Name of the service').fill('Northwind');
        await page.getByLabel('Logo', { exact: true }).setInputFiles({
          name: 'logo.svg',
          mimeType: 'image/svg+xml',
          buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'),
        });
        await press(page, 'Preview');
        const logo = page.frameLocator('iframe').first().locator('img').first();
        const isDrawn = (image: object) => 'naturalWidth' in image && Number(image.naturalWidth) > 0;
        expect(await logo.evaluate(isDrawn)).toBe(true);
        await press(page, 'Keep it');
        await page.getByText('The settings are changed').waitFor();
        expect(await page.title()).toContain('Northwind');
      },
      patience,
    );
  });
}
