import { fold, period } from './password-patterns.ts';

/** What people put around a common word to get past a rule; more than this many random characters are a password. */
const longestPadding = 8;

const lookalikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

let loading: Promise<ReadonlyMap<string, number>> | undefined;
let loadingWords: Promise<ReadonlySet<string>> | undefined;

/**
 * Whether a password (NFKC) is among those most often found in breaches, or one of them in disguise: repeated, spelt
 * with lookalikes or spaces, or padded with digits and signs. The list comes with the program: no network (S64).
 */
export async function isCommon(password: string): Promise<boolean> {
  const list = await commonPasswords();

  return disguises(password.toLowerCase()).some((candidate) => list.has(candidate));
}

/** The passwords most often found in breaches, in small letters, with their rank: 0 is the most common. */
export function commonPasswords(): Promise<ReadonlyMap<string, number>> {
  loading ??= load('passwords-common').then((list) => new Map(list.map((password, rank) => [password, rank])));

  return loading;
}

/** Words that people put passwords together from. */
export function commonWords(): Promise<ReadonlySet<string>> {
  loadingWords ??= load('diceware-common').then((list) => new Set(list));

  return loadingWords;
}

async function load(list: 'passwords-common' | 'diceware-common'): Promise<readonly string[]> {
  // Imported on first use: half a megabyte that a server which only checks passwords never needs.
  const { dictionary } = await import('@zxcvbn-ts/language-common');

  return dictionary[list];
}

/** `p@ssw0rd` -> `password` */
export function plainLetters(text: string): string {
  return text.replace(/[013457@$!]/g, (sign) => lookalikes[sign] ?? sign);
}

function disguises(text: string): string[] {
  const joined = text.replace(/[\s\-_.,]+/gu, '');
  const plain = [text, joined, text.slice(0, period(text)), joined.slice(0, period(joined))];
  const bare = plain.flatMap((form) => [form, ...withoutPadding(form)]);

  return [...bare, ...bare.map(plainLetters)];
}

/** The word inside digits and signs, unless they are many and random enough to be a password of their own. */
function withoutPadding(text: string): string[] {
  const [, before = '', word = '', after = ''] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(text) ?? [];
  const padding = before + after;

  return word !== '' && (padding.length <= longestPadding || fold(padding) < 4) ? [word] : [];
}
