/** No password of the permitted length is longer in UTF-8; anything longer is refused before it is even counted. */
const maximumBytes = 4096;

/**
 * The one form in which a password is judged and hashed: NFKC (NIST SP 800-63B-4 section 3.1.1.2), nothing trimmed,
 * nothing cut off, NUL kept (S62, S67). Undefined when it is longer than `maximum` code points or 4 kB, or is no
 * Unicode text: unpaired surrogates would all be hashed as the same replacement character.
 */
export function readPassword(text: string, maximum: number): string | undefined {
  if (isTooLong(text, maximum) || !text.isWellFormed()) return undefined;

  return text.normalize('NFKC');
}

/** Takes no longer for a megabyte than for a kilobyte. */
export function isTooLong(text: string, maximum: number): boolean {
  return text.length > maximumBytes || Buffer.byteLength(text) > maximumBytes || codePoints(text) > maximum;
}

export function codePoints(text: string): number {
  return Array.from(text).length;
}
