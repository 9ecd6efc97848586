/** What the `acr` claim says of a sign-in: how strongly it proved who somebody is (OpenID Connect Core 1.0 section 2). */

/** One factor was proved. */
export const acrOneFactor = 'urn:gatehouse:acr:1';

/** Two were, or a passkey with user verification. */
export const acrTwoFactors = 'urn:gatehouse:acr:2';

/** Every value that an app may name. */
export const acrValues = [acrOneFactor, acrTwoFactors] as const;

/** Those that a sign-in can reach here and now. */
export const reachableAcrValues: readonly string[] = acrValues;
