import type { Locale } from './account.ts';
import { isStandardClaim } from './claims.ts';
import type { ConsentItem } from './consent-items.ts';
import { amountInWords } from './duration.ts';
import { lastMade } from './last-made.ts';
import { textIn, type TextKey, type TextValues } from './texts.ts';

type Say = (key: TextKey, values?: TextValues) => string;

/** What a tick stands for, as people read it. */
export interface ItemInWords {
  id: string;
  title: string;
  /** What it means; empty where the title says it all. */
  hint: string;
  /** What would be shared now. */
  values: { label: string; value: string }[];
  required: boolean;
  ticked: boolean;
  /** Allowed before: shown as such. */
  allowed: boolean;
}

const languageNames = lastMade<Intl.DisplayNames>(6);

/** The standard scopes (OpenID Connect Core 1.0 sections 5.4 and 11). */
const scopes: Readonly<Record<string, { title: TextKey; hint?: TextKey }>> = {
  openid: { title: 'consent.scope.openid', hint: 'consent.scope.openidHint' },
  profile: { title: 'consent.scope.profile' },
  email: { title: 'consent.scope.email' },
  phone: { title: 'consent.scope.phone' },
  address: { title: 'consent.scope.address' },
  offline_access: { title: 'consent.scope.offline', hint: 'consent.scope.offlineHint' },
};

/**
 * `away`: seconds that access lasts at most while the person is not there. `offline_access` begins unticked: the app is told to work without it. Everything
 * else begins as it was asked for.
 */
export function itemInWords(item: ConsentItem, locale: Locale, { away }: { away: number }): ItemInWords {
  const languages = languageNames(locale, () => new Intl.DisplayNames([locale], { type: 'language' }));
  const say: Say = (key, values) => textIn(locale, key, values);

  return {
    id: item.id,
    ...nameOf(item, say, timeInWords(away, locale)),
    values: item.values.map(({ claim, value }) => ({
      label: labelOf(claim, say),
      value: claim === 'locale' ? (languages.of(value) ?? value) : value,
    })),
    required: item.required,
    ticked: item.required || item.allowed || item.scope !== 'offline_access',
    allowed: item.allowed,
  };
}

function nameOf(
  { id, scope, claim, resource, values }: ConsentItem,
  say: Say,
  time: string,
): Pick<ItemInWords, 'title' | 'hint'> {
  if (resource !== undefined) {
    const { name, description, scope: access } = resource;
    return { title: description || access, hint: say('consent.atApi', { api: name }) };
  }

  if (claim !== undefined) {
    return { title: labelOf(claim, say), hint: values.length === 0 ? say('consent.noValue') : '' };
  }

  const known = scopes[scope ?? ''];
  if (known === undefined) return { title: scope ?? id, hint: say('consent.scope.unknownHint') };

  const hint = known.hint ?? (values.length === 0 ? 'consent.noValue' : undefined);

  return { title: say(known.title), hint: hint === undefined ? '' : say(hint, { time }) };
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

function labelOf(claim: string, say: Say): string {
  return isStandardClaim(claim) ? say(`account.claim.${claim}`) : claim;
}
