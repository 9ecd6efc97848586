import { generateKeyPairSync } from 'node:crypto';

import Provider, { type Configuration } from 'oidc-provider';

import { apis, apiScope, redirectUri, type Algorithm } from './target.ts';

/**
 * The yardstick: oidc-provider alone on its own memory adapter, as a process of its own. It has no pages: whoever comes
 * is signed in at once. Run as: node bare-server.ts <port> <secret>.
 */
const [port = '', secret = ''] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const app = (algorithm: Algorithm) => ({
  client_id: `bench-${algorithm.toLowerCase()}`,
  client_secret: secret,
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile email offline_access',
  id_token_signed_response_alg: algorithm,
});

const machine = (id: string) => ({
  client_id: id,
  client_secret: secret,
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
});

const configuration: Configuration = {
  clients: [app('RS256'), app('ES256'), machine('bench-machine'), machine('bench-inspector')],
  cookies: { keys: ['not a secret'] },
  jwks: { keys: [privateKey('RS256'), privateKey('ES256')] },
  claims: { openid: ['sub'], profile: ['name', 'locale'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'A person', locale: 'en', email: 'person@bench.example', email_verified: true }),
  }),
  ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 86_400, IdToken: 3600, Interaction: 3600, Session: 86_400 },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => resourceServer(resource),
    },
  },
};

const provider = new Provider(issuer, configuration);

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();

  const { params } = await provider.interactionDetails(ctx.req, ctx.res);
  const accountId = 'a-person';
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addResourceScope(apis.opaque, apiScope);

  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
});

provider.listen(Number(port), '127.0.0.1');

function resourceServer(resource: string) {
  if (resource === apis.opaque) return { scope: apiScope, audience: resource, accessTokenFormat: 'opaque' } as const;

  const alg: Algorithm = resource === apis.RS256 ? 'RS256' : 'ES256';

  return { scope: apiScope, audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg } } } as const;
}

function privateKey(alg: Algorithm) {
  const { privateKey: key } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });

  return { ...key.export({ format: 'jwk' }), alg, use: 'sig', kid: alg };
}
