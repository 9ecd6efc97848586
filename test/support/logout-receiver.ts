import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

/**
 * An app's back-channel logout address (OpenID Connect Back-Channel Logout 1.0 section 2.5), which can be down:
 *
 *     await using receiver = await startLogoutReceiver();
 *     app.client('web', { backchannel_logout_uri: receiver.url, … });
 *     await receiver.heard(2);
 */
export interface LogoutReceiver extends AsyncDisposable {
  url: string;
  /** Tokens that came, in their order. */
  tokens: string[];
  /** What it answers from here on; 200 at first. A token that it refuses counts as come. */
  answers: number;
  /** Once so many tokens have come in all. */
  heard(count: number): Promise<void>;
  /** Nobody listens there any more. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startLogoutReceiver(): Promise<LogoutReceiver> {
  const tokens: string[] = [];
  const came = new EventTarget();
  let server: Server | undefined;
  let port = 0;

  async function start(): Promise<void> {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        tokens.push(new URLSearchParams(body).get('logout_token') ?? '');
        response.statusCode = receiver.answers;
        response.end();
        came.dispatchEvent(new Event('token'));
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  async function stop(): Promise<void> {
    const old = server;
    server = undefined;
    old?.closeAllConnections();
    old?.close();
    if (old) await once(old, 'close');
  }

  const receiver: LogoutReceiver = {
    url: '',
    tokens,
    answers: 200,
    start,
    stop,

    async heard(count) {
      const signal = AbortSignal.timeout(10_000);

      while (tokens.length < count) {
        await new Promise((resolve, reject) => {
          came.addEventListener('token', resolve, { once: true });
          signal.addEventListener('abort', () => reject(new Error(`${tokens.length} of ${count} tokens came`)));
        });
      }
    },

    [Symbol.asyncDispose]: stop,
  };

  await start();
  receiver.url = `http://127.0.0.1:${port}/logout`;

  return receiver;
}

/** What a logout token says, checked as section 2.6 of the specification has it. */
export async function readLogoutToken(token: string, of: { issuer: string; audience: string }): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${of.issuer}/oauth/jwks`));
  const { payload } = await jwtVerify(token, keys, {
    ...of,
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'exp', 'jti', 'sub'],
    maxTokenAge: 120,
  });

  if ('nonce' in payload) throw new Error('a logout token has no nonce');
  if (!('http://schemas.openid.net/event/backchannel-logout' in ((payload['events'] ?? {}) as object))) {
    throw new Error('it tells of no logout');
  }

  return payload;
}
