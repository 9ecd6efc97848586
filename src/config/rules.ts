import { z } from 'zod';

import { furtherClaims } from '../domain/claims.ts';
import { isTimeZone } from '../domain/time-zone.ts';
import { isCidr } from './addresses.ts';

export const cidr = z.string().refine(isCidr);

/** The bytes of a key in base64url or base64, with or without padding; undefined unless there are 32 random ones. */
export function keyBytes(value: string): Buffer | undefined {
  const bare = value.replace(/=+$/, '');
  if (!/^[A-Za-z0-9_+/-]{43}$/.test(bare)) return undefined;

  const bytes = Buffer.from(bare, 'base64url');
  // Random bytes practically never repeat this much: it is a placeholder that somebody forgot to replace.
  return bytes.length === 32 && new Set(bytes).size >= 12 ? bytes : undefined;
}

export const keyText = z.string().refine((value) => keyBytes(value) !== undefined);

export const cookieKey = z
  .string()
  .min(32)
  .max(1024)
  .refine((value) => new Set(value).size >= 8);

/** Standard claims of OpenID Connect Core 5.1 beside those that the console always shows. */
export const claimName = z.enum(furtherClaims);

export const timeZoneName = z.string().refine(isTimeZone);

export const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/);

export const colour = z.string().regex(/^#[0-9a-f]{6}$/i);

export const link = z.string().refine((value) => URL.canParse(value) && new URL(value).protocol === 'https:');

/** An absolute URI without a fragment (RFC 8707 section 2). */
export const resourceIdentifier = z
  .string()
  .max(512)
  .refine((value) => URL.canParse(value) && !value.includes('#') && !/[\s"<>\\^`{|}]/.test(value));

const openIdScopes = new Set(['openid', 'profile', 'email', 'phone', 'address', 'offline_access']);

/** A scope token (RFC 6749 section 3.3) that OpenID Connect does not use already. */
export const scopeName = z
  .string()
  .max(128)
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/)
  .refine((value) => !openIdScopes.has(value));
