import { z } from 'zod';

import type { FurtherClaim } from '../domain/claims.ts';
import { isTimeZone } from '../domain/time-zone.ts';
import { line, lines, neededLine, problemIs } from './text-rules.ts';

/**
 * The standard claims that an account can carry beside the fields of its own (OpenID Connect Core 1.0 section 5.1),
 * under their standard names.
 */
export const claimRules = {
  middle_name: neededLine(64),
  nickname: neededLine(64),
  preferred_username: neededLine(64),
  profile: webAddress(),
  picture: webAddress(),
  website: webAddress(),
  gender: neededLine(64),
  birthdate: z.string().refine(isBirthdate, problemIs('problem.birthdate')),
  zoneinfo: z.string().refine(isTimeZone, problemIs('problem.zoneinfo')),
  address: z
    .strictObject({
      formatted: lines(500).optional(),
      street_address: lines(200).optional(),
      locality: line(100).optional(),
      region: line(100).optional(),
      postal_code: line(40).optional(),
      country: line(100).optional(),
    })
    .refine((address) => Object.keys(address).length > 0, problemIs('problem.required')),
} satisfies Record<FurtherClaim, z.ZodType>;

export const phoneNumber = z
  .string()
  .transform((value) => value.replace(/[\s().-]/g, ''))
  .refine((value) => /^\+[1-9]\d{5,14}$/.test(value), problemIs('problem.phone'));

/** A page on the web: any script address would run in whichever app shows it as a link. */
function webAddress() {
  return z
    .string()
    .max(2048, { abort: true })
    .refine((value) => /^https?:\/\/[\x21-\x7e]+$/.test(value) && URL.canParse(value), problemIs('problem.webAddress'));
}

/** ISO 8601: `YYYY-MM-DD`, the year 0000 when it is withheld; or the year alone (section 5.1). */
function isBirthdate(value: string): boolean {
  if (/^\d{4}$/.test(value)) return true;

  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  if (year === undefined) return false;

  // 2000 was a leap year: with the year withheld, 29 February is a birthday.
  const date = new Date(`${year === '0000' ? '2000' : year}-${month}-${day}T00:00:00Z`);
  return date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
}
