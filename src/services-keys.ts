import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { createInstallationKeys, type InstallationKeys } from './operations/installation-keys.ts';
import type { KeyUses } from './operations/key-uses.ts';
import { createResealing, type Resealing } from './operations/resealing.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';
import { createKeyReport, type KeyReport, type KeyReportDeps } from './operations/key-report.ts';
import { createSigningKeys, type SigningKeys, type SigningKeysDeps } from './operations/signing-keys.ts';
import { createApiKeys, type ApiKeys, type ApiKeysDeps } from './operations/api-keys.ts';

/** The part of `services.ts` about keys that people make, and about those of the configuration: wiring, and nothing else. */
export interface KeyServices {
  apiKeys: ApiKeys;
  keyUses: KeyUses;
  installationKeys: InstallationKeys;
  resealing: Resealing;
}

export function openKeys(
  deps: Omit<ApiKeysDeps, 'config'> & {
    config: Config;
    secrets: Secrets;
    records: Records;
    sealing: Sealing;
    keyUses: KeyUses;
  },
): KeyServices {
  const resealing = createResealing(deps);

  return {
    apiKeys: createApiKeys(deps),
    keyUses: deps.keyUses,
    resealing,
    installationKeys: createInstallationKeys({ ...deps, resealing }),
  };
}

export interface SigningServices {
  signingKeys: SigningKeys;
  keyReport: () => Promise<KeyReport>;
}

export function openSigning(deps: SigningKeysDeps & Omit<KeyReportDeps, 'signingKeys'>): SigningServices {
  const signingKeys = createSigningKeys(deps);

  return { signingKeys, keyReport: createKeyReport({ ...deps, signingKeys }) };
}
