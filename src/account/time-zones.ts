import type { Locale } from '../domain/account.ts';
import { zonesOfCountries } from '../domain/time-zones.ts';

export interface ZoneChoice {
  value: string;
  label: string;
}

const lists = new Map<Locale, ZoneChoice[]>();

/**
 * Every time zone by its country and city, "Germany – Berlin", in the order of the language: a browser finds one by the
 * first letters typed. `chosen` is among them, whatever it is.
 */
export function zoneChoices(locale: Locale, chosen: string): ZoneChoice[] {
  const list = lists.get(locale) ?? zonesIn(locale);
  lists.set(locale, list);

  return chosen === '' || list.some(({ value }) => value === chosen)
    ? list
    : [{ value: chosen, label: chosen }, ...list];
}

/** The time of day there. */
export function timeIn(zone: string, { locale, now }: { locale: Locale; now: number }): string {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, timeStyle: 'short' }).format(now);
}

function zonesIn(locale: Locale): ZoneChoice[] {
  const names = new Intl.DisplayNames([locale], { type: 'region' });
  const zones = zonesOfCountries
    .map(({ country, zone }) => ({ value: zone, label: `${names.of(country) ?? country} – ${cityOf(zone)}` }))
    .toSorted((a, b) => a.label.localeCompare(b.label, locale));

  return [{ value: 'UTC', label: 'UTC' }, ...zones];
}

/** `America/Argentina/Buenos_Aires` -> "Buenos Aires" */
function cityOf(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}
