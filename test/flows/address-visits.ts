import type { Account } from '../../src/domain/account.ts';
import type { TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';

export const personal = '/account/personal-information';

export interface Person {
  id: string;
  email: string;
  password: string;
}

export type AddressVisits = ReturnType<typeof addressVisits>;

/** What people do in the console about their address. */
export function addressVisits(app: TestApp) {
  async function inConsole({ email, password }: Pick<Person, 'email' | 'password'>): Promise<Browser> {
    const browser = openBrowser(app.url);
    const page = await browser.submit(await browser.open('/account'), { email, password });
    if (new URL(page.url).pathname !== personal) throw new Error(`not signed in: ${page.words}`);

    return browser;
  }

  async function ask(browser: Browser, email: string): Promise<Page> {
    return browser.submit(await browser.open(`${personal}/email`), { email });
  }

  /** Changes it; answers the page behind it. */
  async function change(browser: Browser, email: string): Promise<Page> {
    const page = await ask(browser, email);

    return browser.submit(page, { code: (await app.mail.to(email, 'change-email-code')).code });
  }

  async function stored(id: string): Promise<Account> {
    const account = await app.services.accounts.get(id);
    if (!account) throw new Error('the account is gone');

    return account;
  }

  /** The templates of what was written to an address, oldest first. */
  const textsTo = async (email: string) => (await app.mail.allTo(email)).map(({ template }) => template);

  return { inConsole, ask, change, stored, textsTo };
}
