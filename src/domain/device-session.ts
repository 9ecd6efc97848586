import type { Json } from './json.ts';

/** One browser that is signed in (or about to be). `id` is the session's uid: it stays while the cookie's value changes. */
export interface DeviceSession {
  id: string;
  /** SHA-256 of the cookie's present value (S104: no earlier value is found). */
  cookieHash: string;
  accountId?: string;
  payload: Record<string, Json>;
  userAgent: string;
  ip: string;
  amr: string[];
  createdAt: number;
  signedInAt?: number;
  /** Milliseconds, kept to the minute. */
  lastAccessedAt: number;
  expiresAt: number;
}

/** What a session's payload says of a client that was used in it. */
export interface SessionClient {
  grantId?: string;
  /** What the client knows the session by (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  sid?: string;
  /** Whether what it was given is meant to outlive the session. */
  persistsLogout?: boolean;
}

/** The clients that were used in a session, by id. */
export function clientsOf({ payload }: Pick<DeviceSession, 'payload'>): Readonly<Record<string, SessionClient>> {
  return (payload['authorizations'] ?? {}) as Readonly<Record<string, SessionClient>>;
}

/** Milliseconds. Signing in is access too: what is kept to the minute may be of a moment before. */
export function lastAccessOf({
  lastAccessedAt,
  createdAt,
  signedInAt = createdAt,
}: Pick<DeviceSession, 'lastAccessedAt' | 'createdAt' | 'signedInAt'>): number {
  return Math.max(lastAccessedAt, signedInAt);
}

/** A browser in which a person has signed in before: strangers' guesses don't slow it down. */
export interface KnownDevice {
  /** SHA-256 of account id and device cookie. */
  id: string;
  accountId: string;
  /** Whether a second factor was proved in it too: only then strangers' guesses at that don't slow it down. */
  secondFactor?: true;
  /** Whether a sign-in was finished in it; until then only a password or the mailbox was proved. */
  signedIn?: true;
  lastSeenAt: number;
  expiresAt: number;
}
