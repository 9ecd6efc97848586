import { z } from 'zod';

/**
 * Client metadata as RFC 7591 section 2 and OpenID Connect Registration 1.0 name it, then ours. Only its form stands here,
 * for whoever generates a client of this API; what it may say is a matter of `operations/`.
 */
const uri = z.string().max(2048);
const text = z.string().max(1000);
const uris = z.array(uri).max(100);
/** RFC 7517. What stands in it is checked where the key is read. */
const key = z.record(z.string(), z.unknown());

export const clientMetadata = z.strictObject({
  client_name: text,
  redirect_uris: uris.optional(),
  post_logout_redirect_uris: uris.optional(),
  response_types: z.array(text).max(10).optional(),
  grant_types: z.array(text).max(10).optional(),
  application_type: z.enum(['web', 'native']).optional(),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .optional(),
  token_endpoint_auth_signing_alg: text.optional(),
  jwks_uri: uri.optional(),
  jwks: z.strictObject({ keys: z.array(key).max(20) }).optional(),
  scope: text.optional(),
  client_uri: uri.optional(),
  logo_uri: uri.optional(),
  policy_uri: uri.optional(),
  tos_uri: uri.optional(),
  initiate_login_uri: uri.optional(),
  contacts: z.array(text).max(10).optional(),
  subject_type: z.enum(['public', 'pairwise']).optional(),
  sector_identifier_uri: uri.optional(),
  id_token_signed_response_alg: z.enum(['RS256', 'ES256']).optional(),
  userinfo_signed_response_alg: z.enum(['RS256', 'ES256']).optional(),
  default_max_age: z.int().min(0).max(31_536_000).optional(),
  require_auth_time: z.boolean().optional(),
  default_acr_values: z.array(text).max(10).optional(),
  backchannel_logout_uri: uri.optional(),
  backchannel_logout_session_required: z.boolean().optional(),
  first_party: z.boolean().optional(),
  portal: z.boolean().optional(),
  require_pkce: z.boolean().optional(),
  require_second_factor: z.boolean().optional(),
  claims_in_id_token: z.boolean().optional(),
  resources: z.array(text).max(50).optional(),
  introspects: z.array(text).max(50).optional(),
});
