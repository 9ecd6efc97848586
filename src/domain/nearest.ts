/** How many letters must be changed, added, dropped or swapped with their neighbour to make one word of the other. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);

  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];

    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));

      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }

    before = row;
    row = next;
  }

  return row[other.length] ?? 0;
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Whether each part of a word begins the part of the other: 'min_length' stands for 'minimum_length'. */
function abbreviates(word: string, other: string): boolean {
  const parts = word.toLowerCase().split(/[^a-z0-9]+/);
  const whole = other.toLowerCase().split(/[^a-z0-9]+/);
  return parts.length === whole.length && whole.every((part, index) => part.startsWith(parts[index] || '?'));
}

/** Whether a word is the end of a longer name: 'ENCRYPTION_KEY' of 'SECRETS_ENCRYPTION_KEY'. */
function ends(word: string, name: string): boolean {
  return /[_.]/.test(name.at(-word.length - 1) ?? '') && name.toLowerCase().endsWith(word.toLowerCase());
}

/** The word that was probably meant, or undefined when none is near. Case, `-`, `_` and `.` don't count. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;

  const meant = folded(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(meant.length / 3)) + 1;

  for (const candidate of words) {
    const far = abbreviates(word, candidate) || ends(word, candidate) ? 1 : distance(meant, folded(candidate));
    if (far < least) [best, least] = [candidate, far];
  }

  return best;
}
