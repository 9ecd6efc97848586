import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { TestApp } from '../support/app.ts';

/**
 * A third party's app with an address that a browser can really go to. `/` has the link that begins the sign-in; where
 * it ends, the page says how: "Welcome" with a code, or the error.
 */
export interface Wiki extends AsyncDisposable {
  url: string;
  /** Where its sign-in begins. */
  signInUrl: string;
  clientId: string;
}

export async function openWiki(gatehouse: TestApp, more: Record<string, string> = {}): Promise<Wiki> {
  let signInUrl = '';

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://wiki');
    const words =
      pathname === '/cb'
        ? searchParams.has('code')
          ? 'Welcome to the wiki'
          : `Not signed in: ${searchParams.get('error') ?? 'nothing came back'}`
        : `<a href="${signInUrl.replaceAll('&', '&amp;')}">Sign in</a>`;

    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="en"><title>Wiki</title><main><h1>${words}</h1></main></html>`);
  });

  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));

  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { client } = await gatehouse.client('web', {
    client_name: 'Wiki',
    client_uri: `${url}/`,
    redirect_uris: [`${url}/cb`],
  });

  const request = {
    client_id: client.id,
    redirect_uri: `${url}/cb`,
    response_type: 'code',
    scope: 'openid profile email',
    state: 'a-state-of-the-wiki',
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };

  signInUrl = `${gatehouse.url}/oauth/authorize?${new URLSearchParams(request).toString()}`;

  return {
    url,
    signInUrl,
    clientId: client.id,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
