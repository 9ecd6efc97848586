import type { ClientMetadata } from '../domain/client.ts';
import { problem, type Problem } from './problems.ts';

export interface MetadataRules {
  mode: 'development' | 'production';
  /** `config.resources` */
  resources: readonly { identifier: string; scopes: readonly { name: string }[] }[];
  /** Those of others: about tokens for our own nobody else may ask (DECISIONS 18). */
  introspectable: readonly string[];
}

/** RFC 8628 section 3.4 */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** By which a person gives access that can go on while they are away. */
const grantsOfPeople = ['authorization_code', deviceGrant];

const openIdScopes = ['openid', 'profile', 'email', 'phone', 'address', 'offline_access'];

/** What single fields can't tell: whether they fit together. */
export function clientProblems(metadata: ClientMetadata, rules: MetadataRules): Problem[] {
  return [
    ...flowProblems(metadata),
    ...keyProblems(metadata),
    ...ownProblems(metadata),
    ...sectorProblems(metadata),
    ...resourceProblems(metadata, rules),
  ];
}

function flowProblems(metadata: ClientMetadata): Problem[] {
  const { response_types: responses = [], grant_types: grants = [], redirect_uris: redirects = [] } = metadata;
  const problems: Problem[] = [];

  // RFC 7591 section 2.1
  for (const [response, grant] of [
    ['code', 'authorization_code'],
    ['id_token', 'implicit'],
  ] as const) {
    if (responses.includes(response) !== grants.includes(grant)) {
      const path = responses.includes(response) ? 'grant_types' : 'response_types';
      problems.push(problem(path, 'problem.clientGrantForResponse', { response, grant }));
    }
  }

  if (responses.length > 0 && redirects.length === 0) {
    problems.push(problem('redirect_uris', 'problem.clientRedirectUri'));
  }

  if (grants.includes('refresh_token') && !grants.some((grant) => grantsOfPeople.includes(grant))) {
    problems.push(problem('grant_types', 'problem.clientRefresh'));
  }

  if (grants.includes('client_credentials') && metadata.token_endpoint_auth_method === 'none') {
    problems.push(problem('token_endpoint_auth_method', 'problem.clientMachine'));
  }

  return problems;
}

function keyProblems({ jwks, jwks_uri, token_endpoint_auth_method: method, ...rest }: ClientMetadata): Problem[] {
  const problems: Problem[] = [];

  if (jwks && jwks_uri !== undefined) problems.push(problem('jwks', 'problem.clientKeysTwice'));

  if (method === 'private_key_jwt' && !jwks && jwks_uri === undefined) {
    problems.push(problem('jwks', 'problem.clientKeysMissing'));
  }

  if (rest.token_endpoint_auth_signing_alg !== undefined && method !== 'private_key_jwt') {
    problems.push(problem('token_endpoint_auth_signing_alg', 'problem.clientKeyAlgorithm'));
  }

  return problems;
}

function ownProblems(metadata: ClientMetadata): Problem[] {
  const problems: Problem[] = [];

  // S4: without PKCE only where the client itself proves who redeems the code.
  if (metadata.require_pkce === false && metadata.token_endpoint_auth_method === 'none') {
    problems.push(problem('require_pkce', 'problem.clientPkce'));
  }

  if (metadata.portal && !metadata.first_party) problems.push(problem('portal', 'problem.clientPortal'));

  return problems;
}

/** OpenID Connect Core 1.0 section 8.1 (S57). */
function sectorProblems(metadata: ClientMetadata): Problem[] {
  const hosts = new Set((metadata.redirect_uris ?? []).map((uri) => new URL(uri).host));
  const needed = metadata.subject_type === 'pairwise' && hosts.size > 1;

  return needed && metadata.sector_identifier_uri === undefined
    ? [problem('sector_identifier_uri', 'problem.clientSector')]
    : [];
}

function resourceProblems(metadata: ClientMetadata, rules: MetadataRules): Problem[] {
  const { resources = [], introspects = [], scope } = metadata;
  const registered = rules.resources.map(({ identifier }) => identifier);
  const known = [...openIdScopes, ...rules.resources.flatMap(({ scopes }) => scopes.map(({ name }) => name))];

  const unknownResources = resources.flatMap((identifier, index) =>
    registered.includes(identifier) ? [] : [problem(`resources[${index}]`, 'problem.clientResource')],
  );
  const unknownScopes = (scope ?? '')
    .split(' ')
    .filter((name) => name !== '' && !known.includes(name))
    .map((name) => problem('scope', 'problem.clientScope', { scope: name, choices: known.join(', ') }));

  const unknownToAsk = introspects.flatMap((identifier, index) =>
    rules.introspectable.includes(identifier) ? [] : [problem(`introspects[${index}]`, 'problem.clientResource')],
  );
  // RFC 7662 section 2.1: whoever asks has to prove who they are.
  const isPublic = introspects.length > 0 && metadata.token_endpoint_auth_method === 'none';
  const unproven = isPublic ? [problem('token_endpoint_auth_method', 'problem.clientIntrospection')] : [];

  return [...unknownResources, ...unknownToAsk, ...unproven, ...unknownScopes];
}
