/** Neighbours on keyboards (US, German, French), read in either direction. */
const walks = [
  '`1234567890-=',
  'qwertyuiop[]\\',
  "asdfghjkl;'",
  'zxcvbnm,./',
  'qwertzuiopü+',
  'asdfghjklöä#',
  'yxcvbnm,.-',
  'azertyuiop^$',
  'qsdfghjklmù*',
  'wxcvbn,;:!',
  '!@#$%^&*()_+',
  '1qaz',
  '2wsx',
  '3edc',
  '4rfv',
  '5tgb',
  '6yhn',
  '7ujm',
].flatMap((line) => [line, Array.from(line).reverse().join('')]);

/** Shorter ones occur in ordinary words: "were", "street". */
const shortestRun = 4;

/** How long the text is when each run (`aaaa`, `4321`, `qwert`) counts as one character. */
export function fold(text: string): number {
  const characters = Array.from(text.toLowerCase());
  let folded = 0;

  for (let at = 0; at < characters.length; folded += 1) at += runAt(characters, at);

  return folded;
}

/** How many characters from `start` on are one run; 1 when they are none. */
export function runAt(characters: readonly string[], start: number): number {
  const length = Math.max(stepRun(characters, start), walkRun(characters, start));

  return length >= shortestRun ? length : 1;
}

/** The length of the shortest beginning whose repetition is the whole text; the text's own length when there is none. */
export function period(text: string): number {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (text.startsWith(text.slice(length)) && text.length > length) return length;
  }

  return text.length;
}

/** How many characters from `start` on follow each other by the same step of 0, 1 or -1 code point. */
function stepRun(characters: readonly string[], start: number): number {
  const code = (index: number) => characters[index]?.codePointAt(0) ?? NaN;
  const step = code(start + 1) - code(start);
  if (!(Math.abs(step) <= 1)) return 1;

  let end = start + 1;
  while (code(end + 1) - code(end) === step) end += 1;

  return end - start + 1;
}

/** How many characters from `start` on lie side by side on a keyboard. */
function walkRun(characters: readonly string[], start: number): number {
  const isWalk = (length: number) => {
    const run = characters.slice(start, start + length).join('');

    return start + length <= characters.length && walks.some((walk) => walk.includes(run));
  };

  let length = 1;
  while (isWalk(length + 1)) length += 1;

  return length;
}
