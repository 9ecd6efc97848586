import { existsSync, readdirSync, statSync } from 'node:fs';

import type { Config } from '../config/schema.ts';

/**
 * Whether nothing was ever started on this data folder: looking at what is not there must not make it. Where records are
 * kept elsewhere, the folder says nothing.
 */
export function isNew({ data, storage }: Pick<Config, 'data' | 'storage'>): boolean {
  if (storage.records.kind !== 'sqlite') return false;

  return !existsSync(data) || (statSync(data).isDirectory() && readdirSync(data).length === 0);
}
