import type { Json } from './json.ts';

/** A relying party or a registered machine. `id` is its `client_id`. */
export interface Client {
  id: string;
  metadata: ClientMetadata;
  /** Newest first; more than one during a rotation. Hashed: a copy of the database signs nobody in. */
  secrets: ClientSecret[];
  disabled: boolean;
  /** Rises with each change: caches go by it. */
  version: number;
  /** How often all that it was given was ended at once; a token that it has for itself works for as long as it stays. */
  revocations?: number;
  createdAt: number;
  updatedAt: number;
}

export interface ClientSecret {
  id: string;
  /** SHA-256 of a secret of 256 random bits. */
  hash: string;
  createdAt: number;
  /** Milliseconds; absent: until removed. */
  expiresAt?: number;
}

/** RFC 7591 section 2 and OpenID Connect Registration 1.0 names, then ours. */
export interface ClientMetadata {
  client_name: string;
  redirect_uris?: string[];
  post_logout_redirect_uris?: string[];
  response_types?: string[];
  grant_types?: string[];
  application_type?: 'web' | 'native';
  token_endpoint_auth_method?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';
  token_endpoint_auth_signing_alg?: string;
  jwks_uri?: string;
  jwks?: { keys: Record<string, Json>[] };
  scope?: string;
  client_uri?: string;
  logo_uri?: string;
  policy_uri?: string;
  tos_uri?: string;
  initiate_login_uri?: string;
  contacts?: string[];
  subject_type?: 'public' | 'pairwise';
  sector_identifier_uri?: string;
  id_token_signed_response_alg?: 'RS256' | 'ES256';
  userinfo_signed_response_alg?: 'RS256' | 'ES256';
  default_max_age?: number;
  require_auth_time?: boolean;
  default_acr_values?: string[];
  backchannel_logout_uri?: string;
  backchannel_logout_session_required?: boolean;
  /** Ours: run by the operator, so its people are never asked for consent. */
  first_party?: boolean;
  /** Ours: the first-party portal that stands on the Applications page from the start. */
  portal?: boolean;
  /** Ours: `false` only for a confidential client whose library sends no PKCE. */
  require_pkce?: boolean;
  /** Ours: nobody signs in to it with one factor alone. */
  require_second_factor?: boolean;
  /** Ours: scope claims also in the ID token, for libraries that never ask userinfo. */
  claims_in_id_token?: boolean;
  /** Ours: the registered APIs (resource indicators, RFC 8707) that it may ask tokens for. */
  resources?: string[];
  /** Ours: the registered APIs that it answers for, so that it may ask about their tokens (RFC 7662 section 2.1). */
  introspects?: string[];
}

/**
 * When a client was at work last: kept beside its row, which caches go by and protocol requests must not write. Times in
 * milliseconds, about ten minutes exact.
 */
export interface ClientUse {
  /** The client's. */
  id: string;
  lastUsedAt: number;
  /** By the ids of its secrets: when each was shown last. */
  secrets: Record<string, number>;
}

/** By which clients are listed and searched: as people type a name, whatever its letters look like. */
export function clientNameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** The account console's own client, made at first start. */
export const consoleClientId = 'account-console';
