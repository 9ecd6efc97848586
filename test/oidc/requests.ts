import { createHash } from 'node:crypto';

import type { Arrived, Browser } from './browser.ts';
import type { World } from './world.ts';
import { secret } from './world.ts';

const verifier = 'v'.repeat(43);

/** An authorization request of the code flow. The client's redirect URI is `https://<id>.example/cb` unless given. */
export function codeRequest(clientId: string, of: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: `https://${clientId}.example/cb`,
    response_type: 'code',
    scope: 'openid',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 's',
    ...of,
  });

  return `/oauth/authorize?${query.toString()}`;
}

export interface Tokens {
  access_token: string;
  refresh_token?: string;
  id_token: string;
  scope: string;
  error?: string;
}

/** Redeems the code that a flow ended with. */
export async function redeem(world: World, clientId: string, { url }: Arrived): Promise<Tokens> {
  return post<Tokens>(world, '/oauth/token', clientId, {
    grant_type: 'authorization_code',
    code: url.searchParams.get('code') ?? '',
    redirect_uri: `${url.origin}${url.pathname}`,
    code_verifier: verifier,
  });
}

export function refresh(world: World, clientId: string, token: string | undefined): Promise<Tokens> {
  return post<Tokens>(world, '/oauth/token', clientId, { grant_type: 'refresh_token', refresh_token: token ?? '' });
}

export async function isActive(world: World, clientId: string, token: string): Promise<boolean> {
  return (await post<{ active: boolean }>(world, '/oauth/introspect', clientId, { token })).active;
}

export async function userinfo(world: World, token: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${world.origin}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as Record<string, unknown>;
}

async function post<T>(world: World, path: string, clientId: string, form: Record<string, string>): Promise<T> {
  const answer = await fetch(world.origin + path, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  });

  return (await answer.json()) as T;
}

/** Answers the sign-in page that a browser is at. */
export function signIn(browser: Browser, { url }: Arrived, as = 'ana'): Promise<Arrived> {
  return browser.go(url.pathname, { form: { as } });
}

/** Answers the consent page that a browser is at. */
export function allow(browser: Browser, { url }: Arrived, ...ticked: string[]): Promise<Arrived> {
  return browser.go(url.pathname, { form: { tick: ticked } });
}

/** The whole way to the app of a first-party client. */
export async function arrive(browser: Browser, request: string, as = 'ana'): Promise<Arrived> {
  return signIn(browser, await browser.go(request), as);
}

export function hasCode({ url }: Arrived): boolean {
  return url.searchParams.get('code') !== null && url.searchParams.get('state') === 's';
}
