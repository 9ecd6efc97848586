import type { Locale } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Circumstances } from '../messages/template.ts';

/** Roughly where an address is, in words of a language; undefined: nobody knows. */
export type PlaceOf = (ip: string, locale: Locale) => string | undefined;

/** What a mail tells of the request that caused it; where no browser was in it (the command line), only when. */
export function circumstancesOf(
  from: { ip: string; userAgent: string } | undefined,
  { clock, placeOf, locale }: { clock: Clock; placeOf?: PlaceOf | undefined; locale: Locale },
): Circumstances {
  const at = clock.now();
  if (!from) return { at };

  const place = placeOf?.(from.ip, locale);

  return { at, from: { ip: from.ip, userAgent: from.userAgent }, ...(place !== undefined && { place }) };
}
