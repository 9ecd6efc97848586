import bowser from 'bowser';

import type { TextKey, TextValues } from '../domain/texts.ts';

/** What a `User-Agent` says of a browser. Only names that are known: the header is whatever its sender likes. */
export interface Device {
  /** "Firefox" */
  browser?: string;
  /** "Windows" */
  system?: string;
  /** What one holds in the hand, or sits in front of. */
  kind?: 'handheld' | 'desktop';
}

const browsers: ReadonlySet<string> = new Set(Object.values(bowser.BROWSER_MAP));
const systems: ReadonlySet<string> = new Set(Object.values(bowser.OS_MAP));
const kinds: Readonly<Record<string, Device['kind']>> = {
  mobile: 'handheld',
  tablet: 'handheld',
  desktop: 'desktop',
};
/** No browser's is longer; what is longer is not looked at. */
const longest = 512;

export function deviceOf(userAgent: string): Device {
  if (userAgent === '' || userAgent.length > longest) return {};

  const { browser, os, platform } = bowser.parse(userAgent);
  const kind = kinds[platform.type ?? ''];

  return {
    ...(browser.name !== undefined && browsers.has(browser.name) && { browser: browser.name }),
    ...(os.name !== undefined && systems.has(os.name) && { system: os.name }),
    ...(kind !== undefined && { kind }),
  };
}

/** "Firefox on Windows", in the words of a language; where it says nothing that is known, that. */
export function deviceInWords(
  { browser, system }: Device,
  say: (key: Extract<TextKey, `message.device${string}`>, values?: TextValues) => string,
): string {
  if (browser !== undefined && system !== undefined) return say('message.deviceOn', { browser, system });

  return browser ?? system ?? say('message.deviceUnknown');
}
