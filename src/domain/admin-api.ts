import { locales } from './account.ts';
import type { ResourceWords } from './consent-items.ts';
import { textIn } from './texts.ts';

/** What can be allowed at the admin API: of each area seeing it, and changing it. */
export const adminScopes = [
  'overview:read',
  'clients:read',
  'clients:write',
  'accounts:read',
  'accounts:write',
  'audit:read',
  'keys:read',
  'keys:write',
  'webhooks:read',
  'webhooks:write',
  'settings:read',
  'settings:write',
] as const;

export type AdminScope = (typeof adminScopes)[number];

/** Whether nothing is changed by it: then an auditor may, too. */
export function isReading(scope: string): boolean {
  return scope.endsWith(':read');
}

export const adminApiPath = '/api/admin/v1';

/** Its resource identifier (RFC 8707). */
export function adminApiOf(issuer: string): string {
  return issuer + adminApiPath;
}

/** In words, as the operator words the APIs that they register. */
export function adminApiWords({ issuer, brand }: { issuer: string; brand: string }): ResourceWords {
  return {
    identifier: adminApiOf(issuer),
    name: `${brand} Admin`,
    scopes: adminScopes.map((name) => ({
      name,
      description: Object.fromEntries(locales.map((locale) => [locale, textIn(locale, `adminScope.${name}`)])),
    })),
  };
}
