import type { Json } from '../domain/json.ts';
import type { ProtocolRefusal, Rehearsal, RehearsedAnswer, RehearsedTokens } from '../domain/rehearsal.ts';
import type { Exchange, Outcome, ShownFailure } from '../web/route.ts';
import type { OidcDeps, Refusal } from './deps.ts';
import type { FormPostView } from './pages.ts';
import type { OidcInside } from './provider.ts';
import type { Sent } from './rehearsed-browser.ts';
import { routes } from './settings.ts';

/** What the app gets of a rehearsed request: read from the answer as it was written, and redeemed as the app would. */

export interface Answered {
  status: number;
  location?: string;
  body: unknown;
}

/** What the pages would have shown. */
export interface Shown {
  failure?: ShownFailure;
  formPost?: FormPostView;
  refusal?: Refusal;
}

export interface Within {
  oidc: OidcInside;
  records: Pick<OidcDeps['records'], 'accounts'>;
  rehearsal: Rehearsal;
  accountId: string;
  tokens: OidcDeps['config']['tokens'];
}

export interface Walker {
  ask(address: string, sent?: Sent): Promise<Answered>;
  /** Takes a step; answers where it leads. */
  step(work: (exchange: Exchange) => Promise<Outcome>): Promise<string>;
  find<T>(work: (exchange: Exchange) => Promise<T>): Promise<T>;
  shown(): Shown;
}

export async function answerOf(
  within: Within,
  walker: Walker,
  { status, location }: Answered,
): Promise<RehearsedAnswer> {
  const { failure, formPost, refusal } = walker.shown();
  const told = refusal ? refusalOf(refusal) : { error: failure?.code ?? 'server_error' };
  const params = formPost
    ? new Map(formPost.fields.map(({ name, value }) => [name, value] as const))
    : location === undefined
      ? undefined
      : paramsOf(location);

  if (params === undefined) return { kind: 'refused', told: 'person', ...told };

  const error = params.get('error');
  if (error !== undefined) {
    const description = params.get('error_description');

    return { kind: 'refused', told: 'app', error, ...(description !== undefined && { description }) };
  }

  const code = params.get('code');
  const idToken = params.get('id_token');
  if (code !== undefined) return { kind: 'tokens', tokens: await redeemed(within, walker, code) };
  if (idToken !== undefined) return { kind: 'tokens', tokens: { id: readIdToken(idToken) } };
  if (status >= 400) return { kind: 'refused', told: 'person', ...told };

  return { kind: 'signed-in' };
}

/** In the query or, where tokens are answered, the fragment. */
function paramsOf(location: string): Map<string, string> {
  const { search, hash } = new URL(location, 'https://app.invalid');

  return new Map([...new URLSearchParams(search), ...new URLSearchParams(hash.slice(1))]);
}

async function redeemed(
  { oidc, rehearsal, tokens }: Within,
  { ask, shown }: Walker,
  code: string,
): Promise<RehearsedTokens> {
  const { request, secret, verifier } = rehearsal;
  const clientId = request.get('client_id') ?? '';
  const basic = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${secret}`).toString('base64')}`;

  const answered = await ask(routes.token, {
    method: 'POST',
    headers: secret === undefined ? {} : { authorization: basic },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: request.get('redirect_uri') ?? '',
      ...(secret === undefined && { client_id: clientId }),
      ...(verifier !== undefined && { code_verifier: verifier }),
    }).toString(),
  });
  const body = answered.body as Record<string, string | number | undefined> | undefined;
  const { access_token: access, id_token: id, refresh_token: refresh, expires_in: lasts, scope } = body ?? {};

  if (typeof access !== 'string') {
    const { refusal } = shown();

    return { refused: refusal ? refusalOf(refusal) : { error: String(body?.['error'] ?? 'server_error') } };
  }

  const claims = access.split('.').length === 3 ? payloadOf(access) : undefined;
  const audience = claims?.['aud'] ?? (await oidc.provider().AccessToken.find(access))?.aud;
  const userinfo = await ask(routes.userinfo, { headers: { authorization: `Bearer ${access}` } });

  return {
    access: {
      lasts: Number(lasts),
      format: claims ? 'jwt' : 'opaque',
      ...(typeof audience === 'string' && { audience }),
      scopes: String(scope ?? '')
        .split(' ')
        .filter(Boolean),
    },
    ...(refresh !== undefined && {
      refresh: { idle: tokens.refresh_token_idle, absolute: tokens.refresh_token_absolute },
    }),
    ...(typeof id === 'string' && { id: readIdToken(id) }),
    ...(userinfo.status === 200 && {
      // Signed, where the app is registered for that.
      userinfo: typeof userinfo.body === 'string' ? payloadOf(userinfo.body) : (userinfo.body as Record<string, Json>),
    }),
  };
}

function readIdToken(jwt: string): NonNullable<RehearsedTokens['id']> {
  const claims = payloadOf(jwt);
  const header = partOf(jwt, 0);

  return {
    lasts: Number(claims['exp']) - Number(claims['iat']),
    algorithm: textOf(header['alg']),
    claims,
  };
}

/** It was signed a moment ago, here: nothing is to be checked. */
function payloadOf(jwt: string): Record<string, Json> {
  return partOf(jwt, 1);
}

function partOf(jwt: string, index: number): Record<string, Json> {
  return JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString()) as Record<string, Json>;
}

function refusalOf({ error, description }: Refusal): ProtocolRefusal {
  return { error, ...(description !== undefined && { description }) };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
