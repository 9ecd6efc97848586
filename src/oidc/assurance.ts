import { errors } from 'oidc-provider';
import type { Interaction, KoaContextWithOIDC } from 'oidc-provider';

import { acrTwoFactors, type WantedFactors } from '../domain/acr.ts';
import type { Client } from '../domain/client.ts';

/**
 * How strongly an authorization request wants to know who somebody is: by the `claims` parameter, which can make it a
 * must (OpenID Connect Core 1.0 section 5.5.1.1), by `acr_values`, which is a wish (section 3.1.2.1), and by what an
 * administrator says of the client.
 */

type Asked = Pick<Interaction, 'params' | 'prompt'>;

export function wantedFactors(
  { params }: Pick<Asked, 'params'>,
  { metadata }: Pick<Client, 'metadata'>,
): WantedFactors {
  const essential = essentialAcr(params);

  if (metadata.require_second_factor === true) return 'must';
  if (essential !== undefined && essential.every((acr) => acr === acrTwoFactors)) return 'must';

  return wishesTwoFactors(params) || essential?.[0] === acrTwoFactors ? 'wished' : 'own';
}

/** `acr_values` are in order of preference. */
export function wishesTwoFactors({ acr_values: values }: Readonly<Record<string, unknown>>): boolean {
  return typeof values === 'string' && values.split(' ')[0] === acrTwoFactors;
}

/** Reasons for which a person signs in that something proved earlier does not answer. */
const wantsFresh = ['login_prompt', 'max_age', 'acr', 'acr_wished', 'second_factor'];

/** Whether every factor has to be proved now, a browser that is remembered or not. */
export function wantsFreshFactors(step: Asked, wanted: WantedFactors): boolean {
  return wanted !== 'own' || step.prompt.reasons.some((reason) => wantsFresh.includes(reason));
}

/** The `acr` values of which one is a must: only the `claims` parameter can say so. */
export function essentialAcr(params: Readonly<Record<string, unknown>> | undefined): string[] | undefined {
  const acr = claimsAsked(params?.['claims']).id_token?.['acr'];
  if (acr?.essential !== true) return undefined;

  const values: unknown = acr.values ?? (acr.value === undefined ? undefined : [acr.value]);
  if (values === undefined) return undefined;

  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string')) {
    throw new errors.InvalidRequest('invalid claims.id_token.acr.values type');
  }

  return values;
}

type ClaimsAsked = { id_token?: Record<string, { essential?: boolean; value?: unknown; values?: unknown } | null> };

/** The library has checked that it is a JSON object by the time that a step is considered. */
function claimsAsked(claims: unknown): ClaimsAsked {
  return typeof claims === 'string' ? (JSON.parse(claims) as ClaimsAsked) : {};
}

/**
 * Whether two factors are a must here whatever the request says: the client's administrator says so, or the person
 * administers this service (S102).
 */
export function needsTwoFactors({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.client?.['require_second_factor'] === true || oidc.account?.['administers'] === true;
}
