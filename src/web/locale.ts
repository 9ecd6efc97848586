import de from '../../config/locales/de.json' with { type: 'json' };
import en from '../../config/locales/en.json' with { type: 'json' };
import type { Locale } from '../domain/account.ts';

/** Every text that a person reads. A key that a language lacks does not compile. */
export type MessageKey = keyof typeof en;

/** Whether a text names a message: what a cookie or a form's rule says is believed only then. */
export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(en, text);
}

const catalogues: Readonly<Record<Locale, Readonly<Record<MessageKey, string>>>> = { en, de };

/** Each language in its own words. */
export const localeNames: Readonly<Record<Locale, string>> = { en: 'English', de: 'Deutsch' };

/** The text of a key, `{name}` filled from `values`. The result is text: templates escape it. */
export type Say = (key: MessageKey, values?: Readonly<Record<string, string | number>>) => string;

export function sayIn(locale: Locale): Say {
  const catalogue = catalogues[locale];

  return (key, values) =>
    catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values?.[name] ?? whole));
}
