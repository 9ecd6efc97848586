import { errors } from 'oidc-provider';
import type {
  Client,
  ClientCredentials,
  AccessToken,
  KoaContextWithOIDC,
  RefreshToken,
  ResourceServer,
} from 'oidc-provider';

import type { Config } from '../config/schema.ts';
import { apiKeyClientId } from '../domain/api-key.ts';

type Resources = Config['apis'];

/** The setting `getResourceServerInfo` (RFC 8707): an API that is registered, for a client that may ask for it. */
export function createResourceServers(resources: Resources) {
  return (_ctx: KoaContextWithOIDC, indicator: string, client: Client): ResourceServer => {
    const api = resources.find(({ identifier }) => identifier === indicator);
    const allowed = client['resources'];

    if (!api || !Array.isArray(allowed) || !allowed.includes(indicator)) {
      throw new errors.InvalidTarget('the client may not ask for tokens for this resource');
    }

    const scopes = client['api_scopes'];
    const names = api.scopes.map(({ name }) => name);

    return {
      // A client that names scopes may ask for those alone (RFC 7591 section 2).
      scope: names.filter((name) => !Array.isArray(scopes) || scopes.includes(name)).join(' '),
      audience: api.identifier,
      accessTokenTTL: api.access_token,
      accessTokenFormat: api.format,
      // RFC 9068; an opaque one is signed by nobody.
      ...(api.format === 'jwt' && { jwt: { sign: { alg: api.signing_algorithm } } }),
    };
  };
}

/**
 * The setting `introspection.allowedPolicy` (RFC 7662 section 4, S40): a token tells about itself to the client that it
 * was given to, and an access token also to the API that it is for. An API key was given to no client. `keyAsked` is told
 * of each that an API may rely on.
 */
export function createIntrospectionPolicy(resources: Config['resources'], keyAsked: (key: string) => Promise<void>) {
  return async (
    _ctx: KoaContextWithOIDC,
    client: Client,
    token: AccessToken | ClientCredentials | RefreshToken,
  ): Promise<boolean> => {
    const isKey = token.clientId === apiKeyClientId;
    if (token.clientId === client.clientId) return !isKey;

    // Whoever could read a public client's page would be asking.
    if (client.clientAuthMethod === 'none' || !('aud' in token)) return false;

    const api = resources.find(({ identifier }) => identifier === token.aud);
    const mayAsk = api !== undefined && answersFor(client, api);
    if (mayAsk && isKey) await keyAsked(token.jti);

    return mayAsk;
  };
}

/** By the configuration, or as the client was registered; never for an API of ours (DECISIONS 18). */
function answersFor(client: Client, { identifier, introspected_by }: Config['resources'][number]): boolean {
  const registered = client['introspects'];

  return introspected_by.includes(client.clientId) || (Array.isArray(registered) && registered.includes(identifier));
}

/** The setting `revocation.allowedPolicy` (RFC 7009 section 2.1, S49): another client's token is left alone, in silence. */
export function mayRevoke(_ctx: KoaContextWithOIDC, client: Client, token: { clientId?: string | undefined }): boolean {
  return token.clientId === client.clientId;
}
