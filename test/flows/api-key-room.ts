import * as oidc from 'openid-client';

import type { ApiKey } from '../../src/domain/api-key.ts';
import { signIn } from '../security/web/visits.ts';
import { startTestApp, valueOf, type NewAccount, type TestApp } from '../support/app.ts';
import type { Browser, Page } from '../support/browser.ts';
import { unescapeHtml } from '../support/html.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { openPair, type Pair } from '../support/storage.ts';

/** What the tests of API keys share: an API of the operator's that asks about them, and one that is another's. */
export interface ApiKeyRoom extends AsyncDisposable {
  app: TestApp;
  /** As which the API asks. */
  orders: RelyingParty;
  stock: RelyingParty;
  /** Adds a key as a person does; answers it as it is shown. */
  add(browser: Browser, about?: NewKey): Promise<string>;
  signIn(person: { email: string; password: string }): Promise<Browser>;
  /** Somebody else each time, signed in. */
  ana(about?: Partial<NewAccount>): Promise<{ account: Awaited<ReturnType<TestApp['account']>>; browser: Browser }>;
  rowsOf(accountId: string): Promise<ApiKey[]>;
  /** Asks the account API. */
  ask(path: string, options?: Asked): Promise<Answer>;
}

export interface NewKey {
  name?: string;
  /** Permissions, in words. */
  may?: readonly string[];
  lives?: string;
}

interface Asked {
  key?: string | undefined;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, never> & { detail?: string; errors?: unknown };
}

export const path = '/account/api-keys';
export const ordersApi = 'https://orders.example.com';
export const seeProfile = 'See your names, e-mail address, phone number, task and language';

const apiOf = (identifier: string, name: string, words: string) => ({
  identifier,
  name,
  scopes: [{ name: 'read', description: { en: words } }, { name: 'write' }],
  key_scopes: ['read'],
  introspected_by: [name.toLowerCase()],
});

const resources = [
  apiOf(ordersApi, 'Orders', 'Read your orders'),
  apiOf('https://stock.example.com', 'Stock', 'Read the stock'),
];

export async function openApiKeys(pair: Pair): Promise<ApiKeyRoom> {
  const running = new AsyncDisposableStack();
  const { env } = running.use(await openPair(pair));
  const app = running.use(await startTestApp({ env, config: JSON.stringify({ resources }) }));

  async function asks(id: string): Promise<RelyingParty> {
    const made = await app.services.clients.create(
      { client_name: id },
      { actor: 'command-line' },
      { kind: 'machine', id },
    );

    return relyingParty(app, valueOf(made));
  }

  let people = 0;

  return {
    app,

    async ana(about = {}) {
      const account = await app.account({ email: `ana${(people += 1)}@example.com`, ...about });

      return { account, browser: await signIn(app, account) };
    },

    rowsOf: async (accountId) => (await app.services.records.apiKeys.list('account', accountId)).rows,

    orders: await asks('orders'),
    stock: await asks('stock'),
    signIn: (person) => signIn(app, person),

    async add(browser, about) {
      const page = await addOn(browser, about);
      const [, key] = /<code class="secret" id="key">(\w+)<\/code>/.exec(page.html) ?? [];
      if (key === undefined) throw new Error(`no key: ${page.words}`);

      return key;
    },

    async ask(place, { key, method = 'GET', body, headers = {} } = {}) {
      const answer = await fetch(`${app.url}/api/account/v1${place}`, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();

      return {
        status: answer.status,
        headers: answer.headers,
        body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
      };
    },

    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Fills in the form and sends it. */
export async function addOn(
  browser: Browser,
  { name = 'Backup', may = [seeProfile], lives }: NewKey = {},
): Promise<Page> {
  const page = await browser.open(`${path}/new`);
  const ticked = may.map((words) => [fieldOf(page, words), 'on']);

  return browser.submit(page, { name, ...(lives !== undefined && { lives }), ...Object.fromEntries(ticked) });
}

function fieldOf({ html }: Page, words: string): string {
  const labels = [...html.matchAll(/<label for="field-(may-[\w-]+)">([^<]*)<\/label>/g)];
  const [, field] = labels.find(([, , text = '']) => unescapeHtml(text) === words) ?? [];
  if (field === undefined) throw new Error(`no permission ${words}`);

  return field;
}

/** What an API learns of a key. */
export async function told({ config }: RelyingParty, key: string): Promise<oidc.IntrospectionResponse> {
  return oidc.tokenIntrospection(config, key);
}
