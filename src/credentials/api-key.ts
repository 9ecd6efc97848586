import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { sha256 } from '../domain/ids.ts';

/**
 * The form of an API key: `gthk_`, 36 random characters (214 bits), and 6 that check the rest. The beginning lets scanners
 * find one that leaked; the end tells a slip of the hand from a key that is not there, and nobody has to be asked.
 */
export const apiKeyForm = /^gthk_[0-9A-Za-z]{42}$/;

const mark = 'gthk_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomCharacters = 36;
const checkCharacters = 6;
/** Of the random ones: the 30 others are 178 bits. */
const shownCharacters = 6;

export interface NewApiKey {
  /** Shown once, and kept nowhere. */
  key: string;
  hash: string;
  /** What may be shown later. */
  prefix: string;
}

export function newApiKey(): NewApiKey {
  const body = mark + Array.from({ length: randomCharacters }, () => alphabet[randomInt(alphabet.length)]).join('');
  const key = body + checkOf(body);

  return { key, hash: sha256(key), prefix: body.slice(0, mark.length + shownCharacters) };
}

/** Whether somebody meant it for an API key, well-formed or not. */
export function isMeantAsApiKey(text: string): boolean {
  return text.startsWith(mark);
}

/** What it is found by. Undefined: it is no key, or there is a slip in it: nobody has to be asked. */
export function hashOfApiKey(text: string): string | undefined {
  if (!apiKeyForm.test(text)) return undefined;

  const body = text.slice(0, -checkCharacters);

  return checkOf(body) === text.slice(-checkCharacters) ? sha256(text) : undefined;
}

/** CRC-32 finds every change of one character. */
function checkOf(body: string): string {
  let rest = crc32(body);
  let check = '';

  while (check.length < checkCharacters) {
    check = (alphabet[rest % alphabet.length] ?? '') + check;
    rest = Math.floor(rest / alphabet.length);
  }

  return check;
}
