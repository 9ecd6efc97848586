import { locales } from './account.ts';
import type { ResourceWords } from './consent-items.ts';
import { textIn } from './texts.ts';

/** What can be allowed at the account API. None lets a program make keys or change what somebody signs in with. */
export const accountScopes = [
  'profile:read',
  'profile:write',
  'sessions:read',
  'sessions:write',
  'grants:read',
  'grants:write',
  'keys:read',
  'keys:write',
  'activity:read',
] as const;

export type AccountScope = (typeof accountScopes)[number];

export const accountApiPath = '/api/account/v1';

/** Its resource identifier (RFC 8707). */
export function accountApiOf(issuer: string): string {
  return issuer + accountApiPath;
}

/** In words, as the operator words the APIs that they register. */
export function accountApiWords({ issuer, brand }: { issuer: string; brand: string }): ResourceWords {
  return {
    identifier: accountApiOf(issuer),
    name: brand,
    scopes: accountScopes.map((name) => ({
      name,
      description: Object.fromEntries(locales.map((locale) => [locale, textIn(locale, `apiScope.${name}`)])),
    })),
  };
}
