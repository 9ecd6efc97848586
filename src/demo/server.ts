import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type * as OpenIdClient from 'openid-client';

import { newSecret } from '../domain/ids.ts';
import { failurePage, homePage, type SampleSession, style, welcomePage } from './pages.ts';

/**
 * The sample app of development mode: an ordinary relying party on a port of its own. It owns its pages and its own
 * browser sessions and knows Gatehouse only as any app does: by its issuer, a client id and a secret.
 */
export interface DemoOptions {
  issuer: string;
  host: string;
  port: number;
  /** Registers the app at `url` and answers what it authenticates with. */
  register(url: string): Promise<{ clientId: string; clientSecret: string }>;
}

export interface Demo extends AsyncDisposable {
  url: string;
}

/** What is kept between leaving for sign-in and coming back (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636). */
interface Departure {
  state: string;
  nonce: string;
  verifier: string;
}

interface Visit {
  departure?: Departure;
  session?: SampleSession;
}

const cookieName = 'sample_app';
const mostVisits = 1000;

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const oidc = await import('openid-client');
  const visits = new Map<string, Visit>();
  let discovered: Promise<OpenIdClient.Configuration> | undefined;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      send(response, 502, failurePage(error instanceof Error ? error.message : 'unknown failure'));
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });

  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { clientId, clientSecret } = await options.register(url);

  /** Kept once it worked; a failure is tried again with the next request. */
  function relyingParty(): Promise<OpenIdClient.Configuration> {
    discovered ??= oidc
      .discovery(
        new URL(options.issuer),
        clientId,
        clientSecret,
        oidc.ClientSecretBasic(clientSecret),
        options.issuer.startsWith('http:') ? { execute: [oidc.allowInsecureRequests] } : undefined,
      )
      .catch((error: unknown) => {
        discovered = undefined;
        throw error;
      });

    return discovered;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new URL(request.url ?? '/', url);
    const visit = visitOf(request, response);

    switch (`${request.method} ${at.pathname}`) {
      case 'GET /':
        return send(
          response,
          200,
          visit.session ? homePage(visit.session, options.issuer) : welcomePage(options.issuer),
        );
      case 'GET /style.css':
        return send(response, 200, style, 'text/css; charset=utf-8');
      case 'POST /sign-in':
        return redirect(response, await depart(visit));
      case 'GET /callback':
        await arrive(visit, at);
        return redirect(response, '/');
      case 'POST /refresh':
        await refresh(visit);
        return redirect(response, '/');
      case 'POST /sign-out':
        return redirect(response, await signOut(visit));
      default:
        return send(response, 404, failurePage('There is no such page in the sample app.'));
    }
  }

  function visitOf(request: IncomingMessage, response: ServerResponse): Visit {
    const id = /(?:^|;\s*)sample_app=([\w-]{43})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1];
    const known = id === undefined ? undefined : visits.get(id);

    if (known) {
      return known;
    }

    const fresh: Visit = {};
    const name = newSecret();
    const oldest = visits.size >= mostVisits ? visits.keys().next().value : undefined;

    if (oldest !== undefined) {
      visits.delete(oldest);
    }

    visits.set(name, fresh);
    response.setHeader('Set-Cookie', `${cookieName}=${name}; HttpOnly; SameSite=Lax; Path=/`);

    return fresh;
  }

  async function depart(visit: Visit): Promise<string> {
    const config = await relyingParty();
    const departure = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
    visit.departure = departure;

    return oidc.buildAuthorizationUrl(config, {
      redirect_uri: `${url}/callback`,
      scope: 'openid profile email offline_access',
      state: departure.state,
      nonce: departure.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(departure.verifier),
      code_challenge_method: 'S256',
    }).href;
  }

  async function arrive(visit: Visit, at: URL): Promise<void> {
    const { departure } = visit;

    if (!departure) {
      throw new Error(
        'This browser has not begun to sign in, or has come back twice. Start again from the first page.',
      );
    }

    delete visit.departure;
    const config = await relyingParty();
    const tokens = await oidc.authorizationCodeGrant(config, at, {
      expectedState: departure.state,
      expectedNonce: departure.nonce,
      pkceCodeVerifier: departure.verifier,
    });

    await keep(visit, tokens);
  }

  async function keep(
    visit: Visit,
    tokens: OpenIdClient.TokenEndpointResponse & OpenIdClient.TokenEndpointResponseHelpers,
  ) {
    const config = await relyingParty();
    const claims = tokens.claims() ?? visit.session?.claims;

    if (!claims) {
      throw new Error('The answer held no ID token.');
    }

    visit.session = {
      claims,
      idToken: tokens.id_token ?? visit.session?.idToken ?? '',
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? visit.session?.refreshToken,
      userinfo: await oidc.fetchUserInfo(config, tokens.access_token, claims.sub),
      refreshedAt: visit.session ? Date.now() : undefined,
    };
  }

  /** A refresh that is refused means that the access was taken away: the sample app then forgets its session. */
  async function refresh(visit: Visit): Promise<void> {
    const token = visit.session?.refreshToken;

    if (token === undefined) {
      return;
    }

    try {
      await keep(visit, await oidc.refreshTokenGrant(await relyingParty(), token));
    } catch (error) {
      delete visit.session;
      throw error;
    }
  }

  /** The refresh token was for the time away: whoever signs out of the app does not want that any more (RFC 7009). */
  async function signOut(visit: Visit): Promise<string> {
    const { session } = visit;
    delete visit.session;

    if (session === undefined) {
      return '/';
    }

    const config = await relyingParty();

    if (session.refreshToken !== undefined) {
      await oidc.tokenRevocation(config, session.refreshToken, { token_type_hint: 'refresh_token' });
    }

    return oidc.buildEndSessionUrl(config, {
      id_token_hint: session.idToken,
      post_logout_redirect_uri: `${url}/`,
    }).href;
  }

  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, status: number, body: string, type = 'text/html; charset=utf-8'): void {
  response
    .writeHead(status, {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; form-action 'self' http: https:; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    })
    .end(body);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { Location: location, 'Cache-Control': 'no-store' }).end();
}
