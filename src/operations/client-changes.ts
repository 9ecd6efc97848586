import { isDeepStrictEqual } from 'node:util';

import type { ClientMetadata } from '../domain/client.ts';
import type { Json } from '../domain/json.ts';

/** What a field said and says; null: nothing. */
export type Changes = Record<string, { before: Json; after: Json }>;

/** For the record of events. Of people to turn to only how many there are: who they are is nobody's business there. */
export function changesOf(old: ClientMetadata, next: ClientMetadata): Changes {
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])] as (keyof ClientMetadata)[];
  const told = (metadata: ClientMetadata, name: keyof ClientMetadata): Json => {
    const value = metadata[name] as Json | undefined;

    return name === 'contacts' && Array.isArray(value) ? value.length : (value ?? null);
  };

  return Object.fromEntries(
    names
      .filter((name) => !isDeepStrictEqual(old[name], next[name]))
      .map((name) => [name, { before: told(old, name), after: told(next, name) }]),
  );
}
