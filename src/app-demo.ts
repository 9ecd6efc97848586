import { startDemo, type Demo } from './demo/server.ts';
import type { Services } from './services.ts';

/** The part of `app.ts` about the sample app of development mode. */

/**
 * An ordinary client of ours; its secret is a new one at each start, because nobody else has to know it. One that runs
 * beside another node, on a port of its own, is another app: neither takes the other's secret away.
 */
export function openDemo({ config, clients }: Services): Promise<Demo> {
  return startDemo({
    issuer: config.issuer,
    host: config.host,
    port: config.demo.port,
    async register(url) {
      const metadata = {
        client_name: 'Sample app',
        client_uri: url,
        redirect_uris: [`${url}/callback`],
        post_logout_redirect_uris: [`${url}/`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        scope: 'openid profile email offline_access',
        first_party: true,
      };
      const by = { actor: 'command-line' };
      const clientId = `sample-app-${new URL(url).port}`;
      const { secret } = await clients.ensure(clientId, metadata);
      const clientSecret = secret ?? (await clients.rotateSecret(clientId, 0, by))?.secret;

      if (clientSecret === undefined) throw new TypeError('the sample app has no secret');

      return { clientId, clientSecret };
    },
  });
}
