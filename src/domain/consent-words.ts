import type { Locale } from './account.ts';
import { isStandardClaim } from './claims.ts';
import type { ConsentItem } from './consent-items.ts';
import { amountInWords } from './duration.ts';
import { textIn, type TextKey } from './texts.ts';

/** What a tick stands for, as people read it. */
export interface ItemInWords {
  id: string;
  title: string;
  /** What it means; empty where the title says it all. */
  meaning: string;
  /** What would be shared now. */
  values: { label: string; value: string }[];
  required: boolean;
  ticked: boolean;
  /** Allowed before: shown as such. */
  allowed: boolean;
}

/** The standard scopes (OpenID Connect Core 1.0 sections 5.4 and 11). */
const scopes: Readonly<Record<string, { title: TextKey; meaning?: TextKey }>> = {
  openid: { title: 'consent.scope.openid', meaning: 'consent.scope.openidHint' },
  profile: { title: 'consent.scope.profile' },
  email: { title: 'consent.scope.email' },
  phone: { title: 'consent.scope.phone' },
  address: { title: 'consent.scope.address' },
  offline_access: { title: 'consent.scope.offline', meaning: 'consent.scope.offlineHint' },
};

/**
 * `away`: seconds that access lasts at most while the person is not there. `offline_access` begins unticked: the app is
 * told to work without it. Everything else begins as it was asked for. (Devices differ: `sign-in/device.ts`.)
 */
export function itemInWords(item: ConsentItem, locale: Locale, { away }: { away: number }): ItemInWords {
  return {
    id: item.id,
    title: itemTitle(item, locale),
    meaning: meaningOf(item, locale, away),
    values: item.values.map(({ claim, value }) => ({
      label: labelOf(claim, locale),
      value: claim === 'locale' ? languageIn(locale, value) : value,
    })),
    required: item.required,
    ticked: item.required || item.allowed || item.scope !== 'offline_access',
    allowed: item.allowed,
  };
}

/** The title alone, for a list of many. */
export function itemTitle({ id, scope, claim, resource }: ConsentItem, locale: Locale): string {
  if (resource !== undefined) return resource.description || resource.scope;
  if (claim !== undefined) return labelOf(claim, locale);

  const known = scopes[scope ?? ''];

  return known === undefined ? (scope ?? id) : textIn(locale, known.title);
}

function meaningOf({ scope, claim, resource, values }: ConsentItem, locale: Locale, away: number): string {
  if (resource !== undefined) return textIn(locale, 'consent.atApi', { api: resource.name });

  const known = scopes[scope ?? ''];
  if (claim === undefined && known === undefined) return textIn(locale, 'consent.scope.unknownHint');
  if (known?.meaning !== undefined) return textIn(locale, known.meaning, { time: timeInWords(away, locale) });

  return values.length === 0 ? textIn(locale, 'consent.noValue') : '';
}

function languageIn(locale: Locale, value: string): string {
  return new Intl.DisplayNames([locale], { type: 'language' }).of(value) ?? value;
}

/** "30 days": seconds in the largest unit of which there are two or more. */
export function timeInWords(seconds: number, locale: Locale): string {
  const [length, unit] = units.find(([each]) => seconds >= 2 * each) ?? [60, 'minute'];

  return amountInWords(Math.ceil(seconds / length), unit, locale);
}

const units = [
  [86_400, 'day'],
  [3600, 'hour'],
] as const;

function labelOf(claim: string, locale: Locale): string {
  return isStandardClaim(claim) ? textIn(locale, `account.claim.${claim}`) : claim;
}
