import type { ExternalSigningKey } from 'oidc-provider';

import type { Config } from '../config/schema.ts';
import type { Clock } from '../domain/clock.ts';
import type { NoteKeyUse } from '../domain/key-use.ts';
import {
  isKnown,
  isPublished,
  keysAt,
  readSchedule,
  scheduleSetting,
  type KeyAt,
  type ScheduledKey,
  type SigningKey,
} from '../domain/signing-key.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { openKey } from './signing-key.ts';

/**
 * The keys in force, as the schedule has them now. What is done to keys is an operation; here they are opened and used.
 */
export interface Keys {
  /** For the library: what signs comes first, then all whose signatures are known here. */
  signing: ExternalSigningKey[];
  /** Those of them that everybody is shown. */
  published: ReadonlySet<string>;
  /** Changes whenever the keys do, by a write or by the time. */
  version: string;
}

export interface KeyDeps {
  config: Pick<Config, 'session'>;
  records: Pick<Records, 'signingKeys' | 'settings'>;
  sealing: Pick<Sealing, 'open'>;
  clock: Clock;
  /** Told the `kid` with each signature. */
  keyUsed?: NoteKeyUse;
}

/** Throws when there is no schedule, or a key was sealed under one that we don't hold. */
export async function loadKeys(deps: KeyDeps): Promise<Keys> {
  const { records, sealing } = deps;
  const schedule = await readNow(records);
  const keys = known(schedule, deps);
  const rows = await rowsOf(keys, records);
  const signers = [...Map.groupBy(keys, ({ alg }) => alg)].map(([, of]) => signerOf(of, rows));

  if (signers.includes(undefined)) {
    // Keys that leaked may have been replaced between two reads.
    if (versionOf(await readNow(records), deps) !== versionOf(schedule, deps)) return loadKeys(deps);

    throw new Error('a key that signs is not in the store');
  }

  const inOrder = new Set([...signers, ...rows.values()].filter((row) => row !== undefined));
  const now = deps.clock.now();

  return {
    signing: [...inOrder].map((row) => openKey(row, sealing, deps.keyUsed)),
    published: new Set(keys.filter((key) => isPublished(key, now)).map(({ kid }) => kid)),
    version: versionOf(schedule, deps),
  };
}

/** What `Keys.version` would be now. */
export async function keyVersion(deps: Omit<KeyDeps, 'sealing' | 'keyUsed'>): Promise<string> {
  return versionOf(await readNow(deps.records), deps);
}

async function readNow({ settings }: Pick<Records, 'settings'>): Promise<ScheduledKey[]> {
  const setting = await settings.get(scheduleSetting);
  if (!setting) throw new Error('there are no signing keys yet');

  return readSchedule(setting.value);
}

function versionOf(schedule: readonly ScheduledKey[], deps: Pick<KeyDeps, 'config' | 'clock'>): string {
  const now = deps.clock.now();

  return JSON.stringify(known(schedule, deps).map((key) => [key.kid, key.state, isPublished(key, now)]));
}

function known(schedule: readonly ScheduledKey[], { config, clock }: Pick<KeyDeps, 'config' | 'clock'>): KeyAt[] {
  const now = clock.now();

  return keysAt(schedule, now).filter((key) => isKnown(key, { now, session: config.session.absolute }));
}

async function rowsOf(keys: readonly KeyAt[], { signingKeys }: KeyDeps['records']): Promise<Map<string, SigningKey>> {
  const rows = await Promise.all(keys.map(({ kid }) => signingKeys.get(kid)));

  return new Map(rows.flatMap((row) => (row ? [[row.id, row]] : [])));
}

/**
 * The current one. A node whose clock is far behind may find its private half destroyed already: then the one after it,
 * which the others sign with.
 */
function signerOf(keys: readonly KeyAt[], rows: ReadonlyMap<string, SigningKey>): SigningKey | undefined {
  return keys
    .filter(({ state }) => state !== 'retired')
    .map(({ kid }) => rows.get(kid))
    .find((row) => row?.sealed !== undefined);
}
