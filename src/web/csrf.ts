import type { IncomingMessage } from 'node:http';

import type { Context } from 'koa';

import { newId } from '../domain/ids.ts';
import type { Sealing } from '../storage/sealing.ts';
import { sameText } from '../storage/sealing.ts';
import type { Cookies } from './cookies.ts';

/**
 * A form counts only when the browser that sends it got it from us (S23). The token is a keyed hash of a cookie that
 * every browser has, signed in or not, so that nobody can be signed in to somebody else's account either. Behind it
 * stands whom the form was shown to, so that another tab's sign-in turns it into nobody else's.
 */
export interface Csrf {
  /** The token for a form of this browser, shown to this account; sets the cookie on the first visit. */
  token(context: Context, accountId?: string): string;
  /** Whether this browser got it from us, whoever was signed in then. */
  holds(context: Context, token: string | undefined): boolean;
  /** A name of the account that a form was shown to; '' for nobody in particular. */
  shownTo(token: string | undefined): string;
  nameOf(accountId: string): string;
}

const cookie = 'csrf';

export function createCsrf(cookies: Cookies, sealing: Pick<Sealing, 'keyedHash'>): Csrf {
  const hash = (id: string): string => sealing.keyedHash('csrf', id);
  const nameOf = (accountId: string): string => sealing.keyedHash('csrf-account', accountId);

  return {
    token(context, accountId) {
      const known = (context.state['csrf'] as string | undefined) ?? cookies.get(context, cookie);
      const id = known ?? newId();

      if (known === undefined) cookies.set(context, cookie, id);
      context.state['csrf'] = id;

      return accountId === undefined ? hash(id) : `${hash(id)}.${nameOf(accountId)}`;
    },

    holds(context, token) {
      const id = cookies.get(context, cookie);

      return id !== undefined && token !== undefined && sameText(hash(id), partsOf(token)[0]);
    },

    shownTo: (token = '') => partsOf(token)[1],
    nameOf,
  };
}

function partsOf(token: string): [string, string] {
  const at = token.indexOf('.');

  return at < 0 ? [token, ''] : [token.slice(0, at), token.slice(at + 1)];
}

/**
 * Which site the browser says that a form came from. Our pages send no referrer, for which browsers write `Origin:
 * null`, so Sec-Fetch-Site is asked first (Fetch Metadata section 2.4) and `null` alone says nothing.
 */
export function originOf(request: IncomingMessage, issuer: string): 'ours' | 'foreign' | 'unknown' {
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;

  if (site !== undefined) return site === 'same-origin' || site === 'none' ? 'ours' : 'foreign';
  if (origin === undefined || origin === 'null') return 'unknown';

  return origin === issuer ? 'ours' : 'foreign';
}
