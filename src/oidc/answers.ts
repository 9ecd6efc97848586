import { errors } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import { Unavailable } from '../domain/errors.ts';
import type { Inside } from './deps.ts';
import type { ProtocolPages } from './pages.ts';
import { getInsteadOfPost } from './posts.ts';
import { readRequestAhead } from './ahead.ts';
import { answerPrograms } from './for-programs.ts';
import { tellRefusal } from './refusals.ts';
import { endedByNewPassword, onlyWhereProved } from './resumption.ts';
import type { UnitOfWork } from './request.ts';
import { routes } from './settings.ts';

type Middleware = Provider['middleware'][number];
type Context = Parameters<Middleware>[0];

/** The library between the web and the store: what a request means before it, and what is mended in its answer after. */
export interface Answers {
  scope: Middleware;
  middleware: Middleware;
  /** The library's own chain, with the request's address settled. */
  run(provider: Provider, ctx: Context, next?: () => Promise<unknown>): Promise<void>;
}

export interface AnswerDeps extends Pick<
  Inside,
  'config' | 'provider' | 'records' | 'units' | 'endings' | 'clientOf' | 'originOf' | 'onRefused' | 'browserOf'
> {
  pages: Pick<ProtocolPages, 'middleware'>;
}

export function createAnswers(deps: AnswerDeps): Answers {
  const { config, provider, originOf, units, pages } = deps;
  const settle = settleAddress(config.issuer);
  const getFirst = getInsteadOfPost([routes.authorization, routes.end_session]);
  const whereProved = onlyWhereProved(deps);

  async function run(library: Provider, ctx: Context, next: () => Promise<unknown> = async () => undefined) {
    settle(ctx);
    await chain(library.middleware, ctx, next);
  }

  async function answer(unit: UnitOfWork, ctx: Context, next: () => Promise<unknown>): Promise<void> {
    const library = provider();

    const proved = () => whereProved(ctx as KoaContextWithOIDC, () => run(library, ctx, next));
    const asGet = () => getFirst(ctx as KoaContextWithOIDC, proved);
    await pages.middleware(ctx as KoaContextWithOIDC, asGet);

    const { oidc } = ctx as { oidc?: KoaContextWithOIDC['oidc'] };
    if (oidc === undefined) return;

    try {
      // It is refused below: what it has queued is as little to be had.
      if (unit.notes.failure !== undefined) unit.giveUp(unit.notes.failure);
      else await unit.flush();
    } catch (error) {
      if (error instanceof errors.OIDCProviderError) refuseLate(library, ctx, error);
      else unit.notes.failure ??= error;
    }

    const { refused, failure } = unit.notes;
    if (failure !== undefined) return refuse(ctx, oidc.route, failure);
    if (refused !== undefined) tellRefusal(deps, ctx as KoaContextWithOIDC, refused);

    const [ended] = await Promise.all([endedByNewPassword(deps, unit, oidc.session?.uid), unit.notes.lookAgain?.()]);
    if (ended) {
      ctx.redirect(ended.step);
      ctx.status = 303;
      ctx.body = '';
    }

    if (ended || unit.notes.cookie !== undefined) withoutCookie(ctx, library.cookieName('session'));
    if (ctx.get('Origin') === 'null') withoutCors(ctx);
    // RFC 7009 section 2.2: nothing is said, so it has no type; a client choked on `text/plain`.
    if (oidc.route === 'revocation' && ctx.status === 200) ctx.remove('Content-Type');
  }

  return {
    run,

    scope: (ctx, next) =>
      units.open(originOf(ctx.req), (unit) => {
        readRequestAhead({ unit, clientOf: deps.clientOf }, provider(), ctx);

        return next();
      }),

    middleware(ctx, next) {
      const unit = units.current();

      return answerPrograms(ctx as KoaContextWithOIDC, () =>
        unit ? answer(unit, ctx, next) : units.open(originOf(ctx.req), (own) => answer(own, ctx, next)),
      );
    },
  };
}

/**
 * The library builds addresses and cookies from what the request says of itself. It is told what the issuer says: the
 * same under every Host, forwarded header and form of target (S38, S48, S58).
 */
function settleAddress(issuer: string): (ctx: Context) => void {
  const { protocol, host, hostname, origin } = new URL(issuer);
  const settled = { protocol: protocol.slice(0, -1), secure: protocol === 'https:', host, hostname, origin };

  const constants = Object.fromEntries(
    Object.entries(settled).map(([name, value]) => [name, { value, configurable: true }]),
  );

  return ({ request }) => {
    const path = request.originalUrl.startsWith('/') ? request.originalUrl : request.url;

    Object.defineProperties(request, { ...constants, href: { value: origin + path, configurable: true } });
  };
}

function chain(middleware: readonly Middleware[], ctx: Context, next: () => Promise<unknown>): Promise<unknown> {
  const run = async (index: number): Promise<unknown> => {
    const one = middleware[index];

    return one ? one(ctx, () => run(index + 1)) : next();
  };

  return run(0);
}

/** What decided about a token request came to nothing: another one was first. Answered as the library refuses. */
function refuseLate(library: Provider, ctx: Context, error: errors.OIDCProviderError): void {
  const { statusCode, error: code, error_description: description } = error;

  ctx.status = statusCode;
  ctx.body = { error: code, error_description: description };
  library.emit('grant.error', ctx as KoaContextWithOIDC, error);
}

/** Nothing fails open, and nothing that was not written is promised (S115). */
function refuse(ctx: Context, route: string, failure: unknown): void {
  ctx.remove('Set-Cookie');
  ctx.remove('Location');

  const forPeople = route === 'authorization' || route === 'resume' || route.startsWith('end_session');
  if (forPeople || !(failure instanceof Unavailable)) throw failure;

  ctx.status = 503;
  ctx.set('Retry-After', String(failure.retryAfter));
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { error: 'temporarily_unavailable', error_description: 'try again in a moment' };
}

function withoutCookie(ctx: Context, name: string): void {
  const kept = [ctx.response.get('Set-Cookie')]
    .flat()
    .filter((cookie) => cookie !== '' && !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`));

  if (kept.length > 0) ctx.set('Set-Cookie', kept);
  else ctx.remove('Set-Cookie');
}

function withoutCors(ctx: Context): void {
  for (const header of Object.keys(ctx.response.headers)) {
    if (header.startsWith('access-control-')) ctx.remove(header);
  }
}
