import type { Context } from 'koa';

import type { Cookies } from './cookies.ts';
import { isMessageKey } from './locale.ts';
import type { Tone } from './partials.ts';
import type { MessageKey } from './route.ts';

/** What stands on top of the next page, once: "Your changes are saved." */
export interface Notice {
  tone: Tone;
  key: MessageKey;
}

const cookie = 'notice';

/** Seconds: long enough for a slow redirect, too short to surprise anybody tomorrow. */
const life = 60;

export function keepNotice(cookies: Cookies, context: Context, { tone, key }: Notice): void {
  cookies.set(context, cookie, `${tone}-${key}`, life);
}

/** It comes as a catalogue key, so that nobody who plants a cookie can put words into our mouth. */
export function takeNotice(cookies: Cookies, context: Context): Notice | undefined {
  const value = cookies.get(context, cookie);

  if (value === undefined) return undefined;

  cookies.remove(context, cookie);

  const [, tone, key = ''] = /^(good|warn|bad)-(.+)$/.exec(value) ?? [];

  return isMessageKey(key) ? { tone: tone as Tone, key } : undefined;
}
