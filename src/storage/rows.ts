import type { Json } from '../domain/json.ts';

/** The rows that no other room has a name for. Times in milliseconds. */

/** Failures that count against guessing, kept with the secrets that they protect. */
export interface Attempts {
  id: string;
  failures: number;
  lastAt: number;
  /** The node that counted the last one, and may not know its outcome yet. */
  lastBy?: string;
  expiresAt: number;
}

/** A secret that works once (the setup link, a reset, an undo), kept as a keyed hash. */
export interface OneTimeSecret {
  id: string;
  purpose: string;
  hash: string;
  accountId?: string;
  data: Record<string, Json>;
  createdAt: number;
  expiresAt: number;
}

/** The six-digit code of one account for one purpose, with what is counted about it. Times in milliseconds. */
export interface OneTimeCode {
  id: string;
  accountId: string;
  purpose: string;
  /** Keyed; absent when it was used or withdrawn. */
  hash?: string;
  /** SHA-256 of what names the browser and the attempt that asked. */
  binding: string;
  /** What the code is about: the address that it proves, … */
  data: Record<string, Json>;
  tries: number;
  /** When one was sent, within the last hour. */
  sentAt: number[];
  /** Until when the code works; the row stays for what it counts. */
  worksUntil: number;
  expiresAt: number;
}

/** Something that must never be accepted twice: the `jti` of a client assertion (RFC 7523 section 3), a challenge. */
export interface Used {
  id: string;
  expiresAt: number;
}

/** Work that one node does for all: `id` names it. While it lives, it is the holder's; over, it is anybody's. */
export interface Lease {
  id: string;
  holder: string;
  expiresAt: number;
}

export interface PasswordCredential {
  /** The account's id. */
  id: string;
  accountId: string;
  /** argon2id in PHC string format. */
  hash: string;
  changedAt: number;
}

/** A named value of the installation (first start done, epoch, …). */
export interface Setting {
  id: string;
  value: Json;
  updatedAt: number;
}
