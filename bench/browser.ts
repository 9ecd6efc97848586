import type { Answer, Caller, Send } from './load.ts';

/**
 * A person's browser as far as signing in needs one: cookies with paths, redirects, and the form on a page. It knows
 * nothing of the protocol; where a redirect chain ends is the caller's business.
 */
export interface Browser {
  /** Requests sent so far. */
  readonly requests: number;
  /** Follows redirects until one leads to an address that starts with `end`; answers that address, or the last page. */
  open(on: Caller, url: string, end: string): Promise<Arrival>;
  /** Sends the page's form that has all the fields of `values`, hidden ones included, and follows as `open` does. */
  fill(on: Caller, page: Page, values: Record<string, string>, end: string): Promise<Arrival>;
}

export interface Page {
  url: string;
  status: number;
  html: string;
}

export type Arrival = { address: URL; page?: never } | { page: Page; address?: never };

interface Way {
  url: string;
  end: string;
}

interface Cookie {
  name: string;
  value: string;
  path: string;
}

const mostRedirects = 10;

export function openBrowser(): Browser {
  const cookies = new Map<string, Cookie>();
  let requests = 0;

  async function follow(on: Caller, { url: first, end }: Way, options: Send = {}): Promise<Arrival> {
    let url = first;
    let send = options;

    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const answer = await request(on, url, send);
      const { location } = answer.headers;

      if (location === undefined) return { page: { url, status: answer.status, html: answer.body } };
      if (location.startsWith(end)) return { address: new URL(location) };

      url = new URL(location, url).href;
      send = {};
    }

    throw new Error(`more than ${mostRedirects} redirects from ${first}`);
  }

  async function request(on: Caller, url: string, options: Send): Promise<Answer> {
    const { pathname } = new URL(url);
    const sent = [...cookies.values()].filter(({ path }) => within(pathname, path));
    const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ');

    requests += 1;
    const answer = await on.send(url, {
      ...options,
      headers: { accept: 'text/html', ...options.headers, ...(cookie === '' ? {} : { cookie }) },
    });

    for (const line of answer.headers['set-cookie'] ?? []) keep(line, pathname);

    return answer;
  }

  function keep(line: string, pathname: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const values = new Map(
      attributes.map((attribute): [string, string] => {
        const [name = '', value = ''] = attribute.split('=', 2);
        return [name.toLowerCase(), value];
      }),
    );

    const cookie = {
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
      path: values.get('path') ?? (pathname.slice(0, pathname.lastIndexOf('/')) || '/'),
    };
    const key = `${cookie.name} ${cookie.path}`;
    const over = Date.parse(values.get('expires') ?? '') <= Date.now() || values.get('max-age') === '0';

    if (over) cookies.delete(key);
    else cookies.set(key, cookie);
  }

  return {
    get requests() {
      return requests;
    },

    open: (on, url, end) => follow(on, { url, end }),

    fill(on, page, values, end) {
      const { action, fields } = formWith(page, Object.keys(values));

      return follow(
        on,
        { url: new URL(action, page.url).href, end },
        {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin },
          body: new URLSearchParams({ ...fields, ...values }).toString(),
        },
      );
    },
  };
}

/** RFC 6265 section 5.1.4 */
function within(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function formWith(
  { url, status, html }: Page,
  names: readonly string[],
): { action: string; fields: Record<string, string> } {
  for (const [, attributes = '', inside = ''] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/gs)].map(([, text = '']) => text);
    const present = new Set(inputs.map((input) => attribute(input, 'name')));
    if (!names.every((name) => present.has(name))) continue;

    const hidden = inputs.filter((input) => attribute(input, 'type') === 'hidden');

    return {
      action: attribute(attributes, 'action') ?? url,
      fields: Object.fromEntries(
        hidden.map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
      ),
    };
  }

  throw new Error(`${url} answered ${status} without a form for ${names.join(' and ')}: ${html.slice(0, 2000)}`);
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

  return value?.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
