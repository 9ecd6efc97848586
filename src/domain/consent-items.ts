import type { Account, Locale } from './account.ts';
import type { Allowance, Wanted } from './allowance.ts';
import { claimsOfAccount, claimsOfScope } from './claims.ts';
import type { Json } from './json.ts';

/** Only on a consent step. */
export interface ConsentAsked {
  items: ConsentItem[];
  /** Whether access for the time away is asked for (`offline_access`). */
  offline: boolean;
}

/** One box that can be ticked. `openid` is shown and can't be unticked. */
export interface ConsentItem {
  /** `scope:email`, `claim:birthdate`, `resource:https://api.example.com read` */
  id: string;
  scope?: string;
  claim?: string;
  resource?: { indicator: string; name: string; scope: string; description: string };
  /** The claims that it carries, with the values that would be shared now. */
  values: { claim: string; value: string }[];
  required: boolean;
  /** Allowed already: shown as such. */
  allowed: boolean;
}

/** The person's answer: what was asked on one page, and which boxes were ticked. */
export interface Answer {
  accountId: string;
  clientId: string;
  wanted: Wanted;
  /** Ids of items (`ConsentItem.id`). */
  ticked: readonly string[];
  /** Milliseconds. */
  at: number;
}

export interface Asking {
  wanted: Wanted;
  /** What was allowed before. */
  allowed: Pick<Allowance, 'scopes' | 'claims' | 'resources'>;
  account: Account;
  resources: readonly ResourceWords[];
}

/** A registered API (RFC 8707) in the operator's words. */
export interface ResourceWords {
  identifier: string;
  name: string;
  scopes: readonly { name: string; description: Readonly<Record<string, string>> }[];
}

/** They describe the value that they stand beside, or the record as a whole. */
const unspoken = new Set(['sub', 'email_verified', 'phone_number_verified', 'updated_at']);

/** Scopes come in this order; others follow as they were asked. */
const order = ['openid', 'profile', 'email', 'phone', 'address'];

/** The boxes of the consent page, with the values that would be shared now. */
export function consentItems(asking: Asking): ConsentAsked {
  const { wanted, allowed, account } = asking;
  const claims = claimsOfAccount(account);
  const scopes = wanted.scopes.toSorted((a, b) => rank(a) - rank(b));

  const items = [
    ...scopes
      .filter((scope) => scope !== 'offline_access')
      .map((scope) => ({
        id: `scope:${scope}`,
        scope,
        values: valuesOf(claimsOfScope(scope), claims),
        required: scope === 'openid',
        allowed: allowed.scopes.includes(scope),
      })),
    ...claimsAskedAlone(wanted).map((claim) => ({
      id: `claim:${claim}`,
      claim,
      values: valuesOf([claim], claims),
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

function valuesOf(names: readonly string[], claims: Readonly<Record<string, Json | undefined>>): ConsentItem['values'] {
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

export function resourceItem(indicator: string, scope: string): string {
  return `resource:${indicator} ${scope}`;
}

/** As `ConsentItem.id` has them: each scope of each API. */
export function resourceItemsOf(resources: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(resources).flatMap(([indicator, names]) => names.map((name) => resourceItem(indicator, name)));
}

/** Claims that no asked scope carries: they get a box of their own. */
export function claimsAskedAlone({ scopes, claims }: Pick<Wanted, 'scopes' | 'claims'>): string[] {
  const carried = new Set(scopes.flatMap(claimsOfScope));

  return claims.filter((claim) => !carried.has(claim));
}
