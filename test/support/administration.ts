import type { Account, Role } from '../../src/domain/account.ts';
import { adminApiOf, adminScopes, isReading, type AdminScope } from '../../src/domain/admin-api.ts';
import { newId } from '../../src/domain/ids.ts';
import { startTestApp, valueOf, type NewAccount, type TestApp, type TestAppOptions } from './app.ts';
import { openBrowser, type Browser } from './browser.ts';
import { setUpAuthenticator } from './second-factor.ts';
import { openPair, type Pair } from './storage.ts';

/**
 * Those who run an installation, in front of its console and its API:
 *
 *     await using room = await openAdministration('mongo+redis');
 *     const { browser } = await room.somebody('admin');           // signed in, with an authenticator app
 *     await browser.open('/admin');
 *     await room.ask('/self', { key: await room.key(account, ['overview:read']) });
 */
export interface AdministrationRoom extends AsyncDisposable {
  app: TestApp;
  /** Somebody else each time, with this role and an authenticator app, signed in. */
  somebody(role: Role, about?: Partial<NewAccount>): Promise<Administrator>;
  /** A key of the account for the admin API; all that its role allows, unless told otherwise. */
  key(account: Account, scopes?: readonly AdminScope[]): Promise<string>;
  /** Asks the admin API. */
  ask(path: string, options?: Asked): Promise<Answer>;
}

export interface Administrator {
  account: Account & { password: string };
  browser: Browser;
}

export interface Asked {
  key?: string | undefined;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Undefined where there is none, a text where it is no JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what it holds is what is tested
  body: any;
}

export async function openAdministration(pair: Pair, options: TestAppOptions = {}): Promise<AdministrationRoom> {
  const running = new AsyncDisposableStack();
  const { env } = running.use(await openPair(pair));
  const app = running.use(await startTestApp({ ...options, env: { ...env, ...options.env } }));

  return {
    app,

    async somebody(role, about = {}) {
      const made = await app.account(about);
      const account = await app.services.records.accounts.update(made.id, (old) => ({ ...old, roles: [role] }));
      if (!account) throw new Error('no account');

      const browser = openBrowser(app.url);
      const { email, password } = made;
      const asked = await browser.submit(await browser.open('/account'), { email, password });
      const page = await setUpAuthenticator(browser, asked, app.clock.now);
      if (page.status !== 200) throw new Error(`not signed in (${page.status}): ${page.words}`);

      return { account: { ...account, password }, browser };
    },

    async key(account, scopes) {
      const own = adminScopes.filter((scope) => account.roles.includes('admin') || isReading(scope));
      const permissions = (scopes ?? own).map((scope) => ({ audience: adminApiOf(app.url), scope }));
      const input = { name: 'Deploy', permissions, once: newId() };
      const made = await app.services.apiKeys.create(account, input, { actor: account.id });
      if (made === 'made') throw new Error('made before');

      return valueOf(made).key;
    },

    async ask(path, { key, method = 'GET', body, headers = {} } = {}) {
      const answer = await fetch(`${app.url}/api/admin/v1${path}`, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');

      return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
    },

    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
