import { text } from 'node:stream/consumers';

import Koa from 'koa';

import type { Config } from '../../src/config/schema.ts';
import { createCookieKeys } from '../../src/domain/cookie-keys.ts';
import type { Interactions } from '../../src/oidc/interactions.ts';
import type { Oidc } from '../../src/oidc/provider.ts';
import type { Exchange, Outcome, ShownFailure } from '../../src/web/route.ts';

/** What stands in for the web and the features around the protocol room: the same steps, without pages. */

/** Draws pages, and knows whose context a request has. */
export interface Drawing {
  render(exchange: Exchange, outcome: Outcome): Promise<void>;
  fail(exchange: Exchange, failure: ShownFailure): Promise<void>;
  contexts: WeakMap<object, Koa.Context>;
}

/** Pages as JSON: `{view, data, formAction}` or `{failure}`. */
export function createPages(): Drawing {
  const contexts = new WeakMap<object, Koa.Context>();

  const contextOf = ({ request }: Exchange): Koa.Context => {
    const context = contexts.get(request);
    if (context === undefined) throw new Error('an exchange of nobody');

    return context;
  };

  return {
    contexts,

    async render(exchange, outcome) {
      const context = contextOf(exchange);

      if (outcome.kind === 'to' || outcome.kind === 'leave') {
        context.status = 303;
        context.redirect(outcome.kind === 'to' ? outcome.path : outcome.url);
      } else if (outcome.kind === 'show') {
        context.status = outcome.frame.status ?? 200;
        context.body = { view: outcome.view.name, data: outcome.data, formAction: outcome.frame.formAction };
      }
    },

    async fail(exchange, failure) {
      const context = contextOf(exchange);
      context.status = failure.status;
      context.body = { failure };
    },
  };
}

export function appOf(
  { issuer }: Config,
  { interactions, scope, middleware }: Oidc,
  { cookieKeys, pages, errors }: { cookieKeys: string[]; pages: Drawing; errors: unknown[] },
): Koa {
  const koa = new Koa();

  koa.keys = createCookieKeys(cookieKeys);

  koa.silent = true;
  koa.use(async (context, next) => {
    pages.contexts.set(context.req, context);

    try {
      await next();
    } catch (error) {
      errors.push(error);
      context.status = 500;
      context.body = { thrown: String(error) };
    }
  });
  koa.use(scope as Koa.Middleware);
  koa.use(async (context, next) => {
    const exchange = { request: context.req, response: context.res };
    const url = new URL(context.url, issuer);
    const form = context.method === 'POST' && ours.test(url.pathname) ? await text(context.req) : undefined;
    const outcome = await answerTo(interactions, exchange, {
      url,
      form: form === undefined ? form : new URLSearchParams(form),
    });

    if (outcome === undefined) await next();
    else if ('kind' in outcome) await pages.render(exchange, outcome as Outcome);
    else context.body = outcome;
  });
  koa.use(middleware as Koa.Middleware);

  return koa;
}

const ours = /^\/(?:(sign-in|consent|choose-account)\/([^/]+)(?:\/(\w+))?|account.*|sign-out)$/;

/** What the features do, without pages. */
async function answerTo(
  interactions: Interactions,
  exchange: Exchange,
  { url, form }: { url: URL; form: URLSearchParams | undefined },
): Promise<Outcome | object | undefined> {
  const found = ours.exec(url.pathname);
  if (found === null) return undefined;

  const [path, kind, uid = '', doing] = found;

  if (path === '/account/signed-in') {
    const back = interactions.consoleReturn(url.searchParams.get('state') ?? '');
    return back === undefined ? { query: Object.fromEntries(url.searchParams) } : { kind: 'to', path: back };
  }

  if (path === '/sign-out') {
    await interactions.signOut(exchange);
    return { signedOut: true };
  }

  if (path === '/account/renew') {
    await interactions.renewSession(exchange);
    return { renewed: true };
  }

  if (kind === undefined) {
    const maxAge = url.searchParams.get('max_age');
    const current = await interactions.current(exchange);
    const old =
      maxAge !== null && current !== undefined && Date.now() - current.session.signedInAt > Number(maxAge) * 1000;

    if (current !== undefined && !old) return { current };
    return interactions.consoleSignIn(`${path}${url.search}`, maxAge === null ? {} : { maxAge: Number(maxAge) });
  }

  if (form === undefined) {
    const step = await interactions.find(exchange, uid);
    return { at: kind, step, asked: kind === 'consent' ? await interactions.consentAsked(exchange, uid) : undefined };
  }

  if (doing === 'restart') return (await interactions.restart(uid)) ?? { restarted: false };
  if (doing === 'refuse') return interactions.refused(exchange, uid);
  if (kind === 'consent') return interactions.consented(exchange, uid, form.getAll('tick'));
  if (kind === 'choose-account')
    return interactions.selected(exchange, uid, form.get('choice') as 'current' | 'another');

  return interactions.signedIn(exchange, uid, {
    accountId: form.get('as') ?? '',
    amr: ['pwd'],
    acr: form.get('acr') ?? 'urn:gatehouse:acr:1',
  });
}
