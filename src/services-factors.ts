import type { Config } from './config/schema.ts';
import { createDeviceCodeGuessing, type DeviceCodeGuessing } from './credentials/device-code-guessing.ts';
import { createGuessing, type Guessing, type GuessingDeps } from './credentials/guessing.ts';
import { createOneTimeCodes, type OneTimeCodes } from './credentials/one-time-code.ts';
import { createOneTimeSecrets, type OneTimeSecrets } from './credentials/one-time-secret.ts';
import { createPasskeyChallenges } from './credentials/passkey-challenge.ts';
import { createPasskeyCeremonies } from './credentials/passkey.ts';
import type { Passwords } from './credentials/passwords.ts';
import { createRememberedBrowsers, type RememberedBrowsers } from './credentials/remembered-browsers.ts';
import type { Clock } from './domain/clock.ts';
import type { Events } from './events/writer.ts';
import { createAuthenticators, type Authenticators } from './operations/authenticators.ts';
import { createFactorChanges, type FactorChanges } from './operations/factor-changes.ts';
import type { Tell } from './operations/happenings.ts';
import { createPasskeys, type Passkeys } from './operations/passkeys.ts';
import { createProveCode, type ProveCode } from './operations/prove-code.ts';
import { createProvePasskey, type ProvePasskey } from './operations/prove-passkey.ts';
import { createSecondFactor, type SecondFactor } from './operations/second-factor.ts';
import { createTwoFactor, type TwoFactor } from './operations/two-factor.ts';
import { createRemembering, type Remembering } from './operations/remembering.ts';
import type { Reads } from './storage/reads.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about what proves more than a password: wiring, and nothing else. */
export interface FactorServices {
  oneTimeCodes: OneTimeCodes;
  oneTimeSecrets: OneTimeSecrets;
  rememberedBrowsers: RememberedBrowsers;
  remembering: Remembering;
  secondFactorGuessing: Guessing;
  deviceCodeGuessing: DeviceCodeGuessing;
  factors: FactorChanges;
  twoFactor: TwoFactor;
  authenticators: Authenticators;
  secondFactor: SecondFactor;
  proveCode: ProveCode;
  passkeys: Passkeys;
  provePasskey: ProvePasskey;
}

export interface FactorServicesDeps {
  config: Pick<Config, 'issuer'> & {
    branding: Pick<Config['branding'], 'name'>;
    limits: Pick<Config['limits'], 'sign_in'>;
  };
  records: Records;
  reads: Reads;
  sealing: Sealing;
  passwords: Passwords;
  events: Events;
  clock: Clock;
  /** What people are told of what happens to their account. */
  tell?: Tell | undefined;
  /** See `GuessingDeps`. */
  takeOver?: GuessingDeps['takeOver'];
}

export function openFactors({ config, ...deps }: FactorServicesDeps): FactorServices {
  const { issuer, branding, limits } = config;
  const codes = createOneTimeCodes(deps);
  const rememberedBrowsers = createRememberedBrowsers(deps);
  const guessing = createGuessing({ ...deps, limits: limits.sign_in, at: 'second-factor' });
  const changes = createFactorChanges(deps);
  const ceremonies = createPasskeyCeremonies({
    issuer,
    name: branding.name,
    challenges: createPasskeyChallenges(deps),
  });
  const inside = { ...deps, changes, codes, rememberedBrowsers, guessing, ceremonies };

  return {
    oneTimeCodes: codes,
    oneTimeSecrets: createOneTimeSecrets(deps),
    rememberedBrowsers,
    remembering: createRemembering(inside),
    secondFactorGuessing: guessing,
    deviceCodeGuessing: createDeviceCodeGuessing({ ...deps, limits: limits.sign_in }),
    factors: changes,
    twoFactor: createTwoFactor(inside),
    authenticators: createAuthenticators({ ...inside, serviceName: branding.name }),
    secondFactor: createSecondFactor(inside),
    proveCode: createProveCode(inside),
    passkeys: createPasskeys(inside),
    provePasskey: createProvePasskey(inside),
  };
}
