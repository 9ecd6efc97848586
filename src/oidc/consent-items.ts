import type { Account, Locale } from '../domain/account.ts';
import type { Json } from '../domain/json.ts';
import type { Config } from '../config/schema.ts';
import { claimsAskedAlone, resourceItem } from './consent.ts';
import type { ConsentAsked, ConsentItem } from './interactions.ts';
import type { Allowance, ClaimsOfScope, Wanted } from './wanted.ts';

export interface Asking {
  wanted: Wanted;
  /** What was allowed before. */
  allowed: Allowance;
  account: Account;
  /** Every claim of the account that it can share, by name. */
  claims: Readonly<Record<string, Json | undefined>>;
  claimsOfScope: ClaimsOfScope;
  resources: Config['resources'];
}

/** They describe the value that they stand beside, or the record as a whole. */
const unspoken = new Set(['sub', 'email_verified', 'phone_number_verified', 'updated_at']);

/** Scopes come in this order; others follow as they were asked. */
const order = ['openid', 'profile', 'email', 'phone', 'address'];

/** The boxes of the consent page, with the values that would be shared now. */
export function consentItems(asking: Asking): ConsentAsked {
  const { wanted, allowed, claimsOfScope } = asking;
  const scopes = wanted.scopes.toSorted((a, b) => rank(a) - rank(b));

  const items = [
    ...scopes
      .filter((scope) => scope !== 'offline_access')
      .map((scope) => ({
        id: `scope:${scope}`,
        scope,
        values: valuesOf(claimsOfScope(scope), asking.claims),
        required: scope === 'openid',
        allowed: allowed.scopes.includes(scope),
      })),
    ...claimsAskedAlone(wanted, claimsOfScope).map((claim) => ({
      id: `claim:${claim}`,
      claim,
      values: valuesOf([claim], asking.claims),
      required: false,
      allowed: allowed.claims.includes(claim),
    })),
    ...Object.entries(wanted.resources).flatMap(([indicator, names]) => resourceItems(asking, indicator, names)),
    ...scopes
      .filter((scope) => scope === 'offline_access')
      .map((scope) => ({
        id: `scope:${scope}`,
        scope,
        values: [],
        required: false,
        allowed: allowed.scopes.includes(scope),
      })),
  ];

  return { items, offline: wanted.scopes.includes('offline_access') };
}

function resourceItems({ resources, allowed, account }: Asking, indicator: string, names: string[]): ConsentItem[] {
  const api = resources.find(({ identifier }) => identifier === indicator);

  return names.map((scope) => ({
    id: resourceItem(indicator, scope),
    resource: {
      indicator,
      scope,
      name: api?.name ?? indicator,
      description: inLanguage(api?.scopes.find(({ name }) => name === scope)?.description, account.locale),
    },
    values: [],
    required: false,
    allowed: allowed.resources[indicator]?.includes(scope) ?? false,
  }));
}

/** The operator's words, in the person's language, else in English. */
function inLanguage(description: Readonly<Record<string, string>> | undefined, locale: Locale): string {
  return description?.[locale] ?? description?.['en'] ?? '';
}

function valuesOf(names: readonly string[], claims: Asking['claims']): ConsentItem['values'] {
  return names.flatMap((claim) => {
    const value = unspoken.has(claim) ? '' : inWords(claims[claim]);
    return value === '' ? [] : [{ claim, value }];
  });
}

/** The one claim that is not a text is `address` (OpenID Connect Core 1.0 section 5.1.1). */
function inWords(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';

  const { formatted, street_address, postal_code, locality, region, country } = value;
  if (typeof formatted === 'string' && formatted !== '') return formatted;

  return [street_address, postal_code, locality, region, country].filter((part) => typeof part === 'string').join(', ');
}

function rank(scope: string): number {
  const index = order.indexOf(scope);
  return index === -1 ? order.length : index;
}
