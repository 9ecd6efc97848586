import { CookieJar } from 'tough-cookie';

/** Where a chain of redirects ended: a page of ours, or the address of an app, which is not asked. */
export interface Arrived {
  url: URL;
  status: number;
  /** Of a page of ours. */
  text: string;
  json: Record<string, unknown>;
  headers: Headers;
}

export interface Browser {
  jar: CookieJar;
  /** `form`: POST. Cookies are sent as a browser would that came from a page of ours, or from `elsewhere`. */
  go(
    to: string | URL,
    how?: {
      form?: Record<string, string | string[]>;
      from?: 'here' | 'elsewhere';
      /** Stops at the first redirect. */ stop?: boolean;
    },
  ): Promise<Arrived>;
}

const mostHops = 20;

/** A browser without pictures: cookies, redirects, forms. It never leaves `origin`. */
export function createBrowser(origin: string, jar = new CookieJar()): Browser {
  async function ask(url: URL, form: Record<string, string | string[]> | undefined, crossSite: boolean) {
    // SameSite=Lax: sent from another site only where somebody goes there by a link (GET).
    const cookie = crossSite && form !== undefined ? '' : await jar.getCookieString(url.href);

    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }) },
      ...(form === undefined ? {} : { method: 'POST', body: bodyOf(form) }),
    });

    for (const set of answer.headers.getSetCookie()) await jar.setCookie(set, url.href);

    return answer;
  }

  return {
    jar,

    async go(to, { form, from = 'here', stop = false } = {}) {
      let url = new URL(to, origin);
      let body = form;

      for (let hop = 0; hop < mostHops; hop += 1) {
        if (url.origin !== origin) return { url, status: 0, text: '', json: {}, headers: new Headers() };

        const answer = await ask(url, body, from === 'elsewhere');
        const location = answer.headers.get('location');
        const text = await answer.text();

        if (location === null) {
          return { url, status: answer.status, text, json: jsonIn(text), headers: answer.headers };
        }

        if (stop)
          return { url: new URL(location, url), status: answer.status, text: '', json: {}, headers: answer.headers };

        if (answer.status !== 303) throw new Error(`${url.pathname} redirects with ${answer.status}`);

        url = new URL(location, url);
        body = undefined;
      }

      throw new Error(`too many redirects: ${url.href}`);
    },
  };
}

function bodyOf(form: Record<string, string | string[]>): URLSearchParams {
  return new URLSearchParams(
    Object.entries(form).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
  );
}

function jsonIn(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
