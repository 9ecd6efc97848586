import * as oidc from 'openid-client';

import type { Registered } from '../../src/operations/clients.ts';
import type { TestApp } from './app.ts';
import { openBrowser, type Browser, type Page } from './browser.ts';

/**
 * An app that signs its people in, on openid-client, without a server of its own: the browser is followed to the
 * redirect URI, and what came back there is handed to the library.
 *
 *     const app = await relyingParty(gatehouse, registered);
 *     const { tokens } = await app.signIn(ana);           // the whole way: sign-in page, consent, code, tokens
 */
export interface RelyingParty {
  config: oidc.Configuration;
  clientId: string;
  redirectUri: string;
  /** An authorization request with PKCE, state and nonce; `more` adds or replaces parameters (undefined takes one out). */
  request(more?: Record<string, string | undefined>): Promise<Departure>;
  /** Redeems what came back to the redirect URI; `more` goes to the token endpoint beside it. */
  redeem(departure: Departure, arrivedAt: string, more?: Record<string, string>): Promise<Tokens>;
  signIn(person: Person, options?: SignInOptions): Promise<SignedIn>;
}

export type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

export interface Departure {
  url: URL;
  state: string;
  nonce: string;
  verifier: string;
}

export interface Person {
  email: string;
  password: string;
}

export interface SignInOptions {
  browser?: Browser;
  request?: Record<string, string | undefined>;
}

export interface SignedIn {
  browser: Browser;
  departure: Departure;
  /** The redirect URI as it was called. */
  arrivedAt: string;
  tokens: Tokens;
}

export interface RelyingPartyOptions {
  /** How it authenticates; from its metadata unless given. */
  authentication?: oidc.ClientAuth;
  /** How it reaches the issuer; directly unless given. */
  fetch?: typeof globalThis.fetch;
}

export async function relyingParty(
  app: Pick<TestApp, 'url'>,
  { client, secret }: Registered,
  options: RelyingPartyOptions = {},
): Promise<RelyingParty> {
  const [redirectUri = ''] = client.metadata.redirect_uris ?? [];
  const config = await oidc.discovery(
    new URL(app.url),
    client.id,
    // Of the same names on both sides (RFC 7591): what it expects to be signed how is read from there.
    { ...client.metadata } as Partial<oidc.ClientMetadata>,
    options.authentication ?? authenticationOf(client.metadata.token_endpoint_auth_method, secret),
    {
      execute: [oidc.allowInsecureRequests],
      ...(options.fetch && { [oidc.customFetch]: options.fetch as oidc.CustomFetch }),
    },
  );

  const party: RelyingParty = {
    config,
    clientId: client.id,
    redirectUri,

    async request(more = {}) {
      const state = oidc.randomState();
      const nonce = oidc.randomNonce();
      const verifier = oidc.randomPKCECodeVerifier();
      const parameters = {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...more,
      };
      const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);

      return { url: oidc.buildAuthorizationUrl(config, Object.fromEntries(given)), state, nonce, verifier };
    },

    redeem: ({ state, nonce, verifier }, arrivedAt, more) =>
      oidc.authorizationCodeGrant(
        config,
        new URL(arrivedAt),
        { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
        more,
      ),

    async signIn(person, { browser = openBrowser(app.url), request } = {}) {
      const departure = await party.request(request);
      const arrivedAt = await walkThrough(browser, await browser.open(departure.url.href), person);

      return { browser, departure, arrivedAt, tokens: await party.redeem(departure, arrivedAt) };
    },
  };

  return party;
}

function authenticationOf(method: string | undefined, secret: string | undefined): oidc.ClientAuth {
  if (method === 'none' || secret === undefined) return oidc.None();

  return method === 'client_secret_post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
}

/** Does what the pages ask, ticking everything, until the browser leaves for the app; answers where it was sent. */
export async function walkThrough(browser: Browser, page: Page, person: Person): Promise<string> {
  let at = page;

  for (let step = 0; step < 6; step += 1) {
    if (at.location !== undefined) return at.location;

    const path = new URL(at.url).pathname;

    if (path.startsWith('/sign-in/')) {
      at = await browser.submit(at, { email: person.email, password: person.password });
    } else if (path.startsWith('/consent/')) {
      at = await browser.submit(at, tickAll(at), { button: 'Allow' });
    } else {
      break;
    }
  }

  throw new Error(`stuck at ${at.url} (${at.status}): ${at.words}`);
}

/** Every box of the consent page, as a browser would send it ticked. */
export function tickAll(page: Page): Record<string, string> {
  const names = page.forms.flatMap((form) => form.names).filter((name) => name.startsWith('allow '));

  return Object.fromEntries(names.map((name) => [name, 'on']));
}
