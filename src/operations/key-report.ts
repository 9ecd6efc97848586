import type { Config } from '../config/schema.ts';
import type { Clock } from '../domain/clock.ts';
import type { KeyUse } from '../domain/key-use.ts';
import { handover, isKnown, type KeyAt } from '../domain/signing-key.ts';
import type { InstallationKey, InstallationKeys } from './installation-keys.ts';
import type { KeyUses } from './key-uses.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Every key of the installation, with what it is still used for: so that it shows which ones can go, and when. */
export interface KeyReport {
  signing: ReportedKey[];
  /** What the configuration fixes, in seconds. */
  schedule: { rotateEvery: number | 'off'; publishBefore: number };
  /** In the order of the configuration; see `InstallationKeys`. */
  cookies: InstallationKey[];
  encryption: InstallationKey[];
}

/** Times in milliseconds. */
export interface ReportedKey extends KeyAt {
  /** Absent: nothing was counted yet. */
  use?: KeyUse;
  /** Of one that signs and has none waiting behind it: when the next one takes over of itself. */
  dueAt?: number;
  /** Of one that signs no more: when nothing hangs on it, and it is forgotten of itself. */
  knownUntil?: number;
}

export interface KeyReportDeps {
  config: Pick<Config, 'keys' | 'session'>;
  signingKeys: Pick<SigningKeys, 'list'>;
  keyUses: Pick<KeyUses, 'of'>;
  installationKeys: Pick<InstallationKeys, 'list'>;
  clock: Clock;
}

export function createKeyReport({ config, signingKeys, keyUses, installationKeys, clock }: KeyReportDeps) {
  const { rotate_every: every, publish_before: before } = config.keys;
  const session = config.session.absolute;

  return async (): Promise<KeyReport> => {
    const keys = ((await signingKeys.list()) ?? []).filter((key) => isKnown(key, { now: clock.now(), session }));
    const [uses, others] = await Promise.all([
      keyUses.of(
        'signing',
        keys.map(({ kid }) => kid),
      ),
      installationKeys.list(),
    ]);

    return {
      signing: keys.map((key) => {
        const use = uses.get(key.kid);
        const { from, until, state } = key;

        return {
          ...key,
          ...(use && { use }),
          ...(state === 'current' && until === undefined && every !== 'off' && { dueAt: from + every * 1000 }),
          ...(state === 'retired' && until !== undefined && { knownUntil: until + (handover + session) * 1000 }),
        };
      }),
      schedule: { rotateEvery: every, publishBefore: before },
      ...others,
    };
  };
}
