import type { Grant, KoaContextWithOIDC } from 'oidc-provider';

import {
  allowanceIn,
  always,
  fieldsOf,
  sorted,
  withoutEmpty,
  type Allowance,
  type Wanted,
} from '../domain/allowance.ts';
import type { Json } from '../domain/json.ts';

/** What an authorization request asks for, after the protocol library has checked it. */
export function wantedBy({ oidc }: KoaContextWithOIDC): Wanted {
  const servers = Object.entries(oidc.resourceServers ?? {});
  const asked = [...oidc.requestParamScopes];

  return {
    scopes: sorted(oidc.requestParamOIDCScopes),
    claims: sorted([...oidc.requestParamClaims].filter((claim) => !always.has(claim))),
    resources: withoutEmpty(
      servers.map(([indicator, server]) => [indicator, sorted(asked.filter((scope) => server.scopes.has(scope)))]),
    ),
  };
}

/** What a step kept of it; it was written by us. */
export function wantedIn(details: Readonly<Record<string, unknown>>): Wanted {
  return details['wanted'] as Wanted & Json;
}

/** Makes the grant hold exactly this; answers whether that changed anything. */
export function writeInto(grant: Grant, allowance: Allowance): boolean {
  if (JSON.stringify(allowanceIn(grant)) === JSON.stringify(allowance)) return false;

  Object.assign(grant, fieldsOf(allowance));

  return true;
}
