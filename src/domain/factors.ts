/**
 * With what an account proves more than its password. One document holds all of it, so that what must not be decided
 * twice or half (a code used, the last way in removed) is one conditional update. Times in milliseconds.
 */
export interface Factors {
  /** The account's id. */
  id: string;
  /** Rises with each change: a change is made to the version that it was thought out for, or not at all. */
  version: number;
  authenticators: Authenticator[];
  /** Since when codes may be sent to the account's address or number. */
  email?: { addedAt: number };
  text?: { addedAt: number };
  /** Ids of rows in `passkeys`. What is not in here is no factor, whatever rows there are. */
  passkeys: string[];
  /** What the sign-in page begins with; one of those that are enrolled. */
  preferred?: Method;
  recovery?: RecoveryCodes;
  /** An authenticator whose first code is awaited. */
  pending?: PendingAuthenticator;
  /** Browsers that were remembered by an older proof are not: see `RememberedBrowser`. */
  forgottenAt?: number;
  /** The password is too short to be asked for alone: it was set while it was guarded, and guarded it stays (S61). */
  shortPassword?: true;
  changedAt: number;
}

/** A way to get codes, beside the password. They are what the two-factor switch is about. */
export type CodeMethod = 'authenticator' | 'text' | 'email';
export type Method = 'passkey' | CodeMethod;

/** An authenticator app (RFC 6238). */
export interface Authenticator {
  id: string;
  name: string;
  /** The secret, sealed by the operator's key. */
  sealed: string;
  /** The time step whose code was accepted last; none up to it is accepted again (RFC 6238 section 5.2). */
  lastStep: number;
  addedAt: number;
  lastUsedAt?: number;
}

export interface PendingAuthenticator {
  id: string;
  sealed: string;
  /** SHA-256 of what names the session or sign-in in which it was begun: nobody else's secret is ever shown. */
  binding: string;
  begunAt: number;
}

export interface RecoveryCodes {
  madeAt: number;
  /** Keyed hashes of those that were not used. */
  hashes: string[];
}

/** A discoverable WebAuthn credential that verifies its user. */
export interface Passkey {
  /** The credential's id in base64url: no two accounts share one (WebAuthn Level 3 section 7.1). */
  id: string;
  accountId: string;
  name: string;
  /** COSE key (RFC 9052 section 7) in base64url. */
  publicKey: string;
  /** Signatures that its device has counted; 0 where it doesn't count. */
  counter: number;
  /** Whether it can be copied to other devices (backup eligible), and whether it was by its last use. */
  synced: boolean;
  backedUp: boolean;
  transports: string[];
  /** The make of the authenticator. */
  aaguid: string;
  createdAt: number;
  lastUsedAt?: number;
}

/** What one change added, as the mail about it knows it. Removed and added once more it is another one. */
export type AddedFactor = (
  | { kind: 'authenticator' | 'passkey'; id: string }
  | { kind: 'email' | 'text' | 'recovery-codes' }
) & {
  /** Recovery codes of this very time came with it. */
  at: number;
};

/** A browser in which the second factor is not asked for a while. `id` is a keyed hash of its cookie's secret. */
export interface RememberedBrowser {
  id: string;
  accountId: string;
  userAgent: string;
  /** When the second factor was proved by which it is remembered; void once `Factors.forgottenAt` is as late. */
  provedAt: number;
  createdAt: number;
  lastUsedAt: number;
  expiresAt: number;
}

export function noFactors(accountId: string): Factors {
  return { id: accountId, version: 0, authenticators: [], passkeys: [], changedAt: 0 };
}

/** What is enrolled, the strongest first. */
export function methodsOf({ authenticators, text, email, passkeys }: Factors): Method[] {
  const methods: Method[] = [];

  if (passkeys.length > 0) methods.push('passkey');
  if (authenticators.length > 0) methods.push('authenticator');
  if (text) methods.push('text');
  if (email) methods.push('email');

  return methods;
}

/** Stronger than a code by e-mail, which proves a mailbox and not something that a person has (S83). */
export function isStrong(method: Method): boolean {
  return method !== 'email';
}

/**
 * Whether signing in by password asks for more: the two-factor switch. It is on as long as there is a way to get codes.
 * A passkey alone does not turn it on, because its owner may be at a computer without it.
 */
export function isTwoFactorOn(factors: Factors): boolean {
  return methodsOf(factors).some((method) => method !== 'passkey');
}

/**
 * Whether a password never gets in without a second factor that counts as one (S83): then it may be shorter (S61). A code
 * by e-mail that would do in its place makes the password the only factor again.
 */
export function isPasswordGuarded(factors: Factors): boolean {
  return isTwoFactorOn(factors) && methodsOf(factors).every(isStrong);
}

/** Whether leaving these would make a short password all that is asked for (S61). */
export function baresPassword(left: Factors, seen: Factors): boolean {
  return left.shortPassword === true && isPasswordGuarded(seen) && !isPasswordGuarded(left);
}

/** The same document with a preference that is enrolled: the one it had, else the strongest way to get codes. */
export function withPreference(factors: Factors): Factors {
  const methods = methodsOf(factors);
  const { preferred, ...rest } = factors;
  const next =
    methods.find((method) => method === preferred) ?? methods.find((method) => method !== 'passkey') ?? methods[0];

  return next === undefined ? rest : { ...rest, preferred: next };
}
