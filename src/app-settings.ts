import type { Described } from './api/openapi.ts';
import type { Config } from './config/schema.ts';
import { accountApiPath } from './domain/account-api.ts';
import { adminApiPath } from './domain/admin-api.ts';
import { consoleReturnPath } from './oidc/console.ts';
import { routes as endpoints } from './oidc/settings.ts';
import type { Limit } from './web/limit.ts';

/** The part of `app.ts` about what the configuration says to which room. */

/** Where something is sent that is looked up, compared or hashed. */
const guessable = [
  '/sign-in/',
  '/forgot-password',
  '/reset-password',
  '/reset-password/',
  '/wasnt-me',
  '/wasnt-me/',
  '/password-strength',
  '/undo-email-change',
  '/undo-email-change/',
  '/setup',
  '/setup/',
  '/invitation',
  '/invitation/',
  '/device',
  '/device/',
];

/** The APIs as they are described to programs and people. */
export function describedApis({ issuer, branding }: Config, apis: Described['apis']): Described {
  const { authorization, token } = endpoints;

  return { issuer, brand: branding.name, apis, tokens: { authorization, token } };
}

/** What the page says on which people create an account. */
export function registeringIn({ passwords, branding: { links } }: Config) {
  return {
    minimumLength: passwords.minimum_length,
    maximumLength: passwords.maximum_length,
    ...(links.terms !== undefined && { terms: links.terms }),
    ...(links.privacy !== undefined && { privacy: links.privacy }),
  };
}

/**
 * What a stranger makes us keep or compute. The token endpoint has no limit: one app asks there for all of its people,
 * and what it costs is paid only for clients that prove who they are.
 */
export function requestLimits({ window, authorizations, sign_ins, api }: Config['limits']['requests']): Limit[] {
  const requests = (['GET', 'POST'] as const).flatMap((method) =>
    [endpoints.authorization, endpoints.end_session].map((path) => ({ method, path })),
  );

  return [
    ...requests.map((which) => ({ ...which, name: 'authorizations', most: authorizations, window })),
    { method: 'POST', path: endpoints.device_authorization, name: 'authorizations', most: authorizations, window },
    ...guessable.map((path): Limit => ({ name: 'sign-ins', method: 'POST', path, most: sign_ins, window })),
    ...(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).flatMap((method) =>
      [accountApiPath, adminApiPath].map((path): Limit => ({
        name: 'api',
        method,
        path: `${path}/`,
        most: api,
        window,
      })),
    ),
  ];
}

/** The account console needs that somebody signed in, and no token. */
export function consoleMetadata(issuer: string) {
  return {
    client_name: 'Account console',
    client_uri: `${issuer}/account`,
    redirect_uris: [`${issuer}${consoleReturnPath}`],
    grant_types: [],
    response_types: ['none'],
    token_endpoint_auth_method: 'none',
    scope: 'openid',
    first_party: true,
  };
}

/**
 * What people's API keys stand under (RFC 7662 `client_id`). Nobody is this client: it asks for nothing, and its secret is
 * told to no one.
 */
export const apiKeyMetadata = {
  client_name: 'API keys',
  grant_types: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: '',
};
