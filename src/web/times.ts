import type { Locale } from '../domain/account.ts';
import { asInSentences, hourIn, type TimeUnit } from '../domain/duration.ts';
import { lastMade } from '../domain/last-made.ts';

/** Times as people say them. Everything is milliseconds; words come from Intl alone. */
interface Place {
  locale: Locale;
  /** IANA name. */
  timeZone: string;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const distances = lastMade<Intl.RelativeTimeFormat>(6);
const dates = lastMade<Intl.DateTimeFormat>(100);
const exactTimes = lastMade<Intl.DateTimeFormat>(100);

/** What has just happened; Intl knows only what is so at this moment. */
const justNow: Readonly<Record<Locale, string>> = {
  en: 'just now',
  de: 'gerade eben',
  ko: '방금',
  ja: 'たった今',
  fr: 'à l’instant',
  es: 'ahora mismo',
};

/** "just now", "5 minutes ago", "in 3 days"; beyond a week the date. What is to come is rounded to the nearest. */
export function relativeTime(time: number, place: Place & { now: number }): string {
  const distance = time - place.now;
  const away = Math.abs(distance);
  const words = distances(place.locale, () => new Intl.RelativeTimeFormat(place.locale, { numeric: 'auto' }));
  const say = (amount: number, unit: TimeUnit): string =>
    asInSentences(words.format(distance < 0 ? Math.trunc(amount) : Math.round(amount), unit), place.locale);
  // Half a unit before the next one, what is to come is of that one already.
  const isUnder = (length: number, unit: number): boolean => away < (distance < 0 ? length : length - unit / 2);

  if (away < minute) return distance > 0 ? say(0, 'second') : justNow[place.locale];
  if (isUnder(hour, minute)) return say(distance / minute, 'minute');
  if (isUnder(day, hour)) return say(distance / hour, 'hour');
  if (away < 7 * day) return say(distance / day, 'day');

  return dates(keyOf(place), () => {
    return new Intl.DateTimeFormat(place.locale, { dateStyle: 'long', timeZone: place.timeZone });
  }).format(time);
}

/** To the second, with the time zone. */
export function exactTime(time: number, place: Place): string {
  const format = exactTimes(keyOf(place), () => {
    return new Intl.DateTimeFormat(place.locale, {
      timeZone: place.timeZone,
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      hour: hourIn(place.locale),
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    });
  });

  return format.format(time);
}

function keyOf({ locale, timeZone }: Place): string {
  return `${locale} ${timeZone}`;
}
