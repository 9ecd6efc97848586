import { z } from 'zod';

import { acrValues } from '../domain/acr.ts';
import type { ClientMetadata } from '../domain/client.ts';
import { clientProblems, deviceGrant, type MetadataRules } from './client-consistency.ts';
import { read, refused, type Result } from './problems.ts';
import { emailAddress, neededLine, problemIs } from './text-rules.ts';
import { uri, type UriRule } from './uri-rules.ts';

/** What client metadata may say (RFC 7591 section 2, OpenID Connect Registration 1.0 section 2, then ours). */

export const clientKinds = ['web', 'spa', 'native', 'machine', 'device', 'api'] as const;
export type ClientKind = (typeof clientKinds)[number];

const withCode = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };

/** What the kinds that people speak of mean; what the metadata says itself goes before it. */
const presets: Readonly<Record<ClientKind, Partial<ClientMetadata>>> = {
  web: { ...withCode, application_type: 'web', token_endpoint_auth_method: 'client_secret_basic' },
  spa: { ...withCode, application_type: 'web', token_endpoint_auth_method: 'none' },
  native: { ...withCode, application_type: 'native', token_endpoint_auth_method: 'none' },
  machine: {
    grant_types: ['client_credentials'],
    response_types: [],
    application_type: 'web',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  device: {
    grant_types: [deviceGrant, 'refresh_token'],
    response_types: [],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
  },
  /** A resource server: nobody signs in to it, and it gets no token. It asks about those that it is shown. */
  api: {
    grant_types: [],
    response_types: [],
    application_type: 'web',
    token_endpoint_auth_method: 'client_secret_basic',
  },
};

const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials', 'implicit', deviceGrant] as const;
const clientNameLength = 60;
/**
 * What nobody sees makes one name look like another, or like none (S21). The joiners (U+200C, U+200D) are seen by what
 * they do: Persian, the Indic scripts and emoji are written with them.
 */
const unseen = /(?![\u200C\u200D])[\p{Cf}\p{Co}\p{Cn}\u115F\u1160\u3164\uFFA0\u2800]/u;
const mostUris = 100;
const algorithms = ['RS256', 'ES256'] as const;
/** Asymmetric ones only (S32). */
const assertionAlgorithms = ['RS256', 'PS256', 'ES256'] as const;

/** Checks metadata and completes it with what the RFCs say of what is left out. */
export function readClientMetadata(input: unknown, rules: MetadataRules, kind?: ClientKind): Result<ClientMetadata> {
  const given = kind !== undefined && isPlain(input) ? { ...presets[kind], ...input } : input;
  const schema = metadataSchema(rules.mode === 'development', isPlain(given) && given['application_type'] === 'native');
  const parsed = read(schema, given, Object.keys(schema.shape));
  if (!parsed.ok) return parsed;

  const metadata = completed(parsed.value as ClientMetadata);
  const problems = clientProblems(metadata, rules);

  return problems.length > 0 ? refused(...problems) : { ok: true, value: metadata };
}

function metadataSchema(development: boolean, native: boolean) {
  const redirect: UriRule = { development, native, redirect: true };
  const address = uri({ development }).optional();
  const list = <T extends z.ZodType<string>>(of: T, max: number) => z.array(of).max(max).check(noDuplicates);

  return z.strictObject({
    client_name: neededLine(clientNameLength).refine(
      (name) => !unseen.test(name),
      problemIs('problem.controlCharacters'),
    ),
    redirect_uris: list(uri(redirect), mostUris).optional(),
    post_logout_redirect_uris: list(uri(redirect), mostUris).optional(),
    response_types: list(z.enum(['code', 'id_token', 'none']), 3).optional(),
    grant_types: list(z.enum(grantTypes), grantTypes.length).optional(),
    application_type: z.enum(['web', 'native']).optional(),
    token_endpoint_auth_method: z
      .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
      .optional(),
    token_endpoint_auth_signing_alg: z.enum(assertionAlgorithms).optional(),
    jwks_uri: address,
    jwks: z.strictObject({ keys: z.array(publicKey).min(1, problemIs('problem.required')).max(20) }).optional(),
    scope: z.string().max(1000).optional(),
    client_uri: address,
    logo_uri: address,
    policy_uri: address,
    tos_uri: address,
    initiate_login_uri: address,
    contacts: list(emailAddress as unknown as z.ZodType<string>, 10).optional(),
    subject_type: z.enum(['public', 'pairwise']).optional(),
    sector_identifier_uri: address,
    id_token_signed_response_alg: z.enum(algorithms).optional(),
    userinfo_signed_response_alg: z.enum(algorithms).optional(),
    default_max_age: z.int().min(0).max(31_536_000).optional(),
    require_auth_time: z.boolean().optional(),
    default_acr_values: list(z.enum(acrValues), 2).optional(),
    backchannel_logout_uri: uri({ development, redirect: true }).optional(),
    backchannel_logout_session_required: z.boolean().optional(),
    first_party: z.boolean().optional(),
    portal: z.boolean().optional(),
    require_pkce: z.boolean().optional(),
    require_second_factor: z.boolean().optional(),
    claims_in_id_token: z.boolean().optional(),
    resources: list(z.string().max(512), 50).optional(),
    introspects: list(z.string().max(512), 50).optional(),
  });
}

/** RFC 7517: a public key of a kind that signs. A private or symmetric one was sent here by mistake. */
const publicKey = z
  .record(z.string().max(100), z.json())
  .refine((key) => JSON.stringify(key).length <= 10_000, problemIs('problem.clientKey'))
  .refine(
    ({ kty, ...rest }) =>
      ['RSA', 'EC', 'OKP'].some((kind) => kind === kty) &&
      ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].every((part) => !Object.hasOwn(rest, part)),
    problemIs('problem.clientKey'),
  );

function noDuplicates({ value, issues }: z.core.ParsePayload<string[]>): void {
  for (const [index, entry] of value.entries()) {
    if (value.indexOf(entry) === index) continue;

    issues.push({ code: 'custom', input: entry, path: [index], message: 'problem.duplicate', params: {} });
  }
}

/** RFC 7591 section 2 says what each means when it is left out; written out, nobody has to remember it. */
function completed(given: ClientMetadata): ClientMetadata {
  const grants = given.grant_types;
  const responses = given.response_types ?? responsesFor(grants);

  return {
    ...given,
    redirect_uris: given.redirect_uris ?? [],
    application_type: given.application_type ?? 'web',
    token_endpoint_auth_method: given.token_endpoint_auth_method ?? 'client_secret_basic',
    response_types: responses,
    grant_types: grants ?? grantsFor(responses),
  };
}

function responsesFor(grants: readonly string[] | undefined): string[] {
  if (grants === undefined || grants.includes('authorization_code')) return ['code'];

  return grants.includes('implicit') ? ['id_token'] : [];
}

function grantsFor(responses: readonly string[]): string[] {
  const code = responses.includes('code') ? ['authorization_code'] : [];

  return responses.includes('id_token') ? [...code, 'implicit'] : code;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
