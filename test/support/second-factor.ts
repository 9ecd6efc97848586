import type { Browser, Page } from './browser.ts';
import { totpAt } from './totp.ts';

/** Sets up an authenticator app where a sign-in asks for it, as of an administrator, and goes on. */
export async function setUpAuthenticator(browser: Browser, page: Page, now: () => number = Date.now): Promise<Page> {
  const begun = await browser.submit(page, {}, { form: '/set-up/begin' });
  const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
  const codes = await browser.submit(begun, { code: totpAt(secret, now()) });

  return browser.submit(codes, {}, { form: '/go-on' });
}
