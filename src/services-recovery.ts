import type { Config } from './config/schema.ts';
import { createKnownDevices, type KnownDevicesDeps } from './credentials/known-devices.ts';
import type { OneTimeCodes } from './credentials/one-time-code.ts';
import { openPlaces } from './messages/places.ts';
import { createShares } from './messages/shares.ts';
import { createArrivals, type Arrivals } from './operations/arrivals.ts';
import { createBlockedTries, type BlockedTries } from './operations/blocked-tries.ts';
import type { PlaceOf } from './operations/circumstances.ts';
import { createMailbox, type Mailbox, type MailboxDeps } from './operations/mailbox.ts';
import { createJudgeStrength, type JudgeStrength } from './operations/password-problems.ts';
import { createRecovery, type Recovery, type RecoveryDeps } from './operations/recovery.ts';
import { createTypedAddress, type TypedAddress } from './operations/typed-address.ts';
import { createWasntMe, type WasntMe, type WasntMeDeps } from './operations/wasnt-me.ts';
import type { Guessing } from './credentials/guessing.ts';
import { createActivity, type Activity } from './events/activity.ts';
import type { Events } from './events/writer.ts';
import type { Reads } from './storage/reads.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about who is at the door and how they get back in: wiring, and nothing else. */
export interface RecoveryServices {
  activity: Activity;
  recovery: Recovery;
  wasntMe: WasntMe;
  mailbox: Mailbox;
  arrivals: Arrivals;
  strength: JudgeStrength;
  blockedTries: BlockedTries;
  typedAddress: TypedAddress;
}

export type RecoveryServicesDeps = Omit<
  RecoveryDeps & MailboxDeps & WasntMeDeps,
  'limits' | 'shares' | 'records' | 'sealing' | 'guessing' | 'events'
> & {
  events: Events;
  reads: Reads;
  config: { limits: Pick<Config['limits'], 'recovery'>; branding: Pick<Config['branding'], 'name'> };
  records: Records;
  sealing: Sealing;
  guessing: Guessing;
  oneTimeCodes: OneTimeCodes;
} & Pick<KnownDevicesDeps, 'reads' | 'takeOver'>;

/** Without the file, mails name no place: nobody is kept out for that, and the operator finds it in the log. */
export async function openPlacesIn(
  { geoip: { file } }: Pick<Config, 'geoip'>,
  failed: (error: unknown) => void,
): Promise<PlaceOf | undefined> {
  if (file === undefined) return undefined;

  try {
    return await openPlaces(file);
  } catch (error) {
    failed(new Error(`geoip.file can’t be read, so mails name no place: ${file}`, { cause: error }));

    return undefined;
  }
}

export function openRecovery({ config, ...deps }: RecoveryServicesDeps): RecoveryServices {
  const activity = createActivity(deps);
  const inside = { ...deps, activity, shares: createShares(deps) };
  const recovery = createRecovery({ ...inside, limits: config.limits.recovery });

  return {
    activity,
    recovery,
    wasntMe: createWasntMe({ ...inside, recovery }),
    mailbox: createMailbox(inside),
    arrivals: createArrivals({ ...inside, knownDevices: createKnownDevices(deps) }),
    blockedTries: createBlockedTries(inside),
    typedAddress: createTypedAddress(inside),
    strength: createJudgeStrength(config.branding.name),
  };
}
