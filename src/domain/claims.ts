import type { Account } from './account.ts';
import type { Json } from './json.ts';

/** The standard claims (OpenID Connect Core 1.0 section 5.1) by the scope that stands for them (section 5.4). */
export const claimsOfScopes = {
  profile: [
    'name',
    'given_name',
    'middle_name',
    'family_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
} as const;

export type StandardClaim = (typeof claimsOfScopes)[keyof typeof claimsOfScopes][number];

const standardClaims: readonly StandardClaim[] = Object.values(claimsOfScopes).flat();

export function isStandardClaim(name: string): name is StandardClaim {
  return (standardClaims as readonly string[]).includes(name);
}

/** What an account says in a field of its own. */
const inFields = [
  'name',
  'given_name',
  'family_name',
  'locale',
  'updated_at',
  'email',
  'email_verified',
  'phone_number',
  'phone_number_verified',
] as const satisfies readonly StandardClaim[];

export type FurtherClaim = Exclude<StandardClaim, (typeof inFields)[number]>;

/** What an account keeps under the claim's own name (`Account.claims`). */
export const furtherClaims: readonly FurtherClaim[] = standardClaims.filter(
  (name): name is FurtherClaim => !(inFields as readonly string[]).includes(name),
);

/** The claims about the person that go with a scope; none for `openid`, `offline_access` and the scopes of an API. */
export function claimsOfScope(scope: string): readonly string[] {
  return Object.hasOwn(claimsOfScopes, scope) ? claimsOfScopes[scope as keyof typeof claimsOfScopes] : [];
}

/** Every claim of an account that it can share; what it has no value for is left out (section 5.3.2). */
export function claimsOfAccount(account: Account): Record<string, Json | undefined> {
  const { phone } = account;

  const claims: Record<string, Json | undefined> = {
    ...account.claims,
    name: account.displayName,
    given_name: account.firstName,
    family_name: account.lastName,
    locale: account.locale,
    updated_at: Math.floor(account.updatedAt / 1000),
    email: account.email,
    email_verified: account.emailVerified,
    ...(phone && { phone_number: phone.number, phone_number_verified: phone.verified }),
  };

  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== '' && value !== null));
}
