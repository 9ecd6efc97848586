import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { relyingParty, type Person, type RelyingParty } from '../support/relying-party.ts';
import { openPair, type Pair } from '../support/storage.ts';

/** What the tests of the Applications page share: a portal and a payroll that the operator runs, and apps of others. */
export interface ApplicationRoom extends AsyncDisposable {
  app: TestApp;
  portal: RelyingParty;
  payroll: RelyingParty;
  newClient(name: string, more?: object): Promise<RelyingParty>;
  /** A browser in which somebody is signed in, and has used no app. */
  console(person: Person): Promise<Browser>;
}

export const path = '/account/applications';
export const scope = 'openid profile email offline_access';
/** An API with a scope `files:read`. */
export const files = 'https://files.example.com';

const resources = [
  { identifier: files, name: 'Files', scopes: [{ name: 'files:read', description: { en: 'Read your files' } }] },
];

export async function openApplications(pair: Pair): Promise<ApplicationRoom> {
  const running = new AsyncDisposableStack();
  const { env } = running.use(await openPair(pair));
  const app = running.use(await startTestApp({ env, config: JSON.stringify({ resources }) }));
  let clients = 0;

  async function newClient(client_name: string, more: object = {}): Promise<RelyingParty> {
    clients += 1;
    const redirect_uris = [`https://app${clients}.example.net/cb`];

    return relyingParty(app, await app.client('web', { client_name, redirect_uris, resources: [files], ...more }));
  }

  return {
    app,
    portal: await newClient('Portal', { first_party: true, portal: true }),
    payroll: await newClient('Payroll', { first_party: true }),
    newClient,

    async console(person) {
      const browser = openBrowser(app.url);
      await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });

      return browser;
    },

    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export function detailsOf({ clientId }: RelyingParty): string {
  return `${path}/${clientId}`;
}

export function namesOn(page: Page): string[] {
  return [...page.html.matchAll(/<bdi>(.*?)<\/bdi>/g)].map(([, name = '']) => name);
}

export async function isActive({ config }: RelyingParty, token: string): Promise<boolean> {
  return (await oidc.tokenIntrospection(config, token)).active;
}

/** Unticks these boxes of an application's page and saves. */
export function narrow(browser: Browser, page: Page, ...ids: string[]): Promise<Page> {
  return browser.submit(page, Object.fromEntries(ids.map((id) => [`allow ${id}`, undefined])), { button: 'Save' });
}
