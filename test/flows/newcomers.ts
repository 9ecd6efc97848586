import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { relyingParty, type Departure, type RelyingParty } from '../support/relying-party.ts';

export const password = 'quiet-marble-otter-47-lantern';

export interface At {
  browser: Browser;
  departure: Departure;
  page: Page;
}

/** An app whose people may create their accounts, and where the operator lets them. */
export interface Newcomers extends AsyncDisposable {
  app: TestApp;
  wiki: RelyingParty;
  /** At the form to create an account. */
  atForm(browser?: Browser, more?: Record<string, string>): Promise<At>;
  /** A step further: where the code is typed. */
  begin(email: string, browser?: Browser): Promise<At>;
  /** What was sent to a mailbox last. */
  codeTo(email: string): Promise<string>;
  accountOf(email: string): ReturnType<TestApp['services']['accounts']['findByEmail']>;
}

export async function openToNewcomers(env: Record<string, string> = {}): Promise<Newcomers> {
  const app = await startTestApp({
    config: 'branding: { links: { terms: "https://example.com/terms", privacy: "https://example.com/privacy" } }',
    env: { GATEHOUSE_REGISTRATION_ALLOWED: 'true', GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '100000', ...env },
  });
  const wiki = await relyingParty(
    app,
    await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
  );

  async function atForm(browser = openBrowser(app.url), more: Record<string, string> = {}): Promise<At> {
    const departure = await wiki.request(more);
    const door = await browser.open(departure.url.href);
    const link = /href="(\/sign-in\/[^"]+\/register)"/.exec(door.html)?.[1];
    const page = link === undefined ? door : await browser.open(link);

    return { browser, departure, page };
  }

  return {
    app,
    wiki,
    atForm,
    async begin(email, browser) {
      const at = await atForm(browser);
      const page = await at.browser.submit(at.page, { email, displayName: 'Ada', password });

      return { ...at, page };
    },
    codeTo: async (email) => (await app.mail.to(email, 'verify-email')).code,
    accountOf: (email) => app.services.accounts.findByEmail(email),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

export function confirm({ browser }: Pick<At, 'browser'>, page: Page, code: string): Promise<Page> {
  return browser.submit(page, { code }, { form: '/code' });
}
