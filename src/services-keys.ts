import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { createInstallationKeys, type InstallationKeys } from './operations/installation-keys.ts';
import type { KeyUses } from './operations/key-uses.ts';
import type { Sealing } from './storage/sealing.ts';
import { createKeyReport, type KeyReport, type KeyReportDeps } from './operations/key-report.ts';
import { createSigningKeys, type SigningKeys, type SigningKeysDeps } from './operations/signing-keys.ts';
import { createApiKeys, type ApiKeys, type ApiKeysDeps } from './operations/api-keys.ts';

/** The part of `services.ts` about keys that people make, and about those of the configuration: wiring, and nothing else. */
export interface KeyServices {
  apiKeys: ApiKeys;
  keyUses: KeyUses;
  installationKeys: InstallationKeys;
}

export function openKeys(
  deps: Omit<ApiKeysDeps, 'config'> & {
    config: Config;
    secrets: Secrets;
    sealing: Pick<Sealing, 'keyedHash'>;
    keyUses: KeyUses;
  },
): KeyServices {
  return { apiKeys: createApiKeys(deps), keyUses: deps.keyUses, installationKeys: createInstallationKeys(deps) };
}

export interface SigningServices {
  signingKeys: SigningKeys;
  keyReport: () => Promise<KeyReport>;
}

export function openSigning(deps: SigningKeysDeps & Omit<KeyReportDeps, 'signingKeys'>): SigningServices {
  const signingKeys = createSigningKeys(deps);

  return { signingKeys, keyReport: createKeyReport({ ...deps, signingKeys }) };
}
