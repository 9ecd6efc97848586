import type { Config } from './config/schema.ts';
import { createApiKeys, type ApiKeys, type ApiKeysDeps } from './operations/api-keys.ts';

/** The part of `services.ts` about keys that people make: wiring, and nothing else. */
export interface KeyServices {
  apiKeys: ApiKeys;
}

export function openKeys(deps: Omit<ApiKeysDeps, 'config'> & { config: Config }): KeyServices {
  return { apiKeys: createApiKeys(deps) };
}
