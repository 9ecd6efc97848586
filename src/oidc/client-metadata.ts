import { errors } from 'oidc-provider';
import type { ClientMetadata as LibraryMetadata, KoaContextWithOIDC } from 'oidc-provider';

import type { Client } from '../domain/client.ts';
import { newSecret } from '../domain/ids.ts';

/** Metadata for the library, which wants a secret where there is one: it gets one that nobody has. */
export function metadataOf({ id, metadata }: Pick<Client, 'id' | 'metadata'>): LibraryMetadata {
  const { initiate_login_uri: login, scope, ...rest } = metadata;
  const method = metadata.token_endpoint_auth_method ?? 'client_secret_basic';

  return {
    ...(rest as object),
    client_id: id,
    response_modes: responseModes(metadata.response_types ?? ['code'], method),
    ...(method.startsWith('client_secret') && { client_secret: newSecret() }),
    // The library takes https alone, also where apps are tried out, and has no use for it.
    ...(login?.startsWith('https:') && { initiate_login_uri: login }),
    ...(scope !== undefined && scopesOf(scope)),
  };
}

/**
 * What a client has no use for is refused (S12): a fragment is for pages that read it by script, and never carries an
 * ID token (S11).
 */
function responseModes(responseTypes: readonly string[], authMethod: string): string[] {
  const readsFragments = authMethod === 'none' && !responseTypes.includes('id_token');

  return readsFragments ? ['query', 'form_post', 'fragment'] : ['query', 'form_post'];
}

const openIdScopes = new Set(['openid', 'profile', 'email', 'phone', 'address', 'offline_access']);

/** The library's list is of OpenID Connect's scopes alone; those of APIs are held against `api_scopes` (resources.ts). */
function scopesOf(scope: string): { scope: string; api_scopes: string[] } {
  const all = scope.split(' ').filter(Boolean);
  const known = all.filter((name) => openIdScopes.has(name));

  return {
    // To the library an empty list would mean all of them; `openid` tells the least.
    scope: known.join(' ') || 'openid',
    api_scopes: all.filter((name) => !openIdScopes.has(name)),
  };
}

/** Metadata of ours, beside RFC 7591's (domain/client.ts); `api_scopes` comes of `scope`, above. */
export const ourMetadata = [
  'first_party',
  'portal',
  'require_pkce',
  'require_second_factor',
  'claims_in_id_token',
  'resources',
  'introspects',
  'api_scopes',
] as const;

/**
 * The setting `extraClientMetadata.validator`. Ours come from an administrator, by way of the store: in whatever a
 * request brings they are refused (S53).
 */
export function checkOurMetadata(
  ctx: KoaContextWithOIDC | undefined,
  name: string,
  value: unknown,
  metadata: LibraryMetadata,
): void {
  if (value === undefined) return;
  if (ctx !== undefined) throw new errors.InvalidClientMetadata(`${name} can't be asked for`);

  const isList = ['resources', 'introspects', 'api_scopes'].includes(name);

  if (isList && !(Array.isArray(value) && value.every((one) => typeof one === 'string'))) {
    throw new errors.InvalidClientMetadata(`${name} must be a list of texts`);
  }

  if (!isList && typeof value !== 'boolean') throw new errors.InvalidClientMetadata(`${name} must be true or false`);

  if (name === 'require_pkce' && value === false && metadata.token_endpoint_auth_method === 'none') {
    throw new errors.InvalidClientMetadata('a client without authentication must use PKCE');
  }
}
