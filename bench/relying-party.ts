import { createHash, randomBytes } from 'node:crypto';

import { openBrowser, type Arrival, type Browser } from './browser.ts';
import type { Answer, Caller } from './load.ts';
import { redirectUri, type Algorithm, type Credentials, type Target } from './target.ts';
import { tokenChecker, type CheckToken } from './tokens.ts';

/** An app that signs people in and asks for tokens, going by the discovery document, and as strict as one should be. */
export interface RelyingParty {
  endpoints: Endpoints;
  checkToken: CheckToken;
  /** The code flow to its end; the person, one at random, signs in when a page asks. */
  signIn(on: Caller, wish: Wish, visitor?: Browser): Promise<Tokens & { nonce: string }>;
  /** A code without a page, from the session that the browser has. */
  silently(on: Caller, wish: Wish, visitor: Browser): Promise<string>;
  tokens(on: Caller, client: Credentials, form: Record<string, string>): Promise<Tokens>;
  checkIdToken(tokens: Tokens, about: { algorithm: Algorithm; client: Credentials; nonce?: string }): void;
}

export interface Endpoints {
  authorization_endpoint: string;
  token_endpoint: string;
  userinfo_endpoint: string;
  introspection_endpoint: string;
  jwks_uri: string;
}

export interface Tokens {
  access_token: string;
  id_token?: string;
  refresh_token?: string;
}

export interface Wish {
  client: Credentials;
  scope: string;
  /** Sent with both requests (RFC 8707). */
  resource?: string;
  prompt?: string;
}

export const discoveryPath = '/.well-known/openid-configuration';

export async function openRelyingParty({ issuer, people }: Target): Promise<RelyingParty> {
  const endpoints = await fetchJson<Endpoints>(`${issuer}${discoveryPath}`);
  const checkToken = tokenChecker(await fetchJson(endpoints.jwks_uri));

  async function tokens(on: Caller, client: Credentials, form: Record<string, string>): Promise<Tokens> {
    const answer = await post(on, endpoints.token_endpoint, { client, form });

    return JSON.parse(answer.body) as Tokens;
  }

  return {
    endpoints,
    checkToken,
    tokens,

    async signIn(on, wish, visitor = openBrowser()) {
      const { url, state, nonce, verifier } = request(endpoints.authorization_endpoint, wish);
      const first = await visitor.open(on, url, redirectUri);
      const last = first.page ? await visitor.fill(on, first.page, { ...draw(people) }, redirectUri) : first;

      const granted = await tokens(on, wish.client, {
        grant_type: 'authorization_code',
        code: codeOf(last, state),
        redirect_uri: redirectUri,
        code_verifier: verifier,
        ...(wish.resource === undefined ? {} : { resource: wish.resource }),
      });

      return { ...granted, nonce };
    },

    async silently(on, wish, visitor) {
      const { url, state } = request(endpoints.authorization_endpoint, { ...wish, prompt: 'none' });

      return codeOf(await visitor.open(on, url, redirectUri), state);
    },

    checkIdToken({ id_token: token, access_token }, { client, ...about }) {
      if (token === undefined) throw new Error('no ID token');

      need(access_token.length > 20, 'an access token');
      checkToken(token, { ...about, issuer, audience: client.id });
    },
  };
}

function request(endpoint: string, { client, scope, resource, prompt }: Wish) {
  const [state, nonce, verifier] = [random(), random(), random()];
  const url = new URL(endpoint);

  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(resource === undefined ? {} : { resource }),
    ...(prompt === undefined ? {} : { prompt }),
  }).toString();

  return { url: url.href, state, nonce, verifier };
}

function codeOf({ address, page }: Arrival, state: string): string {
  if (page) throw new Error(`${page.url} answered ${page.status} and no code: ${page.html.slice(0, 2000)}`);

  const code = address.searchParams.get('code');
  need(address.searchParams.get('state') === state, `the state in ${address.href}`);
  if (code === null) throw new Error(`no code in ${address.href}`);

  return code;
}

/** A form with `client_secret_basic`; throws unless it is answered 200. */
export async function post(
  on: Caller,
  url: string,
  { client, form }: { client: Credentials; form: Record<string, string> },
): Promise<Answer> {
  const answer = await on.send(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(form).toString(),
  });

  return expectOk(answer);
}

export function expectOk(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 2000)}`);

  return answer;
}

export function need(met: boolean, what: string): void {
  if (!met) throw new Error(`the answer lacks ${what}`);
}

export function draw<T>(from: readonly T[]): T {
  const drawn = from[Math.floor(Math.random() * from.length)];
  if (drawn === undefined) throw new Error('nothing to draw from');

  return drawn;
}

async function fetchJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);

  return (await response.json()) as T;
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
