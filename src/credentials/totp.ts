import { randomBytes } from 'node:crypto';

import speakeasy from 'speakeasy';

import { sameText } from '../storage/sealing.ts';
import { inGroups } from './readable-code.ts';

/**
 * Authenticator apps: time-based one-time passwords (RFC 6238) of six digits, 30 s and SHA-1, which is what every app
 * understands. The library only computes the code of a step. Reading a code, the window, replay, secrets and links are
 * ours, because in the library they are too generous: it takes `+123456`, numbers and arrays for codes, an empty secret
 * for a secret, and puts labels into links as they are.
 */
const secretBytes = 20;
const digits = 6;
/** Seconds. */
const period = 30;
/** Steps before and after the present one whose codes are accepted (RFC 6238 section 5.2): 30 s of skew (S90, S103). */
const window = 1;

/** RFC 4648 section 6. */
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const secretForm = /^[A-Z2-7]{32,}$/;

/** 160 random bits (RFC 4226 section 4, R6) in base 32. */
export function newTotpSecret(): string {
  const bits = Array.from(randomBytes(secretBytes), (byte) => byte.toString(2).padStart(8, '0')).join('');

  return (bits.match(/.{5}/g) ?? []).map((five) => base32[Number.parseInt(five, 2)]).join('');
}

/** For people who type it: `JBSW Y3DP …` */
export function secretInGroups(secret: string): string {
  return inGroups(secret, ' ');
}

/** What an app reads from the picture: the key URI format of the authenticator apps. */
export function totpUrl({ secret, issuer, account }: { secret: string; issuer: string; account: string }): string {
  // The first colon separates the two, whether it is encoded or not.
  const service = issuer.replaceAll(':', ' ').trim();
  const label = `${encodeURIComponent(service)}:${encodeURIComponent(account)}`;
  const parameters = { secret, issuer: service, algorithm: 'SHA1', digits, period };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);

  return `otpauth://totp/${label}?${query.join('&')}`;
}

/**
 * The step that a code belongs to, if it is one of those that are accepted now and come after `after`: to be stored as
 * the new `after` in one conditional update, so that a code works once (S89). `now` in milliseconds. Only a text of six
 * digits is a code. Throws TypeError for a secret that is too short to be one.
 */
export function acceptedStep(
  secret: string,
  code: unknown,
  { now, after }: { now: number; after: number },
): number | undefined {
  if (!secretForm.test(secret)) throw new TypeError('no secret of 160 bits or more in base 32');
  if (typeof code !== 'string' || !/^\d{6}$/.test(code)) return undefined;

  const present = Math.floor(now / 1000 / period);
  const steps = Array.from({ length: 2 * window + 1 }, (_, index) => present - window + index);
  // Every one is compared: how long it takes tells nothing.
  const right = steps.filter((step) => sameText(codeOf(secret, step), code));

  return right.find((step) => step > after);
}

/** The last step whose code is accepted at this time, in milliseconds. */
export function lastStepAt(now: number): number {
  return Math.floor(now / 1000 / period) + window;
}

/** Before any step: nothing was accepted yet. */
export const noStep = -1;

function codeOf(secret: string, step: number): string {
  return speakeasy.hotp({ secret, encoding: 'base32', counter: step, digits });
}
