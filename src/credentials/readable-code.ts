import { randomBytes } from 'node:crypto';

/**
 * Secrets that people copy by hand: Crockford's base 32, five random bits a character, shown in groups of four and read
 * however they were typed: in small letters, with other dashes or none, O for 0, I and L for 1.
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groupLength = 4;
/** Longer than any code with whatever stands between its characters. */
const longestTyped = 200;

export function newReadableCode(characters: number): string {
  // 256 is a multiple of 32: every character is as likely as any other.
  return Array.from(randomBytes(characters), (byte) => alphabet[byte % 32]).join('');
}

/** `7KQ2-M0XA-…` */
export function inGroups(code: string, separator = '-'): string {
  return (code.match(new RegExp(`.{1,${groupLength}}`, 'gu')) ?? []).join(separator);
}

/** The code in the form in which it was made; undefined when it can't be one of so many characters. */
export function readReadableCode(typed: string, characters: number): string | undefined {
  if (typed.length > longestTyped) return undefined;

  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');

  return code.length === characters && Array.from(code).every((each) => alphabet.includes(each)) ? code : undefined;
}
