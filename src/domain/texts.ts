import de from '../../config/locales/de.json' with { type: 'json' };
import en from '../../config/locales/en.json' with { type: 'json' };
import es from '../../config/locales/es.json' with { type: 'json' };
import fr from '../../config/locales/fr.json' with { type: 'json' };
import ja from '../../config/locales/ja.json' with { type: 'json' };
import ko from '../../config/locales/ko.json' with { type: 'json' };
import type { Locale } from './account.ts';

/**
 * Every text that a person reads, in every language. A further language is one file in `config/locales/` with the keys
 * of the English one, its tag in `locales` (account.ts), and its name here twice; what it lacks does not compile, and
 * the tests say which placeholders differ, which texts are still English and which page is too narrow for it.
 */
const catalogues: Readonly<Record<Locale, Readonly<Record<TextKey, Text>>>> = { en, de, ko, ja, fr, es };

/** Each language in its own words. */
export const localeNames: Readonly<Record<Locale, string>> = {
  en: 'English',
  de: 'Deutsch',
  ko: '한국어',
  ja: '日本語',
  fr: 'Français',
  es: 'Español',
};

export type TextKey = keyof typeof en;

/** One text, or one for each plural category that the language has for `{count}`. */
type Text = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });

/** What fills `{placeholders}`. Numbers are written as the language writes them. */
export type TextValues = Readonly<Record<string, string | number>>;

export function isTextKey(text: string): text is TextKey {
  return Object.hasOwn(en, text);
}

/** The text of a key, `{name}` filled from `values`, once: what fills it is text. Placeholders without a value stay. */
export function textIn(locale: Locale, key: TextKey, values: TextValues = {}): string {
  return formOf(locale, catalogues[locale][key], values['count']).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];

    return typeof value === 'number' ? numberIn(locale, value) : (value ?? whole);
  });
}

function formOf(locale: Locale, text: Text, count: string | number | undefined): string {
  if (typeof text === 'string') return text;

  return text[pluralRules(locale).select(Number(count))] ?? text.other;
}

function numberIn(locale: Locale, value: number): string {
  // Below a thousand all of these languages write a whole number alike, and Intl takes its time.
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : value.toLocaleString(locale);
}

const rules = new Map<Locale, Intl.PluralRules>();

function pluralRules(locale: Locale): Intl.PluralRules {
  const known = rules.get(locale) ?? new Intl.PluralRules(locale);
  rules.set(locale, known);

  return known;
}
