import type { Locale } from './account.ts';
import { lastMade } from './last-made.ts';

export type TimeUnit = 'second' | 'minute' | 'hour' | 'day';

const amounts = lastMade<Intl.NumberFormat>(24);
const hours = lastMade<'numeric' | '2-digit'>(6);

/** "20 seconds", "2 minutes", "1 hour": a wait, rounded up so that it is over by then. */
export function waitInWords(seconds: number, locale: Locale): string {
  const [length, unit]: [number, TimeUnit] =
    seconds < 60 ? [1, 'second'] : seconds < 3600 ? [60, 'minute'] : [3600, 'hour'];

  return amountInWords(Math.ceil(seconds / length), unit, locale);
}

/** "20 seconds", "30 days". */
export function amountInWords(amount: number, unit: TimeUnit, locale: Locale): string {
  const format = amounts(
    `${locale} ${unit}`,
    () => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }),
  );

  return asInSentences(format.format(amount), locale);
}

/** Intl sets numbers apart by a blank, which no Japanese sentence has. */
export function asInSentences(words: string, locale: Locale): string {
  return locale === 'ja' ? words.replaceAll(/\s/g, '') : words;
}

/** How the hour of a time is written: where the day has twice twelve of them, without a nought before it. */
export function hourIn(locale: Locale): 'numeric' | '2-digit' {
  return hours(locale, () => {
    return new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions().hour12 ? 'numeric' : '2-digit';
  });
}
