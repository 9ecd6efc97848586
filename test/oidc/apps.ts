import { createHash } from 'node:crypto';

import type { Browser } from './browser.ts';
import { secret } from './world.ts';
import type { World } from './world.ts';

/** The apps' side of the protocol, by hand: what a test wants to be wrong can be. */
export interface Apps {
  /** The path of an authorization request with PKCE. */
  request(clientId: string, of?: Fields): string;
  /** Signs `as` in in a new browser, unless one is given that is signed in, and answers the code. */
  code(clientId: string, how?: { of?: Fields; as?: string; browser?: Browser }): Promise<string>;
  redeem(clientId: string, code: string, of?: Fields): Promise<Answer>;
  /** `code`, then `redeem`; the tokens. */
  tokens(clientId: string, how?: { of?: Fields; as?: string; browser?: Browser }): Promise<Tokens>;
  refresh(clientId: string, token: string, of?: Fields): Promise<Answer>;
  /** A POST as an app of ours sends it: authenticated by its secret, by the fields alone with `public`. */
  post(path: string, fields: Fields, how?: How): Promise<Answer>;
  userinfo(token: string, headers?: Record<string, string>): Promise<Answer>;
  introspect(clientId: string, token: string): Promise<Answer>;
}

type Fields = Record<string, string | undefined>;

export interface How {
  as?: string;
  headers?: Record<string, string>;
  secret?: string;
}

export interface Answer {
  status: number;
  json: Record<string, unknown>;
  text: string;
  headers: Headers;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  id_token: string;
  expires_in: number;
}

export const verifier = 'v'.repeat(43);

export function appsOf(world: World): Apps {
  const at = (path: string) => new URL(path, world.origin);

  async function post(path: string, fields: Fields, { as, headers = {}, secret: given = secret }: How = {}) {
    const basic =
      as === undefined ? {} : { authorization: `Basic ${Buffer.from(`${as}:${given}`).toString('base64')}` };
    const given_ = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);

    return answerOf(
      await fetch(at(path), { method: 'POST', body: new URLSearchParams(given_), headers: { ...basic, ...headers } }),
    );
  }

  const apps: Apps = {
    post,

    request: (clientId, of = {}) => {
      const fields = {
        client_id: clientId,
        redirect_uri: `https://${clientId}.example/cb`,
        response_type: 'code',
        scope: 'openid email offline_access',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state: 's',
        nonce: 'n',
        ...of,
      };
      const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);

      return `/oauth/authorize?${new URLSearchParams(given).toString()}`;
    },

    async code(clientId, { of = {}, as = 'ana', browser = world.browser() } = {}) {
      let arrived = await browser.go(apps.request(clientId, of));

      if (arrived.json['at'] === 'sign-in') arrived = await browser.go(arrived.url.pathname, { form: { as } });

      if (arrived.json['at'] === 'consent') {
        const { items } = arrived.json['asked'] as { items: { id: string }[] };
        arrived = await browser.go(arrived.url.pathname, { form: { tick: items.map(({ id }) => id) } });
      }

      const code = arrived.url.searchParams.get('code');
      if (code === null) throw new Error(`no code at ${arrived.url.href} ${arrived.text}`);

      return code;
    },

    redeem: (clientId, code, of = {}) =>
      post(
        '/oauth/token',
        {
          grant_type: 'authorization_code',
          code,
          redirect_uri: `https://${clientId}.example/cb`,
          code_verifier: verifier,
          ...of,
        },
        { as: clientId },
      ),

    async tokens(clientId, how) {
      const { status, json, text } = await apps.redeem(clientId, await apps.code(clientId, how));
      if (status !== 200) throw new Error(text);

      return json as unknown as Tokens;
    },

    refresh: (clientId, token, of = {}) =>
      post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token, ...of }, { as: clientId }),

    userinfo: async (token, headers = {}) =>
      answerOf(await fetch(at('/oauth/userinfo'), { headers: { authorization: `Bearer ${token}`, ...headers } })),

    introspect: (clientId, token) => post('/oauth/introspect', { token }, { as: clientId }),
  };

  return apps;
}

export async function answerOf(answer: Response): Promise<Answer> {
  const text = await answer.text();

  return { status: answer.status, text, json: jsonIn(text), headers: answer.headers };
}

function jsonIn(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The claims of a token; its signature is somebody else's to check. */
export function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** As many of the same at once, barrier-like: all are sent before any is answered. */
export function atOnce<T>(times: number, what: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, what));
}
