import type { Locale } from '../domain/account.ts';
import type { ApiKey } from '../domain/api-key.ts';
import type { ResourceWords } from '../domain/consent-items.ts';

/** A key as its row shows it. Times in milliseconds. */
export interface ShownApiKey {
  id: string;
  name: string;
  prefix: string;
  /** The API that it is for; absent: that is not registered any more. */
  api?: string;
  /** What it may do there, in words; empty: nothing any more. */
  permissions: string[];
  createdAt: number;
  lastUsedAt?: number;
  ip?: string;
  expiresAt?: number;
}

export function shownApiKey(
  { accountId: _, hash: _hash, slot: _slot, audience, scopes, ...facts }: ApiKey,
  { offered, locale }: { offered: readonly ResourceWords[]; locale: Locale },
): ShownApiKey {
  const api = offered.find(({ identifier }) => identifier === audience);
  const words =
    api?.scopes.filter(({ name }) => scopes.includes(name)).map((scope) => scopeInWords(scope, locale)) ?? [];

  return { ...facts, ...(api && { api: api.name }), permissions: words };
}

/** The operator's words, in the person's language, else in English. */
export function scopeInWords({ name, description }: ResourceWords['scopes'][number], locale: Locale): string {
  return description[locale] ?? description['en'] ?? name;
}
