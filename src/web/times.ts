import type { Locale } from '../domain/account.ts';
import { asInSentences, hourIn, type TimeUnit } from '../domain/duration.ts';

/** Times as people say them. Everything is milliseconds; words come from Intl alone. */
interface Place {
  locale: Locale;
  /** IANA name. */
  timeZone: string;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What has just happened; Intl knows only what is so at this moment. */
const justNow: Readonly<Record<Locale, string>> = {
  en: 'just now',
  de: 'gerade eben',
  ko: '방금',
  ja: 'たった今',
  fr: 'à l’instant',
  es: 'ahora mismo',
};

/** Of each kind; time zones are people's own, so the ones that were made first go where there are more. */
const mostKept = 100;

/** Making a format costs more than a hundred uses of it, and a page of rows has very many times. */
function kept<T>(make: (place: Place) => T): (place: Place) => T {
  const made = new Map<string, T>();

  return (place) => {
    const key = `${place.locale} ${place.timeZone}`;
    const known = made.get(key);
    if (known !== undefined) return known;

    const format = make(place);
    if (made.size >= mostKept) made.delete(made.keys().next().value ?? '');
    made.set(key, format);

    return format;
  };
}

const relative = kept(({ locale }) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));

const date = kept(({ locale, timeZone }) => new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }));

const exact = kept(
  ({ locale, timeZone }) =>
    new Intl.DateTimeFormat(locale, {
      timeZone,
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      hour: hourIn(locale),
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    }),
);

/** "just now", "5 minutes ago", "in 3 days"; beyond a week the date. What is to come is rounded to the nearest. */
export function relativeTime(time: number, place: Place & { now: number }): string {
  const distance = time - place.now;
  const away = Math.abs(distance);
  const words = relative(place);
  const say = (amount: number, unit: TimeUnit): string =>
    asInSentences(words.format(distance < 0 ? Math.trunc(amount) : Math.round(amount), unit), place.locale);
  // Half a unit before the next one, what is to come is of that one already.
  const isUnder = (length: number, unit: number): boolean => away < (distance < 0 ? length : length - unit / 2);

  if (away < minute) return distance > 0 ? say(0, 'second') : justNow[place.locale];
  if (isUnder(hour, minute)) return say(distance / minute, 'minute');
  if (isUnder(day, hour)) return say(distance / hour, 'hour');
  if (away < 7 * day) return say(distance / day, 'day');

  return date(place).format(time);
}

/** To the second, with the time zone. */
export function exactTime(time: number, place: Place): string {
  return exact(place).format(time);
}
