import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

import Koa from 'koa';
import type { Context, Middleware } from 'koa';

import type { Clock } from '../domain/clock.ts';
import { createCookieKeys } from '../domain/cookie-keys.ts';
import type { Failure } from '../domain/errors.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createAnswers } from './answers.ts';
import type { Branding } from './answers.ts';
import { brandingFiles, type Uploaded } from './branding.ts';
import { arrivalOf, contextOf, noteArrival } from './arrivals.ts';
import { serveApi } from './api.ts';
import { createAssets } from './assets.ts';
import { createCookies } from './cookies.ts';
import { createCsrf } from './csrf.ts';
import { createDrafts } from './drafts.ts';
import type { Api } from './endpoint.ts';
import { createFailures, refuseForeignHost } from './failures.ts';
import { securityHeaders, setEverywhere } from './headers.ts';
import { createHealth } from './health.ts';
import { createHosts } from './hosts.ts';
import { createIdempotency } from './idempotency.ts';
import { languageRoute } from './languages.ts';
import { limitRequests } from './limit.ts';
import type { Limit } from './limit.ts';
import { createListener, type Listener } from './listener.ts';
import type { Log } from './log.ts';
import { redactPath } from './log.ts';
import { createMetricsEndpoint, routeOf, type Measuring } from './metrics.ts';
import { servePublished, type Published } from './published.ts';
import { createRenderer } from './render.ts';
import type { Console, Exchange, Outcome, Route, ShownFailure } from './route.ts';
import { serveRoutes } from './serve.ts';
import type { Gate } from './entrance.ts';
import { createVisitors } from './visitors.ts';

/**
 * The web: HTTP in, pages and redirects out. It owns Koa, templates, cookies of its own and every error answer; it knows
 * no feature, no protocol library and no store beyond the ports.
 *
 *     const web = createWeb(deps);
 *     web.use(compose(provider.middleware));     // last, after the routes: whatever no route answered
 *     const { port } = await web.listen({ host, port });
 *     await web.close();                          // graceful, at most 10 s
 *
 * A request passes: health, the host check (421), `deps.fast`, assets, then Koa: error answers, security headers,
 * maintenance (503), `around`, limits, the routes, what `use` added, and 404. Forwarded headers are replaced by what was
 * found out, so both `web.koa.proxy` and `provider.proxy` are safely `true`.
 */
export interface WebDeps {
  /** The origin that people and apps reach us at. */
  issuer: string;
  /** `config.proxy.trusted` */
  trustedProxies: readonly string[];
  /** `config.branding`; `logo` and `css` are paths of files. What was handed in goes before. */
  branding: Branding & { uploaded?: Uploaded };
  /** In which times are shown to whoever has chosen none; UTC unless told otherwise. */
  timeZone?: string;
  /** The first signs (the protocol library's cookies); `app.keys`. */
  cookieKeys: readonly string[];
  /** Told the place of the one that has signed or was found to have. */
  cookieKeyUsed?: (at: number) => void;

  clock: Clock;
  log: Log;
  sealing: Sealing;
  ephemera: Ephemera;

  /** Every feature's routes. The static path before the one with a parameter. */
  routes: readonly Route[];
  /** For programs. `most`: requests of one token or key in `window` seconds. */
  apis?: { served: readonly Api[]; most: number; window: number };
  /** The same for everybody, whoever asks. */
  published?: readonly Published[];
  /** The shell's navigation. The first is for pages that are in none. */
  consoles: readonly [Console, ...Console[]];
  /** Where the brand and "back" lead. */
  home: `/${string}`;

  gate: Gate;
  /** Where somebody else listens: whether it is about to end. */
  isLeaving?: () => boolean;
  /** Rejects when something that is needed does not answer; for `/readyz`. */
  ready: () => Promise<void>;

  /** Why no request is answered now (maintenance), whatever it asks for; undefined: all are. */
  closed?: () => Failure | undefined;
  limits?: readonly Limit[];
  /** Folders with further templates (tests have some of their own). */
  furtherViews?: readonly string[];
  /** Around limits, routes and what `use` adds, inside the error answers: what remembers things for one request. */
  around?: Middleware;
  /** Figures of what is answered here. */
  metrics?: Measuring | undefined;
  /** Answers what is prebuilt (discovery, keys) and says whether it did. Called after the host check, before Koa. */
  fast?: (exchange: Exchange) => boolean;
}

export interface Web {
  koa: Koa;
  /** Adds a middleware behind the routes. */
  use(middleware: Middleware): void;
  /** For `node:http`; `listen` uses it. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** Writes an outcome where no route runs: a page that the protocol library asks for in the middle of its work. */
  answer(exchange: Exchange, outcome: Outcome): void;
  showFailure(exchange: Exchange, failure: ShownFailure): void;
  /** `visitor.deviceId`, unless the browser has none yet. */
  browserOf(exchange: Exchange): string | undefined;
  listen: Listener['listen'];
  /** Before `close`, where a proxy has other nodes to turn to. */
  leave: Listener['leave'];
  close: Listener['close'];
}

const views = fileURLToPath(new URL('../../views/', import.meta.url));

export function createWeb(deps: WebDeps): Web {
  const { clock, ephemera, home, issuer, log, sealing } = deps;
  const secure = issuer.startsWith('https:');
  const cookies = createCookies(secure);
  const csrf = createCsrf(cookies, sealing);
  const visitors = createVisitors(cookies);
  const { branding, files } = brandingFiles(deps.branding);
  const assets = createAssets(`${views}assets`, files);

  const answers = createAnswers({
    renderer: createRenderer([views, ...(deps.furtherViews ?? [])]),
    assets,
    cookies,
    csrf,
    visitors,
    clock,
    branding,
    timeZone: deps.timeZone ?? 'UTC',
    consoles: deps.consoles,
    home,
  });

  const failures = createFailures({ answers, visitors, log, home });
  const drafts = createDrafts(ephemera, sealing);
  const idempotency = createIdempotency(ephemera, sealing);
  const routes = [...deps.routes, languageRoute(visitors, home)];
  const serve = { issuer, home, clock, cookies, csrf, visitors, answers, drafts, gate: deps.gate };

  const koa = new Koa({ proxy: true });

  koa.keys = createCookieKeys(deps.cookieKeys, deps.cookieKeyUsed);

  koa.silent = true;
  koa.on('error', (error: unknown) => (isGone(error) ? log.debug('gone', { error }) : log.error('koa', { error })));
  koa.use(remember);
  koa.use(failures.middleware);
  koa.use(securityHeaders());
  if (deps.closed) koa.use(refuseWhile(deps.closed));
  if (deps.around) koa.use(deps.around);
  if (deps.limits?.length) koa.use(limitRequests(deps.limits, ephemera));
  for (const api of deps.apis?.served ?? []) koa.use(serveApi(api, { failures, ephemera, idempotency, ...deps.apis }));
  koa.use(serveRoutes(routes, serve));

  const handler = createHandler(deps, { koa, assets, isLeaving: deps.isLeaving ?? (() => listener.isLeaving) });
  const listener = createListener(handler);

  return {
    koa,
    use: (middleware) => void koa.use(middleware),
    handler,
    answer: (exchange, outcome) => answers.write(contextOf(exchange), outcome),
    showFailure: (exchange, failure) => failures.write(contextOf(exchange), failure),
    browserOf: (exchange) => visitors.deviceOf(contextOf(exchange)),
    listen: listener.listen,
    leave: listener.leave,
    close: listener.close,
  };
}

/** Whoever asked has hung up: nothing of ours went wrong. */
function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';

  return ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code);
}

/** Lets an Exchange find its way back to the context. */
const remember: Middleware = (context, next) => {
  arrivalOf(context.req).context = context as Context;

  return next();
};

/** Health, assets, discovery and keys are answered all the same: they stand before. */
function refuseWhile(closed: () => Failure | undefined): Middleware {
  return (_context, next) => {
    const failure = closed();
    if (failure) throw failure;

    return next();
  };
}

interface Serving {
  koa: Koa;
  assets: ReturnType<typeof createAssets>;
  isLeaving: () => boolean;
}

function createHandler(deps: WebDeps, { koa, assets, isLeaving }: Serving) {
  const hosts = createHosts({ issuer: deps.issuer, trusted: deps.trustedProxies });
  const health = createHealth({ ready: deps.ready, isLeaving, log: deps.log });
  const metrics = createMetricsEndpoint(deps.metrics);
  const secure = deps.issuer.startsWith('https:');
  const published = servePublished(deps.published ?? []);
  let answer: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;

  return (request: IncomingMessage, response: ServerResponse): void => {
    noteArrival(request, response);
    setEverywhere(secure, response);
    response.once('close', () => tellOf(deps, request, response));
    // What was refused before its end goes on arriving: unread, it would hold the connection until its time is over.
    response.once('finish', () => void request.resume());

    if (health(request, response)) return;
    if (!hosts.meansUs(request)) return refuseForeignHost(response, deps.issuer);

    hosts.settle(request);

    if (metrics(request, response)) return;
    if (deps.fast?.({ request, response }) || assets.serve(request, response) || published(request, response)) return;

    // Made at the first request: by then everything behind the routes has been added.
    answer ??= koa.callback();
    void answer(request, response);
  };
}

function tellOf({ log, metrics }: WebDeps, request: IncomingMessage, response: ServerResponse): void {
  const { id, began, route } = arrivalOf(request);
  const milliseconds = performance.now() - began;
  const { method = '' } = request;
  const { statusCode: status } = response;
  const path = redactPath(request.url ?? '');

  metrics?.request({
    method,
    route: routeOf({ route, path: path.split('?', 1)[0] ?? '' }, metrics.places),
    status,
    seconds: milliseconds / 1000,
  });
  log.info('request', {
    id,
    method,
    path: route ?? path,
    status,
    ms: Math.round(milliseconds * 10) / 10,
    ...(!response.writableFinished && { cut: true }),
  });
}
