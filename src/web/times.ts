import type { Locale } from '../domain/account.ts';
import { asInSentences, type TimeUnit } from '../domain/duration.ts';

/** Times as people say them. Everything is milliseconds; words come from Intl alone. */
interface Place {
  locale: Locale;
  /** IANA name. */
  timeZone: string;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** "now", "5 minutes ago", "in 3 days"; beyond a week the date. */
export function relativeTime(time: number, place: Place & { now: number }): string {
  const distance = time - place.now;
  const away = Math.abs(distance);
  const words = new Intl.RelativeTimeFormat(place.locale, { numeric: 'auto' });
  const say = (amount: number, unit: TimeUnit): string =>
    asInSentences(words.format(Math.trunc(amount), unit), place.locale);

  if (away < minute) return say(0, 'second');
  if (away < hour) return say(distance / minute, 'minute');
  if (away < day) return say(distance / hour, 'hour');
  if (away < 7 * day) return say(distance / day, 'day');

  return new Intl.DateTimeFormat(place.locale, { dateStyle: 'long', timeZone: place.timeZone }).format(time);
}

/** To the second, with the time zone. */
export function exactTime(time: number, place: Place): string {
  return new Intl.DateTimeFormat(place.locale, {
    timeZone: place.timeZone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(time);
}
