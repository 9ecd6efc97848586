import { hash, randomBytes } from 'node:crypto';

/** A new identifier: 128 random bits as 22 letters, digits, `-` and `_`. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
}

/** A new secret: 256 random bits as 43 letters, digits, `-` and `_`; safe in every URL and header. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 as base64url. Only for values with 128 random bits or more: guessable ones need a keyed hash. */
export function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** A new identifier that sorts by time: the milliseconds in base 36 (9 characters until the year 5188), then 80 random bits. */
export function newTimedId(now: number): string {
  return now.toString(36).padStart(9, '0') + randomBytes(10).toString('hex');
}
