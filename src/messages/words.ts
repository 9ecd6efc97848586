import type { Locale } from '../domain/account.ts';
import { hourIn, waitInWords } from '../domain/duration.ts';
import { textIn, type TextKey, type TextValues } from '../domain/texts.ts';
import { deviceInWords, deviceOf } from './device.ts';

/** The words of messages, and those of the footer that pages have too. */
export type MessageKey = Extract<TextKey, `message.${string}` | `frame.${'help' | 'privacy' | 'terms'}`>;

/** What templates say things with: one language, one person's time zone, the operator's name. */
export interface Words {
  /** The text of a key; `{service}` is filled everywhere. */
  say(key: MessageKey, values?: TextValues): string;
  /** How long a code still works, from the moment at which this is sent: "10 minutes". */
  left(): string;
  /** Milliseconds -> "Thursday, 1 January 2026 at 13:05 CET". */
  time(milliseconds: number): string;
  /** A browser and its system in words. */
  device(userAgent: string): string;
  /** An address here. The host is the configured issuer's, whatever a request said (S72). */
  link(path: string): string;
  /** What a browser fills codes of text messages in for; undefined where it would not (plain http). */
  codeOrigin(): string | undefined;
}

export interface WordsSettings {
  locale: Locale;
  /** IANA name. */
  timeZone: string;
  service: string;
  issuer: string;
  /** Milliseconds. */
  now: number;
  usefulUntil?: number | undefined;
}

export function createWords({ locale, timeZone, service, issuer, now, usefulUntil = now }: WordsSettings): Words {
  const say: Words['say'] = (key, values) => textIn(locale, key, { ...values, service });

  return {
    say,
    left: () => waitInWords(Math.max(1, Math.round((usefulUntil - now) / 60_000)) * 60, locale),

    time: (milliseconds) =>
      new Intl.DateTimeFormat(locale, {
        timeZone,
        weekday: 'long',
        year: 'numeric',
        month: 'long',
        day: 'numeric',
        hour: hourIn(locale),
        minute: '2-digit',
        timeZoneName: 'short',
      }).format(milliseconds),

    device: (userAgent) => deviceInWords(deviceOf(userAgent), say),

    link(path) {
      if (!path.startsWith('/')) throw new TypeError('a link in a message leads to a path of ours');

      return `${issuer}${path}`;
    },

    codeOrigin: () => (issuer.startsWith('https:') ? new URL(issuer).hostname : undefined),
  };
}
