import type { Locale } from './account.ts';

/** "20 seconds", "2 minutes", "1 hour": a wait, rounded up so that it is over by then. */
export function waitInWords(seconds: number, locale: Locale): string {
  const [length, unit] = seconds < 60 ? [1, 'second'] : seconds < 3600 ? [60, 'minute'] : [3600, 'hour'];
  const inWords = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });

  return inWords.format(Math.ceil(seconds / length));
}
