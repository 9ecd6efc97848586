import { z } from 'zod';

import { locales } from '../domain/account.ts';
import { contextOf } from './arrivals.ts';
import { isLocalPath } from './frame.ts';
import type { Action } from './route.ts';
import { action, to } from './route.ts';
import type { Visitors } from './visitors.ts';

/**
 * The language switch at the foot of the door pages. A form and not a link, so that no GET has an effect, the page's
 * own query (the app's request, a code) stays as it is, and it works without a script.
 */
export function languageRoute(visitors: Visitors, home: string): Action {
  const form = z.object({ locale: z.enum(locales), here: z.string().max(2000) });

  return action('/language', form, async ({ exchange }, { locale, here }) => {
    visitors.chooseLocale(contextOf(exchange), locale);

    return to((isLocalPath(here) ? here : home) as `/${string}`);
  });
}
