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
  /** What the app asks for in this address (`ui_locales`) holds for every page below `place`. */
  keepAsked(context: Context, place: string): void;
}

const aYear = 365 * 24 * 60 * 60;

const languageCookie = 'lang';
const deviceCookie = 'device';
const askedCookie = 'ui-locale';

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
        locale: account?.locale ?? chooseLocale(context, chosen, cookies.getBelow(context, askedCookie)),
        ip: context.ip,
        userAgent: context.get('user-agent').slice(0, 500),
        requestId: arrivalOf(context.req).id,
        deviceId: deviceId(context),
      };
    },

    deviceOf,
    chooseLocale: (context, locale) => cookies.set(context, languageCookie, locale, aYear),

    keepAsked(context, place) {
      const locale = firstLocale(askedIn(context));

      if (locale && locale !== cookies.getBelow(context, askedCookie)) {
        cookies.setBelow(context, place, { name: askedCookie, value: locale });
      }
    },
  };
}

/** What was chosen here, what the app asks for, what the browser prefers. */
function chooseLocale(context: Context, chosen: string | undefined, asked: string | undefined): Locale {
  const tags = [chosen ?? '', ...askedIn(context), asked ?? '', ...preferred(context.get('accept-language'))];

  return firstLocale(tags) ?? 'en';
}

/** OpenID Connect Core 1.0 section 3.1.2.1: `ui_locales`, the most wanted first. */
function askedIn(context: Context): string[] {
  return new URLSearchParams(context.querystring).get('ui_locales')?.split(' ') ?? [];
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
