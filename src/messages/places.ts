import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

import type { CityResponse } from 'mmdb-lib';

import type { Locale } from '../domain/account.ts';

/** What of a city database is read (MaxMind’s GeoIP2 City and databases of the same make). */
interface Located {
  city?: { names?: Readonly<Record<string, string>> };
  country?: { iso_code?: string };
}

/**
 * Where addresses are, roughly, from a file of the operator's (MaxMind DB format): "Kiel, Germany", in words of the
 * person's language as far as the file has them. Nobody is asked over the network. Throws where it can't be read.
 */
export async function openPlaces(file: string): Promise<(ip: string, locale: Locale) => string | undefined> {
  const [{ Reader }, bytes] = await Promise.all([import('mmdb-lib'), readFile(file)]);
  const reader = new Reader<CityResponse>(bytes);

  return (ip, locale) => {
    if (isIP(ip) === 0) return undefined;

    const { city, country } = find(reader, ip) ?? {};
    const code = country?.iso_code ?? '';
    const names = city?.names ?? {};
    const land = /^[A-Z]{2}$/.test(code) ? new Intl.DisplayNames(locale, { type: 'region' }).of(code) : undefined;

    return [names[locale] ?? names['en'], land].filter(Boolean).join(', ') || undefined;
  };
}

/** A file for IPv4 alone throws at IPv6 addresses: what can't be looked up is nowhere. */
function find(reader: { get(ip: string): unknown }, ip: string): Located | null {
  try {
    return reader.get(ip) as Located | null;
  } catch {
    return null;
  }
}
