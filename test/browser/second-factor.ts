import type { Page } from 'playwright-core';

import { totpAt } from '../support/totp.ts';

/** Sets up an authenticator app on the way in, as an administrator has to; answers its secret. */
export async function setUpAuthenticator(page: Page, now: () => number): Promise<string> {
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
  const secret = (await page.locator('.secret').innerText()).replaceAll(/\s/g, '');

  await page.getByLabel('Code', { exact: true }).fill(totpAt(secret, now()));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('button', { name: 'I have kept them' }).click();

  return secret;
}
