import type { Context } from 'koa';

import { firstLocale } from '../domain/account.ts';
import type { Account, Locale } from '../domain/account.ts';
import { newId } from '../domain/ids.ts';
import { arrivalOf } from './arrivals.ts';
import type { Cookies } from './cookies.ts';
import type { Visitor } from './route.ts';

/** Who is in front of the browser, from the request alone; `account` once a session was looked up. */
export interface Visitors {
  of(context: Context, account?: Account): Visitor;
  /** `deviceId`, without giving the browser one. */
  deviceOf(context: Context): string | undefined;
  /** What the person chose, for every page until they choose again. */
  chooseLocale(context: Context, locale: Locale): void;
}

const aYear = 365 * 24 * 60 * 60;

const languageCookie = 'lang';
const deviceCookie = 'device';

export function createVisitors(cookies: Cookies): Visitors {
  const deviceOf = (context: Context): string | undefined =>
    (context.state['device'] as string | undefined) ?? cookies.get(context, deviceCookie);

  const deviceId = (context: Context): string => {
    const known = deviceOf(context);
    const id = known ?? newId();

    if (known === undefined) cookies.set(context, deviceCookie, id, aYear);
    context.state['device'] = id;

    return id;
  };

  return {
    of(context, account) {
      const chosen = cookies.get(context, languageCookie);

      // The pages before the next sign-in speak the language of the person who was here last.
      if (account && account.locale !== chosen) cookies.set(context, languageCookie, account.locale, aYear);

      return {
        locale: account?.locale ?? chooseLocale(context, chosen),
        ip: context.ip,
        userAgent: context.get('user-agent').slice(0, 500),
        requestId: arrivalOf(context.req).id,
        deviceId: deviceId(context),
      };
    },

    deviceOf,
    chooseLocale: (context, locale) => cookies.set(context, languageCookie, locale, aYear),
  };
}

/** What was chosen here, what the app asks for (OpenID Connect Core 1.0 section 3.1.2.1), what the browser prefers. */
function chooseLocale(context: Context, chosen: string | undefined): Locale {
  const asked = new URLSearchParams(context.querystring).get('ui_locales')?.split(' ') ?? [];

  return firstLocale([chosen ?? '', ...asked, ...preferred(context.get('accept-language'))]) ?? 'en';
}

/** RFC 9110 section 12.5.4: the tags, the most wanted first. */
function preferred(header: string): string[] {
  return header
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)/.exec(parameter)?.[1]).find(Boolean);

      return { tag, quality: Number(quality ?? 1) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}
