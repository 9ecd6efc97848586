import { commonPasswords, commonWords, plainLetters } from './common-passwords.ts';
import { runAt } from './password-patterns.ts';
import { comparable, namesOf, type PasswordOwner } from './password-policy.ts';
import { codePoints, readPassword } from './password-text.ts';

/**
 * How long a password would stand against somebody who guesses cleverly: first what is known of the person, then words,
 * runs and repetitions, then everything else. An estimate in words for people, and no rule: `password-policy.ts` decides.
 */
export interface PasswordStrength {
  score: 0 | 1 | 2 | 3 | 4;
  /** The score in a word. */
  label: `strength.${0 | 1 | 2 | 3 | 4}`;
  /** What makes it weaker than it looks, the gravest first; empty: nothing that was found. */
  reasons: StrengthReason[];
}

export type StrengthReason =
  | 'strength.personal'
  | 'strength.common'
  | 'strength.run'
  | 'strength.repeated'
  | 'strength.short';

/** As a page is told of it. */
export function strengthInKeys({ label, reasons }: PasswordStrength): string {
  return [label, ...reasons].join(' ');
}

interface Piece {
  text: string;
  kind: 'personal' | 'common' | 'word' | 'run' | 'single';
  /** What it costs to guess. */
  bits: number;
}

/** Bits from which on the next score begins: 2^40 guesses are an afternoon, 2^64 are out of reach. */
const steps = [28, 40, 52, 64];
const shortestWord = 3;
const longestWord = 20;
/** Longer than any password that is accepted: nobody waits for an estimate of it. */
const longest = 1024;

/** A word is one of some thousands; what is told of a person, and a run, is one of a few. */
const wordBits = 12.5;
const personalBits = 3;
const runBits = 6;
/** Up to the rank of 1,000 a password is one that many people use; after that it is little more than a word. */
const commonBits = 10;

export async function passwordStrength(
  password: string,
  whose: Pick<PasswordOwner, 'email' | 'names'> & { productName: string },
): Promise<PasswordStrength> {
  const text = readPassword(password, longest) ?? '';
  const [common, words] = await Promise.all([commonPasswords(), commonWords()]);
  const pieces = piecesOf(text, { common, words, names: namesOf(whose, whose.productName) });

  // What was there before costs next to nothing the second time.
  const isRepeated = ({ text: one }: Piece, index: number) => pieces.findIndex((other) => other.text === one) < index;
  const bits = pieces.reduce((sum, piece, index) => sum + (isRepeated(piece, index) ? 1 : piece.bits), 0);
  const score = steps.filter((step) => bits >= step).length as PasswordStrength['score'];

  return {
    score,
    label: `strength.${score}`,
    reasons: score === steps.length ? [] : reasonsIn(pieces, pieces.filter(isRepeated)),
  };
}

interface Known {
  common: ReadonlyMap<string, number>;
  words: ReadonlySet<string>;
  names: readonly string[];
}

/** The text as a guesser would put it together: from each place the longest piece that they have. */
function piecesOf(text: string, known: Known): Piece[] {
  const characters = Array.from(text.toLowerCase());
  const pieces: Piece[] = [];

  for (let at = 0; at < characters.length;) {
    const piece = pieceAt(characters, at, known);
    pieces.push(piece);
    at += codePoints(piece.text);
  }

  return pieces;
}

function pieceAt(characters: readonly string[], at: number, { common, words, names }: Known): Piece {
  const run = runAt(characters, at);

  for (let length = Math.min(longestWord, characters.length - at); length >= shortestWord; length -= 1) {
    const text = characters.slice(at, at + length).join('');
    const plain = plainLetters(text);

    if (names.includes(comparable(text))) return { text, kind: 'personal', bits: personalBits };
    if (run === length) return { text, kind: 'run', bits: runBits };

    // Of three letters nearly every text is in the list of passwords; as words they still count.
    const rank =
      length > shortestWord ? Math.min(...[text, plain].map((form) => common.get(form) ?? Infinity)) : Infinity;
    const bits = Math.min(Math.log2(rank + 2), wordBits);

    if (bits < commonBits || (rank < Infinity && length === characters.length)) return { text, kind: 'common', bits };
    if (rank < Infinity || words.has(plain)) return { text, kind: 'word', bits };
  }

  const [text = ''] = characters.slice(at, at + 1);

  return { text, kind: 'single', bits: Math.log2(choices(text)) };
}

/** Of how many a character is one, as a guesser would count. */
function choices(character: string): number {
  if (/\d/.test(character)) return 10;
  if (/[a-z]/.test(character)) return 26;
  if (/[\p{Script=Han}\p{Script=Hangul}]/u.test(character)) return 2000;

  return /\p{L}/u.test(character) ? 64 : 33;
}

function reasonsIn(pieces: readonly Piece[], repeated: readonly Piece[]): StrengthReason[] {
  const has = (kind: Piece['kind']) => pieces.some((piece) => piece.kind === kind);
  const reasons: StrengthReason[] = [];

  if (has('personal')) reasons.push('strength.personal');
  if (has('common')) reasons.push('strength.common');
  if (has('run')) reasons.push('strength.run');
  if (repeated.length > pieces.length / 3) reasons.push('strength.repeated');
  if (reasons.length === 0) reasons.push('strength.short');

  return reasons;
}
