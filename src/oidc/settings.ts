import { createHmac } from 'node:crypto';

import { errors } from 'oidc-provider';
import type { Client, Configuration, ExternalSigningKey, KoaContextWithOIDC } from 'oidc-provider';

import type { Config } from '../config/schema.ts';
import { locales } from '../domain/account.ts';
import { acrValues } from '../domain/acr.ts';
import type { Clock } from '../domain/clock.ts';
import { clockTolerance, seconds } from '../domain/clock.ts';
import { createCookieKeys, type CookieKeys } from '../domain/cookie-keys.ts';
import { claimsByScope } from './claims.ts';
import { checkOurMetadata, ourMetadata } from './client-metadata.ts';
import { isOriginOf } from './cors.ts';
import { features } from './features.ts';
import type { FeatureHooks } from './features.ts';
import { sessionCookieOptions } from './session-cookie.ts';

export interface SettingsInput {
  config: Config;
  secrets: { cookieKeys: readonly string[]; pairwiseSalt: string };
  /** See `OidcDeps`. */
  cookieKeyUsed?: ((at: number) => void) | undefined;
  clock: Clock;
  /** What signs first. */
  signing: readonly ExternalSigningKey[];
  hooks: Hooks;
}

type Given<Name extends keyof Configuration> = NonNullable<Configuration[Name]>;

/** What the rest of the folder does at the library's bidding. */
export interface Hooks extends FeatureHooks {
  adapter: Given<'adapter'>;
  fetch: Given<'fetch'>;
  findAccount: Given<'findAccount'>;
  loadExistingGrant: Given<'loadExistingGrant'>;
  renderError: Given<'renderError'>;
  interactions: Required<Given<'interactions'>>;
}

/** Where the endpoints are; the issuer is the root, with discovery below it. */
export const routes = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  end_session: '/oauth/logout',
  device_authorization: '/oauth/device-authorization',
  // Pages of ours (sign-in/device.ts): the library only builds addresses of it (RFC 8628 section 3.2).
  code_verification: '/device',
  // Not offered yet; named so that none is found under a name that the library chose.
  backchannel_authentication: '/oauth/backchannel-authentication',
  challenge: '/oauth/challenge',
  credential: '/oauth/credential',
  pushed_authorization_request: '/oauth/par',
  registration: '/oauth/register',
} as const;

/** `prompt` of an authorization request (OpenID Connect Core 1.0 section 3.1.2.1). */
const prompts = ['none', 'login', 'consent', 'select_account'];

/** Longest life of a client assertion in seconds: what was used has to be remembered that long (RFC 7523 section 3). */
const assertionLife = 3600;

/**
 * Everything that the library is told: a pure function of our configuration. Nothing is left to the library's defaults
 * that decides what is allowed, how long something lives or what people see.
 */
export function providerSettings({
  config,
  secrets,
  cookieKeyUsed,
  clock,
  signing,
  hooks,
}: SettingsInput): Configuration {
  return {
    acceptQueryParamAccessTokens: false,
    // What clients may be registered with; discovery names those that can be reached (documents.ts).
    acrValues: [...acrValues],
    adapter: hooks.adapter,
    allowOmittingSingleRegisteredRedirectUri: false,
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims) => checkAssertion(claims, config.issuer),
    claims: claimsByScope,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientBasedCORS: isOriginOf,
    clientDefaults: {
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: 'RS256',
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    clients: [],
    clockTolerance,
    // It would hold for every client: what an ID token tells is decided client by client (claims.ts).
    conformIdTokenClaims: false,
    cookies: cookies(config, createCookieKeys(secrets.cookieKeys, cookieKeyUsed)),
    discovery: {
      claim_types_supported: ['normal'],
      // OpenID Connect Prompt Create 1.0 section 4.2
      prompt_values_supported: prompts.concat(config.registration.allowed ? ['create'] : []),
      ui_locales_supported: [...locales],
      op_policy_uri: config.branding.links.privacy,
      op_tos_uri: config.branding.links.terms,
      service_documentation: config.branding.links.help,
    },
    enabledJWA: algorithms,
    // The library wants SameSite=None for it; a POST is answered with a redirect to the same request as GET instead.
    enableHttpPostMethods: false,
    expiresWithSession: (_ctx, { scopes }) => !scopes.has('offline_access'),
    extraClientMetadata: { properties: [...ourMetadata], validator: checkOurMetadata },
    extraParams: { scope: keepOfflineAccess },
    extraTokenClaims: () => undefined,
    features: features(config, hooks),
    fetch: hooks.fetch,
    fetchResponseBodyLimits: {
      'client_id metadata document': config.outbound.max_bytes,
      jwks_uri: config.outbound.max_bytes,
      sector_identifier_uri: config.outbound.max_bytes,
    },
    findAccount: hooks.findAccount,
    formats: { bitsOfOpaqueRandomness: 256 },
    interactions: hooks.interactions,
    issueRefreshToken: (_ctx, client, { scopes }) =>
      client.grantTypeAllowed('refresh_token') && scopes.has('offline_access'),
    jwks: { keys: [...signing] },
    loadExistingGrant: hooks.loadExistingGrant,
    pairwiseIdentifier: (_ctx, accountId, client) => pairwise(secrets.pairwiseSalt, accountId, client),
    pkce: { required: (_ctx, client) => client['require_pkce'] !== false || client.clientAuthMethod === 'none' },
    renderError: hooks.renderError,
    responseTypes: ['code', 'id_token', 'none'],
    // Revoking one access token leaves the rest; revoking a refresh token, or using one twice, ends the grant (S27, S31).
    revokeGrantPolicy: ({ oidc }) => oidc.route !== 'revocation' || oidc.entities.AccessToken === undefined,
    rotateRefreshToken: true,
    routes,
    scopes: ['openid', 'offline_access'],
    sectorIdentifierUriValidate: () => true,
    subjectTypes: ['public', 'pairwise'],
    ttl: lives(config, clock),
  };
}

/** How long things live, in seconds. */
function lives({ tokens, session }: Config, clock: Clock): Given<'ttl'> {
  const whole = (life: number): number => Math.max(1, Math.floor(life));
  const accessToken = (
    _ctx: unknown,
    { resourceServer }: { resourceServer?: { accessTokenTTL?: number | undefined } | undefined },
  ) => whole(resourceServer?.accessTokenTTL ?? tokens.access_token);

  return {
    AccessToken: accessToken,
    AuthorizationCode: whole(tokens.authorization_code),
    ClientCredentials: accessToken,
    DeviceCode: whole(tokens.device_code),
    // As long as the last refresh token that the session's last day may bring.
    Grant: whole(session.absolute + tokens.refresh_token_absolute),
    IdToken: whole(tokens.id_token),
    Interaction: whole(tokens.interaction),

    RefreshToken(_ctx, { iiat }) {
      const now = Math.floor(Date.now() / 1000);
      return whole(Math.min(tokens.refresh_token_idle, (iiat ?? now) + tokens.refresh_token_absolute - now));
    },

    // The library saves a session anew with each use: its end counts from the sign-in (S106). One in which nobody
    // signed in lasts as long as the step that it is for.
    Session: (_ctx, { loginTs }) =>
      loginTs === undefined
        ? whole(tokens.interaction)
        : whole(Math.min(session.idle, loginTs + session.absolute - seconds(clock))),

    BackchannelAuthenticationRequest: 600,
    PreAuthorizedCode: 600,
  };
}

/** S105. The steps' cookies belong to one path each, so that every tab has its own: `__Host-` does not fit them. */
function cookies(config: Config, keys: CookieKeys): Given<'cookies'> {
  const { path: _, ...short } = sessionCookieOptions(config);
  const names = short.secure
    ? { session: '__Host-session', interaction: '__Secure-step', resume: '__Secure-resume' }
    : { session: 'session', interaction: 'step', resume: 'resume' };

  return { names, long: sessionCookieOptions(config), short, keys };
}

/** Every other one is refused, `none` and shared secrets first (S32). */
const algorithms: Given<'enabledJWA'> = {
  clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'],
  idTokenSigningAlgValues: ['RS256', 'ES256'],
  userinfoSigningAlgValues: ['RS256', 'ES256'],
  introspectionSigningAlgValues: ['RS256', 'ES256'],
  authorizationSigningAlgValues: ['RS256', 'ES256'],
  requestObjectSigningAlgValues: ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'],
  dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA'],
  attestSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA'],
  idTokenEncryptionAlgValues: [],
  requestObjectEncryptionAlgValues: [],
  userinfoEncryptionAlgValues: [],
  introspectionEncryptionAlgValues: [],
  authorizationEncryptionAlgValues: [],
  idTokenEncryptionEncValues: [],
  requestObjectEncryptionEncValues: [],
  userinfoEncryptionEncValues: [],
  introspectionEncryptionEncValues: [],
  authorizationEncryptionEncValues: [],
};

/**
 * The issuer is the one audience (draft-ietf-oauth-rfc7523bis, S38): an endpoint's address could be another server's
 * idea of ours.
 */
function checkAssertion({ aud, exp, iat }: Readonly<Record<string, unknown>>, issuer: string): void {
  const audience = Array.isArray(aud) ? aud : [aud];
  const now = Math.floor(Date.now() / 1000);

  if (!audience.every((one) => one === issuer)) {
    throw new errors.InvalidClientAuth('audience (aud) must be the issuer identifier alone');
  }

  if (Number(exp) > now + assertionLife + clockTolerance) {
    throw new errors.InvalidClientAuth('the client assertion lives too long');
  }

  if (iat !== undefined && Number(iat) > now + clockTolerance) {
    throw new errors.InvalidClientAuth('the client assertion is not valid yet');
  }
}

/**
 * The library takes `offline_access` away unless the app asks for consent each time (OpenID Connect Core 1.0 section 11);
 * we ask people for it as for any other scope, so it stays where a refresh token can come of it.
 */
function keepOfflineAccess(ctx: KoaContextWithOIDC, scope: string | undefined, client: Client): void {
  const { body, params } = ctx.oidc;
  const asked: unknown = ctx.method === 'POST' ? body?.['scope'] : ctx.query['scope'];

  const wants = typeof asked === 'string' && asked.split(' ').includes('offline_access');
  const has = scope?.split(' ').includes('offline_access') ?? false;
  const serves = params?.['response_type'] === 'code' && client.grantTypeAllowed('refresh_token');

  if (params && wants && !has && serves) params['scope'] = scope ? `${scope} offline_access` : 'offline_access';
}

/** OpenID Connect Core 1.0 section 8.1: one subject for each sector, which tells nothing about the account. */
function pairwise(salt: string, accountId: string, client: Client): string {
  return createHmac('sha256', salt)
    .update(`${String(client['sectorIdentifier'])}\0${accountId}`)
    .digest('base64url');
}
