import type { Config } from './config/schema.ts';
import { createShares } from './messages/shares.ts';
import { createJudgeStrength, type JudgeStrength } from './operations/password-problems.ts';
import { createRecovery, type Recovery, type RecoveryDeps } from './operations/recovery.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about getting back into an account: wiring, and nothing else. */
export interface RecoveryServices {
  recovery: Recovery;
  strength: JudgeStrength;
}

export type RecoveryServicesDeps = Omit<RecoveryDeps, 'limits' | 'shares' | 'records' | 'sealing'> & {
  config: { limits: Pick<Config['limits'], 'recovery'>; branding: Pick<Config['branding'], 'name'> };
  records: Records;
  sealing: Sealing;
};

export function openRecovery({ config, ...deps }: RecoveryServicesDeps): RecoveryServices {
  const shares = createShares(deps);

  return {
    recovery: createRecovery({ ...deps, shares, limits: config.limits.recovery }),
    strength: createJudgeStrength(config.branding.name),
  };
}
