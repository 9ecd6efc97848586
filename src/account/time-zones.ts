import type { Locale } from '../domain/account.ts';
import { zonesOfCountries } from '../domain/time-zones.ts';

export interface ZoneChoice {
  value: string;
  label: string;
}

const lists = new Map<Locale, ZoneChoice[]>();

/**
 * Every time zone by its country, and by its city where that has several, "Germany", "Spain – Canaries", in the order of
 * the language: a browser finds one by the first letters typed. `chosen` is among them, whatever it is.
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

const several = new Set(
  zonesOfCountries.map(({ country }) => country).filter((country, at, all) => all.indexOf(country) !== at),
);

/** That of most people of a country with several, which goes by the country's name (CLDR's primary zones). */
const primary = new Set([
  'America/Guayaquil',
  'America/Santiago',
  'Asia/Kuala_Lumpur',
  'Asia/Shanghai',
  'Asia/Tashkent',
  'Europe/Kyiv',
  'Europe/Lisbon',
  'Europe/Madrid',
  'Pacific/Auckland',
  'Pacific/Majuro',
]);

function zonesIn(locale: Locale): ZoneChoice[] {
  const names = new Intl.DisplayNames([locale], { type: 'region' });
  const { compare } = new Intl.Collator(locale);
  const zones = zonesOfCountries
    .map(({ country, zone }) => {
      const name = names.of(country) ?? country;
      const hasCity = several.has(country) && !primary.has(zone);

      return { value: zone, label: hasCity ? `${name} – ${cityOf(zone, locale)}` : name };
    })
    .map((choice) => ({ ...choice, sound: locale === 'ja' ? asRead(choice.label) : choice.label }))
    .toSorted((a, b) => compare(a.sound, b.sound));

  return [{ value: 'UTC', label: 'UTC' }, ...zones.map(({ value, label }) => ({ value, label }))];
}

/** How CLDR says the time of a city: the one place in which Intl names cities. */
const timesOfCities: Record<Locale, RegExp> = {
  en: /^(.*) Time$/,
  de: /^(.*) \(Ortszeit\)$/,
  fr: /^heure : (.*)$/,
  es: /^hora de (.*)$/,
  ja: /^(.*)時間$/,
  ko: /^(.*) 시간$/,
};

/** Where the language has an abbreviation for the time instead ("MEZ"), and the name in the zone's is not the city's. */
const cities: Partial<Record<Locale, Readonly<Record<string, string>>>> = {
  de: { 'Asia/Nicosia': 'Nikosia', 'Atlantic/Canary': 'Kanarische Inseln' },
  es: { 'Asia/Hebron': 'Hebrón', 'Atlantic/Canary': 'Islas Canarias', 'Europe/Kaliningrad': 'Kaliningrado' },
};

/** Of winter, in which no summer time has a name of its own. */
const winter = Date.UTC(2026, 0, 15);

function cityOf(zone: string, locale: Locale): string {
  const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'shortGeneric' });
  const time = format.formatToParts(winter).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, city] = timesOfCities[locale].exec(time) ?? [];

  // `America/Argentina/Buenos_Aires` -> "Buenos Aires"
  return city ?? cities[locale]?.[zone] ?? (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

/** What countries that begin with a Chinese character sound like, the longer ones first. */
const readings = Object.entries({
  中華人民共和国香港: 'ほんこん',
  中華人民共和国マカオ: 'まかお',
  北朝鮮: 'きたちょうせん',
  合衆国: 'がっしゅうこく',
  中央: 'ちゅうおう',
  中国: 'ちゅうごく',
  仏領: 'ふつりょう',
  南極: 'なんきょく',
  台湾: 'たいわん',
  日本: 'にほん',
  米領: 'べいりょう',
  英領: 'えいりょう',
  赤道: 'せきどう',
  韓国: 'かんこく',
  北: 'きた',
  南: 'みなみ',
  東: 'ひがし',
  西: 'にし',
});

/** Lists in Japanese go by sound; compared as they are written, these would all stand at the end. */
function asRead(label: string): string {
  const [written, sound] = readings.find(([start]) => label.startsWith(start)) ?? [];

  return written === undefined || sound === undefined ? label : sound + label.slice(written.length);
}
