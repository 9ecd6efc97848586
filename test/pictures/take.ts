import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { startTestApp } from '../support/app.ts';
import { found } from '../support/machine.ts';

/**
 * `npm run picture`: the account console as the README shows it, taken from the real app. Run it again after a change of
 * its looks. Needs Chromium.
 */
const picture = fileURLToPath(new URL('account-console.png', import.meta.url));

await using app = await startTestApp();
const ana = await app.account({
  email: 'ana.lindqvist@example.com',
  displayName: 'Ana Lindqvist',
  firstName: 'Ana',
  lastName: 'Lindqvist',
  task: 'Runs the library',
});

await using browser = await chromium.launch({
  executablePath: found('chromium'),
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--font-render-hinting=none'],
});
const page = await browser.newPage({ locale: 'en-GB', colorScheme: 'light', viewport: { width: 1280, height: 800 } });

await page.goto(`${app.url}/account`);
await page.getByLabel('E-mail').fill(ana.email);
await page.getByLabel('Password', { exact: true }).fill(ana.password);
await page.getByRole('button', { name: 'Sign in', exact: true }).click();
await page.getByRole('heading', { level: 1, name: 'Personal information' }).waitFor();
await page.screenshot({ path: picture, fullPage: true });

process.stdout.write(`${picture}\n`);
