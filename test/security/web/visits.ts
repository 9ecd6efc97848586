import type { TestApp } from '../../support/app.ts';
import { openBrowser, type Browser, type BrowserSettings, type Page } from '../../support/browser.ts';
import type { Person } from '../../support/relying-party.ts';

/** What the tests of pages share: who is signed in, and an authorization request to begin with. */

/** So many requests of one address are the point. */
export const unlimited = {
  GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '1000000',
  GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '1000000',
};

/** S256 of some verifier: what is tested here never redeems. */
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

export function authorize(clientId: string, redirectUri: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });

  return `/oauth/authorize?${query.toString()}`;
}

export async function signIn(app: TestApp, person: Person, settings: BrowserSettings = {}): Promise<Browser> {
  const browser = openBrowser(app.url, settings);
  const page = await enter(browser, person);

  if (page.status !== 200) throw new Error(`not signed in (${page.status}): ${page.words}`);

  return browser;
}

/** The page after the console's sign-in form was sent. */
export async function enter(browser: Browser, { email, password }: Person): Promise<Page> {
  return browser.submit(await browser.open('/account'), { email, password });
}

/** Whether the console knows who this is. */
export async function isSignedIn(browser: Browser): Promise<boolean> {
  const page = await browser.get('/account/personal-information');

  return page.status === 200;
}

export async function cookie(browser: Browser, at: string, name: string): Promise<string | undefined> {
  const cookies = await browser.jar.getCookies(at);

  return cookies.find(({ key }) => key === name)?.value;
}

export async function sessionsOf(app: TestApp, accountId: string): Promise<number> {
  return app.services.records.sessions.count('account', accountId);
}
