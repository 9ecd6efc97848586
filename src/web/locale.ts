import type { Locale } from '../domain/account.ts';
import { isTextKey, textIn, type TextKey, type TextValues } from '../domain/texts.ts';

/** Every text that a person reads. A key that a language lacks does not compile. */
export type MessageKey = TextKey;

/** Whether a text names a message: what a cookie or a form's rule says is believed only then. */
export const isMessageKey: (text: string) => text is MessageKey = isTextKey;

/** The text of a key, `{name}` filled from `values`. The result is text: templates escape it. */
export type Say = (key: MessageKey, values?: TextValues) => string;

export function sayIn(locale: Locale): Say {
  return (key, values) => textIn(locale, key, values);
}
