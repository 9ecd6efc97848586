import { claimsOfScope } from './claims.ts';
import type { Consent } from './grant.ts';

/** What an app may have of a person: what it wants, what a consent allows, and what a grant holds, in the same form. */

/** What an app asks for. */
export interface Wanted {
  /** Of OpenID Connect, `offline_access` included. */
  scopes: string[];
  /** Asked for one by one with the `claims` parameter. */
  claims: string[];
  /** Scopes by resource indicator (RFC 8707). */
  resources: Record<string, string[]>;
}

/** What a grant holds: what was allowed and what was refused. Every list is sorted. */
export interface Allowance {
  scopes: string[];
  claims: string[];
  resources: Record<string, string[]>;
  refused: Wanted;
}

/** They say who somebody is to the app and how they signed in: part of every sign-in. */
export const always = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);

/** First-party clients are allowed what they ask for, beside what they had. */
export function allowanceOfFirstParty(had: Allowance, wanted: Wanted): Allowance {
  const indicators = new Set([...Object.keys(had.resources), ...Object.keys(wanted.resources)]);

  return {
    scopes: sorted([...had.scopes, ...wanted.scopes]),
    claims: sorted([...had.claims, ...wanted.claims]),
    resources: withoutEmpty(
      [...indicators].map((name) => [
        name,
        sorted([...(had.resources[name] ?? []), ...(wanted.resources[name] ?? [])]),
      ]),
    ),
    refused: { scopes: [], claims: [], resources: {} },
  };
}

/**
 * What a consent allows. Refusing a scope refuses the claims that go with it as well: the `claims` parameter would
 * deliver them all the same. A claim that another allowed scope carries, or that was allowed by name, stays.
 */
export function allowanceOf(consent: Consent): Allowance {
  const allowed = new Set([...consent.claims, ...consent.scopes.flatMap(claimsOfScope)]);
  const refused = [...consent.rejectedClaims, ...consent.rejectedScopes.flatMap(claimsOfScope)];

  return {
    scopes: sorted(consent.scopes),
    claims: sorted(allowed),
    resources: withoutEmpty(Object.entries(consent.resources).map(([name, scopes]) => [name, sorted(scopes)])),
    refused: {
      scopes: sorted(consent.rejectedScopes),
      claims: sorted(refused.filter((claim) => !allowed.has(claim) && !always.has(claim))),
      resources: withoutEmpty(
        Object.entries(consent.rejectedResources ?? {}).map(([name, scopes]) => [name, sorted(scopes)]),
      ),
    },
  };
}

/** What a consent allows by now, nothing when there is none. */
export function allowedBy(consent: Consent | undefined): Allowance {
  const nothing = { scopes: [], claims: [], resources: {} };

  return consent === undefined ? { ...nothing, refused: nothing } : allowanceOf(consent);
}

/** Whether everything that is wanted was decided on before, one way or the other. */
export function covers({ scopes, claims, resources, refused }: Allowance, wanted: Wanted): boolean {
  const decided = (wants: string[], yes: string[] = [], no: string[] = []) =>
    wants.every((want) => yes.includes(want) || no.includes(want));

  return (
    decided(wanted.scopes, scopes, refused.scopes) &&
    decided(wanted.claims, claims, refused.claims) &&
    Object.entries(wanted.resources).every(([name, want]) => decided(want, resources[name], refused.resources[name]))
  );
}

/** As the protocol library's grant document has it; `fieldsOf` makes such. */
export interface GrantFields {
  openid?: { scope?: string | undefined; claims?: string[] | undefined } | undefined;
  resources?: Record<string, string> | undefined;
  rejected?: Omit<GrantFields, 'rejected'> | undefined;
}

export function allowanceIn(grant: GrantFields): Allowance {
  return {
    scopes: words(grant.openid?.scope),
    claims: sorted(grant.openid?.claims ?? []),
    resources: resourcesIn(grant.resources),
    refused: {
      scopes: words(grant.rejected?.openid?.scope),
      claims: sorted(grant.rejected?.openid?.claims ?? []),
      resources: resourcesIn(grant.rejected?.resources),
    },
  };
}

export function fieldsOf({ scopes, claims, resources, refused }: Allowance) {
  return {
    openid: { scope: scopes.join(' '), claims },
    resources: spaced(resources),
    rejected: {
      openid: { scope: refused.scopes.join(' '), claims: refused.claims },
      resources: spaced(refused.resources),
    },
  };
}

export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].toSorted();
}

function words(scope: string | undefined): string[] {
  return sorted(scope?.split(' ').filter(Boolean) ?? []);
}

function resourcesIn(resources: Record<string, string> | undefined): Record<string, string[]> {
  return withoutEmpty(Object.entries(resources ?? {}).map(([name, scope]) => [name, words(scope)]));
}

function spaced(resources: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(resources).map(([name, scopes]) => [name, scopes.join(' ')]));
}

export function withoutEmpty(entries: [string, string[]][]): Record<string, string[]> {
  return Object.fromEntries(entries.filter(([, scopes]) => scopes.length > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
