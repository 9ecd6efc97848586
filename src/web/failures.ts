import { STATUS_CODES, type ServerResponse } from 'node:http';

import type { Context, Middleware } from 'koa';

import { Failure, InMaintenance, Invalid, NotFound, RateLimited, Unavailable } from '../domain/errors.ts';
import type { Answers } from './answers.ts';
import { arrivalOf } from './arrivals.ts';
import { contentSecurityPolicy } from './headers.ts';
import { isMessageKey, sayIn } from './locale.ts';
import type { Log } from './log.ts';
import type { MessageKey, ShownFailure } from './route.ts';
import { show, view } from './route.ts';
import type { Visitors } from './visitors.ts';

/**
 * The only writer of error answers: a page for people, RFC 9457 problem details for programs. What went wrong inside is
 * said to the log, under the reference that the person sees, and to nobody else (S114).
 */
export interface Failures {
  /** Catches everything below it, and answers 404 when nothing below answered. */
  middleware: Middleware;
  write(context: Context, failure: ShownFailure): void;
}

/** RFC 9110 section 15.5.6 */
export class MethodRefused extends Error {
  readonly allowed: readonly string[];

  constructor(allowed: readonly string[]) {
    super('the method is not allowed here');
    this.allowed = allowed;
  }
}

export const failurePage = view<{
  what: string;
  advice: string;
  reference: string;
  /** The error's name in the protocol, for whoever builds the app. */
  code?: string;
  back: { url: string; text: string };
}>('failures/failure', 'door', 'error.title');

export interface FailureDeps {
  answers: Answers;
  visitors: Visitors;
  log: Log;
  home: string;
}

export function createFailures(deps: FailureDeps): Failures {
  const write = (context: Context, failure: ShownFailure): void => {
    clear(context);
    context.status = failure.status;

    const reference = failure.reference ?? arrivalOf(context.req).id;

    if (wantsJson(context)) writeProblem(context, { ...failure, reference });
    else writePage(deps, context, { ...failure, reference });
  };

  return {
    write,

    middleware: async (context, next) => {
      try {
        await next();

        if (context.respond !== false && context.status === 404 && !context.body) throw new NotFound('no such page');
      } catch (error) {
        const failure = describe(error);

        if (failure.status >= 500 && !(error instanceof InMaintenance))
          deps.log.error('failure', { id: arrivalOf(context.req).id, error });

        // The answer has begun: all that is left is to cut it off, so that nobody takes it for whole.
        if (context.headerSent) return void context.res.destroy();

        write(context, failure);
        context.set(headersOf(error));
      }
    },
  };
}

/** For what is refused before there is a context: plain, and the same for everyone. */
export function refuseForeignHost(response: ServerResponse, issuer: string): void {
  const text = `Nothing is served under this name. Please go to ${issuer}\n`;

  response.writeHead(421, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Security-Policy': contentSecurityPolicy(),
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end(text);
}

function describe(error: unknown): ShownFailure {
  if (error instanceof Failure) return { status: error.status, code: error.code };
  if (error instanceof MethodRefused) return { status: 405, code: 'method_not_allowed' };
  if (isLostRequest(error)) return { status: 400, code: new Invalid().code };

  return { status: 500, code: 'unexpected' };
}

/** The browser went away, or sent what the router could not read. */
function isLostRequest(error: unknown): boolean {
  if (!(error instanceof Error)) return false;

  return ('code' in error && error.code === 'ECONNRESET') || ('status' in error && error.status === 400);
}

function headersOf(error: unknown): Record<string, string> {
  if (error instanceof RateLimited || error instanceof Unavailable) return { 'Retry-After': String(error.retryAfter) };
  if (error instanceof MethodRefused) return { Allow: error.allowed.join(', ') };

  return {};
}

/** What a half-made answer left behind. */
function clear(context: Context): void {
  for (const name of ['Location', 'ETag', 'Content-Disposition', 'Content-Encoding', 'Content-Length']) {
    context.remove(name);
  }

  context.set('Cache-Control', 'no-store');
  context.set('Content-Security-Policy', contentSecurityPolicy());
}

/** Where only programs come, whatever their HTTP library says that it accepts. */
const forPrograms = /^\/(api\/(?!reference\/)|oauth\/(token|introspect|revoke|userinfo|jwks)$)/;

/** Where they know one form of errors only (RFC 6749 section 5.2). */
const protocol = /^\/oauth\//;

function wantsJson(context: Context): boolean {
  return forPrograms.test(context.path) || context.accepts('html', 'json') === 'json';
}

/** Where a page speaks of pages and buttons. */
const details: Readonly<Record<string, string>> = {
  not_found: 'Nothing is served at this address.',
  method_not_allowed: 'This address does not take this method: the header Allow says which it takes.',
};

type Referenced = ShownFailure & { reference: string };

function writeProblem(context: Context, failure: Referenced): void {
  const { title } = textsOf(failure);

  if (failure.status === 503 && protocol.test(context.path)) {
    context.body = { error: 'temporarily_unavailable', error_description: 'try again in a moment' };

    return;
  }

  context.type = 'application/problem+json';
  context.body = JSON.stringify({
    type: 'about:blank',
    // RFC 9457 section 4.2.1
    title: STATUS_CODES[failure.status],
    status: failure.status,
    detail: failure.detail ?? details[failure.code] ?? sayIn('en')(title),
    errors: failure.errors,
    code: failure.code,
    reference: failure.reference,
  });
}

function writePage(deps: FailureDeps, context: Context, failure: Referenced): void {
  const { client, reference } = failure;
  const { title, advice } = textsOf(failure);

  try {
    const say = sayIn(deps.visitors.of(context).locale);
    const back =
      client?.uri === undefined
        ? { url: deps.home, text: say('error.back') }
        : { url: client.uri, text: say('error.backToApp', { app: client.name }) };

    const data = {
      what: say(title),
      advice: say(advice),
      reference,
      back,
      ...(isProtocolError(failure) && { code: failure.code }),
    };

    deps.answers.write(context, show(failurePage, data, { status: failure.status }));
  } catch (error) {
    // Even the page about what went wrong went wrong.
    deps.log.error('failure_page', { id: reference, error });
    context.type = 'text';
    context.body = `${sayIn('en')('error.unexpected')}\n${reference}\n`;
  }
}

function isProtocolError({ code }: ShownFailure): boolean {
  return !isMessageKey(`error.${code}`);
}

/** The texts of a code, else of what kind of failure the status says it is. */
function textsOf({ status, code, title, advice }: ShownFailure): { title: MessageKey; advice: MessageKey } {
  const fallback = status >= 500 ? 'unexpected' : 'protocol';
  const named = isMessageKey(`error.${code}`) ? code : fallback;
  const key = (text: string): MessageKey => (isMessageKey(text) ? text : `error.${fallback}`);

  return { title: title ?? key(`error.${named}`), advice: advice ?? key(`error.${named}.advice`) };
}
