import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import type { Clock } from './domain/clock.ts';
import { createEvents } from './events/writer.ts';
import { move, type Moved } from './operations/move.ts';
import type { Progress } from './operations/move-copy.ts';
import { undoMove, type Side } from './operations/move-sides.ts';
import { openRecords, recordsBackendOf, labelOf } from './services-stores.ts';
import { keysInUse } from './services-encryption.ts';
import type { Records } from './storage/records.ts';
import { MoveRefused } from './storage/refusals.ts';
import { createSealing } from './storage/sealing.ts';

/**
 * Two sets of stores at once, for `gatehouse move`: what the configurations must agree in, and which stores they mean.
 * What is copied, and in which order things are marked, is the operation's.
 */
export interface Place {
  config: Config;
  secrets: Secrets;
}

export interface MovingOptions {
  clock: Clock;
  told: (progress: Progress) => void;
}

/** Refuses a place that nothing was ever kept in, before anything is made there by looking. */
export function checkThere(config: Config): void {
  const isEmpty = !existsSync(config.data) || readdirSync(config.data).length === 0;

  if (recordsBackendOf(config).inFolder && isEmpty) throw new MoveRefused(`There is no data in ${config.data}.`);
}

/** Throws MoveRefused, KeyMissing, and what opening a store throws. */
export async function moveBetween(from: Place, to: Place, { clock, told }: MovingOptions): Promise<Moved> {
  checkAgreement(from, to);
  checkDiffers(from.config, to.config);

  await using source = await openSide(from.config, clock);
  // Without its own key, what the new configuration holds would prove nothing.
  await keysInUse(source.records, from.secrets);
  await using target = await openSide(to.config, clock);

  return await move({
    source,
    target,
    clock,
    told,
    holdsKey: (id) => to.secrets.encryptionKeys.some((key) => key.id === id),
    events: eventsOf(target.records, to.secrets, clock),
    wait: (milliseconds) => pause(milliseconds),
  });
}

/** Answers where it had been moved to, in words. Throws as `moveBetween`. */
export async function undoMoveFrom({ config, secrets }: Place, clock: Clock): Promise<string> {
  await using source = await openSide(config, clock);
  await keysInUse(source.records, secrets);

  return await undoMove({ source, clock, events: eventsOf(source.records, secrets, clock) });
}

/** What people's cookies, tokens and identifiers hang on is the same before and after. */
function checkAgreement(from: Place, to: Place): void {
  const differences = [
    ...(from.config.issuer === to.config.issuer ? [] : [`issuer (${from.config.issuer}, ${to.config.issuer})`]),
    ...secretsThatDiffer(from.secrets, to.secrets),
  ];

  if (differences.length > 0) {
    throw new MoveRefused(
      `The two configurations differ in ${differences.join(' and ')}: people would have to sign in again, or be others ` +
        'to their apps. Move with what is in force now (in development mode: copy the key file), and change it ' +
        'afterwards.',
      78,
    );
  }
}

/** Most of them are derived from the oldest encryption key, so without that the others need not be named. */
function secretsThatDiffer(from: Secrets, to: Secrets): string[] {
  const [key] = from.encryptionKeys;
  const [cookieKey] = from.cookieKeys;

  if (!to.encryptionKeys.some(({ id }) => id === key?.id)) return ['secrets.encryption_key'];

  return [
    ...(to.cookieKeys.some((one) => one === cookieKey) ? [] : ['secrets.cookie_keys']),
    ...(from.hashKey.equals(to.hashKey) ? [] : ['secrets.hash_key']),
    ...(from.pairwiseSalt === to.pairwiseSalt ? [] : ['secrets.pairwise_salt']),
  ];
}

function checkDiffers(from: Config, to: Config): void {
  const inFolder = recordsBackendOf(from).inFolder === true;
  const sameFolder = !inFolder || placeOf(from.data) === placeOf(to.data);

  if (sameFolder && isDeepStrictEqual(from.storage.records, to.storage.records)) {
    throw new MoveRefused(
      `Both configurations keep their records in the same place (${labelOf(from)}): name another with --to.`,
    );
  }
}

function placeOf(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : folder;
}

/** A store, with which no server of this folder can start meanwhile. Throws what opening it throws. */
export async function openSide(config: Config, clock: Clock): Promise<Side & AsyncDisposable> {
  const alone = recordsBackendOf(config).inFolder === true;
  const records = await openRecords(config, { clock, data: config.data, server: alone });

  return {
    records,
    label: labelOf(config),
    alone,
    [Symbol.asyncDispose]: () => records[Symbol.asyncDispose](),
  };
}

/** What is written about a whole store, by nobody but the operator. */
export function eventsOf(records: Records, secrets: Secrets, clock: Clock) {
  return createEvents({ records, sealing: createSealing(secrets), clock, onError: rethrow });
}

/** Nothing that a move tells of is written later. */
function rethrow(error: unknown): never {
  throw error;
}
