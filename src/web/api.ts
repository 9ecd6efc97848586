import { Readable } from 'node:stream';

import Router from '@koa/router';
import type { Context, Middleware } from 'koa';

import { RateLimited, TooLarge } from '../domain/errors.ts';
import type { Ephemera } from '../storage/ephemera.ts';
import { arrivalOf, cameFrom } from './arrivals.ts';
import { parametersOf } from './entrance.ts';
import { MethodRefused, type Failures } from './failures.ts';
import { mostBytes, mostOfFiles, parseFields, readBody } from './forms.ts';
import type { Answered, Api, Call, Caller, Endpoint, Refused } from './endpoint.ts';
import { keyPattern, type Idempotency } from './idempotency.ts';
import type { ShownFailure } from './route.ts';

/**
 * The one adapter between an API's list and HTTP. Who asks stands in the `Authorization` header and nowhere else (RFC 6750
 * section 2.1, S42): no cookie means anything here, so no site can ask in somebody's name, and no page of another origin is
 * let in (no CORS). It knows no endpoint.
 */
export interface ApiServing {
  failures: Pick<Failures, 'write'>;
  ephemera: Ephemera;
  idempotency: Idempotency;
  /** Requests of one token or key in `window` seconds. */
  most?: number;
  window?: number;
}

export function serveApi(api: Api, serving: ApiServing): Middleware {
  const router = new Router({ prefix: api.path });
  const methods = Map.groupBy(api.endpoints, ({ path }) => path);

  // The static path before the one with a parameter: what it does not take is refused there.
  for (const [path, endpoints] of [...methods].toSorted(([a], [b]) => parametersIn(a) - parametersIn(b))) {
    for (const endpoint of endpoints) {
      router.register(path, methodsOf(endpoint), (context) => answer(context, endpoint, { api, serving }));
    }

    router.all(path, () => {
      throw new MethodRefused(endpoints.flatMap(methodsOf));
    });
  }

  return router.routes() as unknown as Middleware;
}

function parametersIn(path: string): number {
  return path.split('/:').length;
}

function methodsOf({ method }: Endpoint): string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}

interface Place {
  api: Api;
  serving: ApiServing;
}

async function answer(context: Context, endpoint: Endpoint, { api, serving }: Place): Promise<void> {
  arrivalOf(context.req).route = api.path + endpoint.path;
  context.set('Cache-Control', 'no-store');

  const { failures } = serving;
  const { realm } = api;
  const from = cameFrom(context.req);
  const given = bearerIn(context);
  if (given === undefined) return challenge(context, failures, { realm });

  // First, as long as it may take: what is deleted meanwhile opens nothing any more.
  const sent = await bodyOf(context, endpoint);
  const caller = await api.authorize(given, from);

  if (!caller) return challenge(context, failures, { realm, wrong: invalidToken });
  if ('mistyped' in caller) {
    return challenge(context, failures, { realm, wrong: { ...invalidToken, detail: caller.mistyped } });
  }
  if ('unfit' in caller) return failures.write(context, { status: 403, code: 'forbidden', detail: caller.unfit });
  await limit(caller, serving);
  if (!caller.scopes.includes(endpoint.scope)) {
    return challenge(context, failures, { realm, wrong: insufficientScope(endpoint) });
  }

  const params = parametersOf(context);
  const query = parseFields(context.querystring);
  if ('unread' in sent) return failures.write(context, sent.unread);

  const conditions = conditionsOf(context, endpoint);
  if ('unread' in conditions) return failures.write(context, conditions.unread);

  const { match, idempotencyKey } = conditions;
  const call: Call = {
    params,
    query,
    body: sent.body,
    caller,
    from: { ...from, program: caller.program ?? false },
    ...(match !== undefined && { match }),
  };
  // One caller with fewer scopes must not be answered as it was with more.
  const asking = [caller.id, ...caller.scopes.toSorted()].join(' ');
  const request = { caller: asking, place: `${endpoint.method} ${context.path}`, body: sent.body };
  const done =
    idempotencyKey === undefined
      ? await endpoint.run(call)
      : await serving.idempotency.once(idempotencyKey, request, (once) => endpoint.run({ ...call, once }));

  write(context, endpoint, { done, failures });
}

function write(
  context: Context,
  endpoint: Endpoint,
  { done, failures }: { done: Answered | Refused; failures: ApiServing['failures'] },
): void {
  if ('refused' in done) {
    const { status, ...told } = done.refused;

    return failures.write(context, { status, code: codes[status] ?? 'invalid', ...told });
  }

  if (done.tag !== undefined) context.set('ETag', `"${done.tag}"`);

  if (done.stream) {
    context.type = done.stream.type;
    // Koa hands it on at the pace of whoever asks, and cuts the connection when reading fails.
    context.body = Readable.from(done.stream.text, { highWaterMark: 1 });
  } else if (done.answer === undefined) {
    context.status = 204;
  } else {
    context.status = endpoint.creates ? 201 : 200;
    context.type = 'application/json';
    context.body = JSON.stringify(done.answer);
  }
}

const codes: Partial<Record<Refused['refused']['status'], string>> = {
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  412: 'changed_meanwhile',
};

/** What of the request's header hangs on the endpoint: a version that is named, a name of the request's own. */
function conditionsOf(
  context: Context,
  { versioned, creates, repeatable }: Endpoint,
): { match?: string; idempotencyKey?: string } | { unread: ShownFailure } {
  const unread = (status: number, detail: string) => ({ unread: { status, code: 'invalid', detail } });

  const match = versioned ? /^"([^"]{1,100})"$/.exec(context.get('if-match'))?.[1] : undefined;
  if (versioned && match === undefined) {
    // RFC 6585 section 3
    return unread(428, 'Send the ETag of what you have read in the header If-Match: it may have changed since.');
  }

  const named = match !== undefined && { match };
  const idempotencyKey = context.req.headers['idempotency-key'];
  if (!(creates || repeatable) || idempotencyKey === undefined) return { ...named };

  return typeof idempotencyKey === 'string' && keyPattern.test(idempotencyKey)
    ? { ...named, idempotencyKey }
    : unread(400, 'An Idempotency-Key has 1 to 200 characters of ASCII, without spaces.');
}

/** RFC 6750 section 2.1 */
function bearerIn(context: Context): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(context.get('authorization').slice(0, 4096))?.[1];
}

async function limit({ id }: Caller, { ephemera, most = Infinity, window = 60 }: ApiServing): Promise<void> {
  if ((await ephemera.increment('limit', `api of ${id}`, window)) > most) throw new RateLimited(window);
}

async function bodyOf(
  context: Context,
  { takesBody, large }: Endpoint,
): Promise<{ body: unknown } | { unread: ShownFailure }> {
  if (!takesBody) return { body: undefined };

  if (!/^application\/json(\s*;\s*charset=utf-8)?$/i.test(context.get('content-type'))) {
    return { unread: { status: 415, code: 'invalid', detail: 'The body must be application/json.' } };
  }

  if (!/^(identity)?$/i.test(context.get('content-encoding'))) {
    // RFC 9110 section 12.5.3
    context.set('Accept-Encoding', 'identity');

    return { unread: { status: 415, code: 'invalid', detail: 'The body must be sent as it is, not compressed.' } };
  }

  const most = large ? mostOfFiles : mostBytes;

  try {
    return { body: JSON.parse((await readBody(context.req, most)).toString()) };
  } catch (error) {
    if (error instanceof TooLarge) {
      return { unread: { status: 413, code: 'invalid', detail: `A body may have ${most} bytes at most.` } };
    }

    if (!(error instanceof SyntaxError)) throw error;

    return { unread: { status: 400, code: 'invalid', detail: 'The body is no JSON.' } };
  }
}

interface Challenge {
  status: 401 | 403;
  code: string;
  detail: string;
  scope?: string;
}

/** One answer for everything that could be one: whoever guesses learns nothing. */
const invalidToken: Challenge = {
  status: 401,
  code: 'invalid_token',
  detail: 'The token or API key is not known here, has expired or was revoked, or is for another API.',
};

function insufficientScope({ scope }: Endpoint): Challenge {
  return { status: 403, code: 'insufficient_scope', detail: `This needs the scope ${scope}.`, scope };
}

/** RFC 6750 section 3: an error is named only where something was shown. */
function challenge(
  context: Context,
  { write: answerWith }: Pick<Failures, 'write'>,
  { realm, wrong }: { realm: string; wrong?: Challenge },
): void {
  const { status, code, detail, scope } = wrong ?? {
    status: 401,
    code: 'token_needed',
    detail: 'Send an API key or access token in the header Authorization: Bearer ….',
  };
  const told = wrong && [`error="${code}"`, ...(scope === undefined ? [] : [`scope="${scope}"`])];

  answerWith(context, { status, code, detail });
  context.set('WWW-Authenticate', [`Bearer realm="${realm}"`, ...(told ?? [])].join(', '));
}
