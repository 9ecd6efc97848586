import { isStrong, type Method } from './factors.ts';

/** What the `acr` claim says of a sign-in: how strongly it proved who somebody is (OpenID Connect Core 1.0 section 2). */

/** One factor was proved. */
export const acrOneFactor = 'urn:gatehouse:acr:1';

/** Two were, or a passkey with user verification. */
export const acrTwoFactors = 'urn:gatehouse:acr:2';

/** Every value that an app may name. */
export const acrValues = [acrOneFactor, acrTwoFactors] as const;

export function isAcr(value: string): boolean {
  return acrValues.some((acr) => acr === value);
}

/**
 * What an app asks for. `must`: without two factors there is no answer. `wished`: two where the person has them. `own`: as
 * the person set it.
 */
export type WantedFactors = 'must' | 'wished' | 'own';

/** What was proved in one sign-in, each with its own proof. */
export type Proven =
  | 'password'
  | 'authenticator'
  | 'text'
  | 'email'
  | 'recovery-code'
  | 'device-passkey'
  | 'synced-passkey';

/**
 * How much a sign-in is worth, for what asks for the strongest that is enrolled: 1 one factor; 2 a password and a code
 * from the mailbox, which is no second factor (S83) but more than the password; 3 two factors.
 */
export type Strength = 1 | 2 | 3;

export interface ProvenSignIn {
  acr: (typeof acrValues)[number];
  /** RFC 8176 section 2. */
  amr: string[];
  strength: Strength;
}

const references: Readonly<Record<Proven, readonly string[]>> = {
  password: ['pwd'],
  authenticator: ['otp'],
  email: ['otp'],
  'recovery-code': ['otp'],
  text: ['sms'],
  'device-passkey': ['hwk', 'user'],
  'synced-passkey': ['swk', 'user'],
};

/** Something that the person has; a mailbox is only another thing that they know the password of (NIST SP 800-63B-4). */
const possessions: readonly Proven[] = ['authenticator', 'text', 'recovery-code'];

/** Each of them is two factors: the device, and the finger, face or PIN that it asks for. */
const passkeys: readonly Proven[] = ['device-passkey', 'synced-passkey'];

/**
 * What `acr` and `amr` say of what was proved. Two factors are of two kinds: the same one twice, or two things that one
 * has, are one. Throws TypeError when nothing was.
 */
export function provenBy(proven: readonly Proven[]): ProvenSignIn {
  if (proven.length === 0) throw new TypeError('nothing was proved');

  const has = (kinds: readonly Proven[]) => proven.some((one) => kinds.includes(one));
  const two = has(passkeys) || (has(['password']) && has(possessions));
  const amr = [...new Set([...proven.flatMap((one) => references[one]), ...(two ? ['mfa'] : [])])];

  return {
    acr: two ? acrTwoFactors : acrOneFactor,
    amr,
    strength: two ? 3 : has(['password']) && has(['email']) ? 2 : 1,
  };
}

/** The strength of a sign-in that is remembered as its two claims. */
export function strengthOf({ acr, amr }: { acr?: string | undefined; amr: readonly string[] }): Strength {
  if (acr === acrTwoFactors) return 3;

  return amr.includes('pwd') && amr.includes('otp') ? 2 : 1;
}

/**
 * The strongest proof that somebody with these methods can give, and by which of them: what a recent sign-in asks for
 * (S96). Any of `methods` will do, a passkey alone, the others with the password; none: the password alone.
 */
export function strongestEnrolled(methods: readonly Method[]): { strength: Strength; methods: Method[] } {
  const strong = methods.filter(isStrong);

  if (strong.length > 0) return { strength: 3, methods: strong };

  return methods.length > 0 ? { strength: 2, methods: [...methods] } : { strength: 1, methods: [] };
}
