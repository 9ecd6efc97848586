import { request as send } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request as sendSecurely } from 'node:https';

import { CookieJar } from 'tough-cookie';

import { formsIn, textOf } from './html.ts';
import type { Form } from './html.ts';

/**
 * A browser without a screen, for tests over HTTP: it keeps cookies, says which site a form comes from, and follows
 * redirects as long as they stay with us. One `Browser` is one person's browser.
 *
 *     const browser = openBrowser('http://localhost:4711');
 *     const page = await browser.open('/account');              // GET, redirects followed
 *     const next = await browser.submit(page, { email: 'a@example.com', password: '…' });   // its form, hidden fields too
 *     expect(next.status).toBe(200);
 *     expect(next.words).toContain('Personal information');
 *
 * `get` and `post` follow nothing; `follow(page)` does. A redirect to another origin ends the following: its address is
 * `page.location`. With `connect`, requests go to that port of 127.0.0.1 whatever the origin says: in plain HTTP, as from
 * the proxy in front of an https issuer, or over TLS to a proxy whose certificate is given.
 */
export interface Browser {
  get(address: string, headers?: Headers): Promise<Page>;
  /** Sends a form from a page of the same origin, without its token unless `fields` has it. */
  post(address: string, fields: Fields | string, headers?: Headers): Promise<Page>;
  /** `get`, then `follow`. */
  open(address: string): Promise<Page>;
  /** Sends the page's form with everything in it, `fields` filled in (undefined takes one out), then `follow`s. */
  submit(page: Page, fields?: Partial<Fields>, options?: SubmitOptions): Promise<Page>;
  follow(page: Page): Promise<Page>;
  /** Any method, any body, nothing added but the cookies. */
  send(method: string, address: string, options?: { headers?: Headers; body?: string | Buffer }): Promise<Page>;
  jar: CookieJar;
}

export interface Page {
  /** Where it was asked for. */
  url: string;
  status: number;
  headers: IncomingHttpHeaders;
  html: string;
  /** What a person reads. */
  words: string;
  /** What stands in `<title>`. */
  title: string;
  forms: Form[];
  /** Where it redirects to, absolute. */
  location?: string;
}

type Fields = Readonly<Record<string, string>>;
type Headers = Readonly<Record<string, string>>;

export interface SubmitOptions {
  /** Part of the form's action, or its place among the page's forms. Unset: the first that has all the fields given. */
  form?: string | number;
  /** Part of the button's text. */
  button?: string;
  follow?: boolean;
}

export interface BrowserSettings {
  /** Sent with every request: `user-agent`, `accept-language`, … */
  headers?: Headers;
  connect?: Connect;
}

export interface Connect {
  port: number;
  /** TLS, and the certificate (PEM) that is trusted. */
  ca?: string;
  /** The address of this machine that the browser stands at, such as 127.0.0.5. */
  from?: string;
}

const mostRedirects = 20;

export function openBrowser(origin: string, settings: BrowserSettings = {}): Browser {
  const jar = new CookieJar(undefined, { allowSpecialUseDomain: true, rejectPublicSuffixes: false });

  const browser: Browser = {
    jar,

    async send(method, address, { headers = {}, body } = {}) {
      const url = new URL(address, origin);
      const cookie = await jar.getCookieString(url.href);

      const page = await exchange(url, settings, {
        method,
        headers: { ...settings.headers, ...(cookie !== '' && { cookie }), ...headers },
        body,
      });

      for (const line of page.headers['set-cookie'] ?? []) await jar.setCookie(line, url.href);

      return page;
    },

    get: (address, headers = {}) =>
      browser.send('GET', address, { headers: { 'sec-fetch-site': 'same-origin', accept: 'text/html', ...headers } }),

    post: (address, fields, headers = {}) =>
      browser.send('POST', address, {
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          origin: 'null',
          accept: 'text/html',
          ...headers,
        },
        body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
      }),

    open: async (address) => browser.follow(await browser.get(address)),

    async submit(page, fields = {}, options = {}) {
      const form = pick(page, fields, options);
      const pressed = form.buttons.find(({ text }) => options.button === undefined || text.includes(options.button));
      const all = { ...form.fields, ...(pressed?.name !== undefined && { [pressed.name]: pressed.value }), ...fields };
      const given = Object.fromEntries(
        Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined),
      );
      const address = new URL(form.action === '' ? page.url : form.action, page.url);

      if (form.method === 'get') address.search = new URLSearchParams(given).toString();

      const answer = form.method === 'get' ? await browser.get(address.href) : await browser.post(address.href, given);

      return options.follow === false ? answer : browser.follow(answer);
    },

    async follow(page) {
      let at = page;

      for (let count = 0; at.location !== undefined && new URL(at.location).origin === origin; count += 1) {
        if (count === mostRedirects) throw new Error(`redirected ${mostRedirects} times, last to ${at.location}`);

        at = await browser.get(at.location);
      }

      return at;
    },
  };

  return browser;
}

function pick(page: Page, fields: Partial<Fields>, { form }: SubmitOptions): Form {
  const found =
    typeof form === 'number'
      ? page.forms[form]
      : page.forms.find(({ action, names }) =>
          form === undefined ? Object.keys(fields).every((name) => names.includes(name)) : action.includes(form),
        );

  if (!found) {
    throw new Error(`no form ${form ?? Object.keys(fields).join(', ')} on ${page.url} (${page.status}): ${page.words}`);
  }

  return found;
}

interface Sent {
  method: string;
  headers: Headers;
  body: string | Buffer | undefined;
}

function exchange(url: URL, settings: BrowserSettings, { method, headers, body }: Sent): Promise<Page> {
  const { promise, resolve, reject } = Promise.withResolvers<Page>();
  const to = destination(url, settings);
  const options = { ...to, method, path: url.pathname + url.search, headers: { host: url.host, ...headers } };
  const request = 'ca' in to ? sendSecurely(options) : send(options);

  request.on('error', reject);
  request.on('response', (response) => {
    const chunks: Buffer[] = [];

    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const html = Buffer.concat(chunks).toString('utf8');
      const { location } = response.headers;

      resolve({
        url: url.href,
        status: response.statusCode ?? 0,
        headers: response.headers,
        html,
        words: textOf(html),
        title: /<title>(.*?)<\/title>/s.exec(html)?.[1] ?? '',
        forms: formsIn(html),
        ...(location !== undefined && { location: new URL(location, url).href }),
      });
    });
  });
  request.end(body);

  return promise;
}

function destination(url: URL, { connect }: BrowserSettings) {
  if (!connect) return { host: url.hostname, port: url.port };

  const { port, ca, from } = connect;

  return {
    host: '127.0.0.1',
    port,
    ...(from !== undefined && { localAddress: from }),
    ...(ca !== undefined && { ca, servername: url.hostname }),
  };
}
