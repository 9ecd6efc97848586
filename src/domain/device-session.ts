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

/** A browser in which a person has signed in before: strangers' guesses don't slow it down. */
export interface KnownDevice {
  /** SHA-256 of account id and device cookie. */
  id: string;
  accountId: string;
  lastSeenAt: number;
  expiresAt: number;
}
