import type { ExternalSigningKey } from 'oidc-provider';

import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { SigningAlgorithm, SigningKey } from '../domain/signing-key.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { makeKey, openKey } from './signing-key.ts';

/**
 * The keys that sign tokens: made on the first start, kept sealed, published as long as something signed by them may be
 * about. One setting says which of them sign, so that all nodes agree and a change shows in one cheap read.
 */
export interface Keys {
  /** For the library, what signs first. */
  signing: ExternalSigningKey[];
  /** Changes whenever the keys do. */
  version: string;
}

export interface KeyDeps {
  records: Pick<Records, 'signingKeys' | 'settings'>;
  sealing: Pick<Sealing, 'seal' | 'open'>;
  clock: Clock;
  events: Pick<Events, 'write'>;
}

/** The setting that says which keys sign. */
export const signingSetting = 'signing-keys';

/** RS256 comes first: ID tokens use it unless a client asks for something else (OpenID Connect Core 1.0 section 2). */
const algorithms = ['RS256', 'ES256'] as const;

interface Signing extends Record<SigningAlgorithm, string> {}

/** The keys in force. Of nodes that start for the first time at once, one makes them and the others take its set. */
export async function loadKeys(deps: KeyDeps): Promise<Keys> {
  const { records, sealing, clock } = deps;
  const version = await keyVersion(records);

  if (version === undefined) {
    await makeFirstKeys(deps);
    return loadKeys(deps);
  }

  const signing = JSON.parse(version) as Signing;
  const { rows } = await records.signingKeys.list('created', 'all', { limit: 1000, descending: true });
  const now = clock.now();

  const inForce = algorithms.map((alg) => {
    const row = rows.find(({ id }) => id === signing[alg]);
    if (!row) throw new Error(`the key ${signing[alg]} that signs ${alg} is not in the store`);

    return row;
  });
  const others = rows.filter((row) => !inForce.includes(row) && isPublished(row, now));

  return { signing: [...inForce, ...others].map((row) => openKey(row, sealing)), version };
}

/** What `Keys.version` would be now. */
export async function keyVersion(records: Pick<Records, 'settings'>): Promise<string | undefined> {
  const setting = await records.settings.get(signingSetting);

  return setting && JSON.stringify(setting.value);
}

async function makeFirstKeys({ records, sealing, clock, events }: KeyDeps): Promise<void> {
  const made = await Promise.all(algorithms.map((alg) => makeKey(alg, clock.now(), sealing)));

  for (const key of made) {
    await records.signingKeys.create(key);
  }

  const value = Object.fromEntries(made.map(({ alg, id }) => [alg, id]));

  try {
    await records.settings.create({ id: signingSetting, value, updatedAt: clock.now() });
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;

    // Another node was faster: its keys count, ours never signed anything.
    for (const { id } of made) {
      await records.signingKeys.remove(id);
    }

    return;
  }

  for (const { alg, id } of made) {
    await events.write('keys.created', { actor: 'server', details: { kid: id, alg } });
  }
}

function isPublished({ state, publishedUntil }: SigningKey, now: number): boolean {
  return state !== 'retired' || (publishedUntil !== undefined && publishedUntil > now);
}
