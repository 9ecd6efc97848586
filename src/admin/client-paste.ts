import type { Client } from '../domain/client.ts';
import type { ClientKind } from '../operations/clients.ts';
import { nameOf } from './client-words.ts';

/** What an app has to be told: each by itself, and all of it as settings that most frameworks read. */
export interface Paste {
  name: string;
  clientId: string;
  secret?: string;
  issuer: string;
  /** Where the app learns all the rest (OpenID Connect Discovery 1.0, RFC 8414). */
  discovery: string;
  settings: string;
}

export function pasteFor(
  { id, metadata }: Client,
  { kind, issuer, secret }: { kind: ClientKind; issuer: string; secret: string | undefined },
): Paste {
  const discovery = `${issuer}/.well-known/openid-configuration`;
  const { redirect_uris: redirects = [], scope, resources = [], introspects = [], grant_types: grants = [] } = metadata;
  const signsPeopleIn = kind !== 'machine' && kind !== 'api';

  const settings: [string, string | undefined][] = [
    ['OIDC_ISSUER', issuer],
    ['OIDC_DISCOVERY', discovery],
    ['OIDC_CLIENT_ID', id],
    ['OIDC_CLIENT_SECRET', secret],
    ['OIDC_CLIENT_AUTHENTICATION', metadata.token_endpoint_auth_method],
    ['OIDC_REDIRECT_URI', redirects[0]],
    // RFC 7636
    ['OIDC_CODE_CHALLENGE_METHOD', redirects.length > 0 ? 'S256' : undefined],
    ['OIDC_GRANT_TYPE', redirects.length > 0 ? undefined : grants[0]],
    ['OIDC_SCOPE', scope ?? (signsPeopleIn ? 'openid profile email' : undefined)],
    ['OIDC_RESOURCE', resources[0]],
    ['OIDC_AUDIENCE', introspects[0]],
  ];

  return {
    name: nameOf({ id, metadata }),
    clientId: id,
    ...(secret !== undefined && { secret }),
    issuer,
    discovery,
    settings: settings.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`])).join('\n'),
  };
}
