import { existsSync, readdirSync, statSync } from 'node:fs';

import type { Config } from '../config/schema.ts';

/** Whether nothing was ever started on this data folder: looking at what is not there must not make it. */
export function isNew({ data }: Config): boolean {
  return !existsSync(data) || (statSync(data).isDirectory() && readdirSync(data).length === 0);
}
