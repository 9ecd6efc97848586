import type { Json } from './json.ts';

/** `admin` runs this installation; `auditor` sees all that an administrator sees, and changes nothing. */
export const roles = ['admin', 'auditor'] as const;
export type Role = (typeof roles)[number];

/** Whether somebody with these roles may do what takes this one. */
export function hasRole({ roles }: Pick<Account, 'roles'>, role: Role): boolean {
  return roles.includes('admin') || roles.includes(role);
}

/** A person who signs in. `id` is the subject (OpenID Connect Core 1.0 section 2): never given to anyone else again. */
export interface Account {
  id: string;
  /** As the person typed it. */
  email: string;
  /** What uniqueness and look-ups go by: `emailKey(email)`. */
  emailKey: string;
  emailVerified: boolean;
  /** At most 20 code points; the `name` claim. */
  displayName: string;
  firstName: string;
  lastName: string;
  /** Free text on what the person does, at most 20 code points. */
  task: string;
  phone?: { /** E.164 */ number: string; verified: boolean };
  locale: Locale;
  /** Further standard claims of OpenID Connect Core 1.0 section 5.1 (`website`, `address`, `birthdate`, …). */
  claims: Record<string, Json>;
  roles: Role[];
  /** Nothing of a `closing` one works. */
  status: 'active' | 'disabled' | 'closing';
  /** Where an administrator has locked it. */
  lock?: Lock;
  /** Where it is closing, when and how far. */
  closing?: Closing;
  /** An administrator is about to close it (`operations/last-administrator.ts`). `at` in milliseconds. */
  leaving?: { id: string; at: number };
  /** Addresses that it had lately, the oldest first. Going back to one drops those behind it. */
  formerEmails?: FormerEmail[];
  /** The key under which the personal fields of this account's events are encrypted; itself sealed by the operator's key. */
  eventKey: string;
  /** Milliseconds. */
  createdAt: number;
  updatedAt: number;
}

/** Of an account that is `disabled`. Times in milliseconds. */
export interface Lock {
  at: number;
  /** As the person is told it; may be empty. */
  reason: string;
  /** Then it ends by itself; absent: somebody has to end it. */
  until?: number;
}

/** Of an account that was closed and is still there. Times in milliseconds. */
export interface Closing {
  at: number;
  /** Until then whoever signs in may keep it; afterwards it goes. Not after `at`: there is no way back. */
  until: number;
  /** When there is more to do: what is left to be ended, or the account itself to be deleted. */
  nextAt: number;
}

/** An id that was an account's: it is never given to another one (OpenID Connect Core 1.0 section 2). */
export interface ClosedAccount {
  id: string;
  /** Milliseconds. */
  closedAt: number;
  /** When what came in while it went is looked for and removed; absent: it was. */
  lookAt?: number;
}

/** Until when (milliseconds) its owner can still keep an account that they have closed; undefined: it is not one of these. */
export function keepableUntil(
  { status, closing }: Pick<Account, 'status' | 'closing'>,
  now: number,
): number | undefined {
  return status === 'closing' && closing && closing.until > now ? closing.until : undefined;
}

/** Whether the time for which it was locked is over: then nothing is left to do but to write that down. */
export function isLockOver({ status, lock }: Pick<Account, 'status' | 'lock'>, now: number): boolean {
  return status === 'disabled' && lock?.until !== undefined && lock.until <= now;
}

/** Whether its owner may prove that it is theirs: then it is used, or can be kept. */
export function maySignIn(account: Pick<Account, 'status' | 'closing' | 'lock'>, now: number): boolean {
  return account.status === 'active' || keepableUntil(account, now) !== undefined || isLockOver(account, now);
}

/** An address that a change took the place of, as long as that can be taken back. */
export interface FormerEmail {
  /** As the person typed it. */
  email: string;
  /** The one-time secret that takes the change back. */
  undo: string;
  /** Milliseconds. */
  until: number;
}

/** Whom an address is kept for that no account has just now: nobody else gets it. `id`: `emailKey` of the address. */
export interface FormerAddress {
  id: string;
  accountId: string;
  /** Milliseconds. */
  expiresAt: number;
}

/** In this order they are offered; the first one answers where nothing else is asked for. */
export const locales = ['en', 'de', 'ko', 'ja', 'fr', 'es'] as const;
export type Locale = (typeof locales)[number];

/** The first language tag (RFC 5646) whose language is spoken here: `de-AT` is answered in `de`. */
export function firstLocale(tags: readonly string[]): Locale | undefined {
  const known = tags.map((tag) => locales.find((locale) => locale === tag.toLowerCase().split('-', 1)[0]));

  return known.find((locale) => locale !== undefined);
}

/**
 * The one form under which an e-mail address is unique and found: NFKC, lower case, trimmed (S81, S87). The local part
 * keeps its dots and tags: only the mailbox's owner knows whether they matter.
 */
export function emailKey(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
}

/** The form in which a name is looked for: whatever its case and its width. */
export const nameKey = emailKey;
