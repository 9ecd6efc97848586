import { z } from 'zod';

import { isEmailAddress } from '../domain/email-address.ts';
import type { ProblemKey } from './problems.ts';

/** Rules for texts that people write. Lengths are in code points, after NFC and without blanks at the ends. */

/**
 * Control characters, line and paragraph separators, and what reorders text (Unicode Technical Report 36 section 2):
 * nothing that a name is made of, and enough to make one name look like another (S21).
 */
const hidden = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/u;
const hiddenButBreaks = new RegExp(
  hidden.source.replace('\\p{Cc}', '\\u0000-\\u0009\\u000B-\\u001F\\u007F-\\u009F'),
  'u',
);

/** Longer than any field; what is longer is not even normalised. */
const mostCharacters = 10_000;

/** One line of text; may be empty. */
export function line(max: number) {
  return text(max, hidden);
}

/** Several lines; may be empty. */
export function lines(max: number) {
  return text(max, hiddenButBreaks, (value) => value.replace(/\r\n?/g, '\n'));
}

export function neededLine(max: number) {
  return line(max).refine((value) => value !== '', problemIs('problem.required'));
}

/** What a refinement says when it fails. */
export function problemIs(key: ProblemKey, params: Record<string, string | number> = {}) {
  return { error: key, params };
}

function text(max: number, unwanted: RegExp, prepare = (value: string) => value) {
  return z
    .string()
    .max(mostCharacters, { abort: true })
    .refine((value) => value.isWellFormed(), { ...problemIs('problem.controlCharacters'), abort: true })
    .transform((value) => prepare(value).normalize('NFC').trim())
    .refine((value) => !unwanted.test(value), problemIs('problem.controlCharacters'))
    .refine((value) => Array.from(value).length <= max, problemIs('problem.tooLong', { max }));
}

/** `isEmailAddress`, normalised and without blanks at the ends. */
export const emailAddress = z
  .string()
  .max(1000, { abort: true })
  .transform((value) => value.normalize('NFC').trim())
  .refine(isEmailAddress, problemIs('problem.email'));
