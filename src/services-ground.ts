import type { Config } from './config/schema.ts';
import { factsOfSettings, hasValue, withManaged, writtenValue, type Overlaid } from './config/managed.ts';
import type { Secrets } from './config/secrets.ts';
import { createHashing, type HashingOptions } from './credentials/hashing.ts';
import { createPasswords, type Passwords } from './credentials/passwords.ts';
import type { Clock } from './domain/clock.ts';
import type { InMaintenance } from './domain/errors.ts';
import type { ManagedSettings } from './domain/managed-settings.ts';
import { createTallies, type Tallies } from './events/tallies.ts';
import { createEvents, type Events } from './events/writer.ts';
import { createUnits } from './oidc/units.ts';
import type { Units } from './oidc/request.ts';
import type { PlaceOf } from './operations/circumstances.ts';
import { keepFormerAddresses } from './operations/former-addresses.ts';
import { keepFormerIds } from './operations/former-ids.ts';
import { keptRow, managedOf } from './operations/kept-settings.ts';
import { createKeyUses, type KeyUses } from './operations/key-uses.ts';
import { admit, standingOf, watchStanding, type Standing, type StandingWatch } from './operations/standing.ts';
import { createWebhookOutbox, type WebhookOutbox } from './operations/webhook-outbox.ts';
import { keysInUse, useKey, type Keyed } from './services-encryption.ts';
import { openPlacesIn } from './services-recovery.ts';
import { openStores, type Stores } from './services-stores.ts';
import { announceClientChanges } from './storage/client-changes.ts';
import type { Ephemera } from './storage/ephemera.ts';
import { holdWrites } from './storage/held-writes.ts';
import type { Records } from './storage/records.ts';
import { createSealing, type Sealing } from './storage/sealing.ts';
import { createBell, ringOn, type Bell } from './storage/waking.ts';

/**
 * What stays while settings change: the stores, what is counted and queued in memory, and the settings as they were given.
 * All else stands on it, and is made anew when an administrator has changed something.
 */
export interface Ground extends AsyncDisposable {
  /** As it was given, without what administrators have set. */
  given: Config;
  secrets: Secrets;
  clock: Clock;
  onError: ServicesOptions['onError'];
  /** As a server writes to it: held while the store is closed. */
  records: Records;
  /** As it is. */
  store: Records;
  ephemera: Ephemera;
  sealing: Sealing;
  placeOf: PlaceOf | undefined;
  standing: StandingWatch;
  /** A message was written; an app is to be told something. */
  bell: Bell;
  appsToTell: Bell;
  /** There is something to send to a webhook. */
  webhookBell: Bell;
  outbox: WebhookOutbox;
  keyUses: KeyUses;
  units: Units;
  tallies: Tallies;
  events: Events;
  passwords: Passwords;
  /** On a server: makes what was kept the settings in force at once. */
  applying: { now?: () => Promise<void> };
}

export interface ServicesOptions {
  config: Config;
  secrets: Secrets;
  clock: Clock;
  /** Whether this process serves requests (see `Place.server`). */
  server: boolean;
  /** What went wrong behind an answer that was given all the same. */
  onError(error: unknown): void;
  /** Told of each event that is written. */
  noted?: ((kind: string) => void) | undefined;
  /** Stands between the stores and everything else: tests take a store away, or look at what is asked of it. */
  around?: ((stores: Stores) => Stores) | undefined;
}

/** The settings in force, with the version of what administrators have set. */
export interface InForce {
  config: Config;
  version: number;
}

/** What is in force here with what was kept. Throws SettingsUnfit where that does not go with the file of this node. */
export async function inForce(ground: Ground, row: ManagedSettings): Promise<InForce> {
  const { config, faults } = withManaged(ground.given, await managedOf(row, ground));
  if (!config) throw new SettingsUnfit(row.version, faults);

  return { config, version: row.version };
}

/** What administrators have set, and this node's configuration, contradict each other. */
export class SettingsUnfit extends Error {
  constructor(version: number, faults: NonNullable<Overlaid['faults']>) {
    const what = faults.map(({ path, about }) => about?.message ?? `${path} is not what this release takes.`);
    super(
      `The settings that administrators have made (version ${version}) don't go with the configuration of this node, which goes on without them. ${what.join(' ')}`,
    );
  }
}

/** At the start: a node that can't go by what was kept goes by its file, and says so. */
export async function firstInForce(ground: Ground): Promise<InForce> {
  const row = await keptRow(ground.store);
  if (!row) return { config: ground.given, version: 0 };

  try {
    return await inForce(ground, row);
  } catch (error) {
    if (!(error instanceof SettingsUnfit)) throw error;
    ground.onError(error);

    // Looked at again: another node, or an administrator, may mend it.
    return { config: ground.given, version: 0 };
  }
}

/** For `operations/settings.ts`. */
export function managedIn({ given }: Pick<Ground, 'given'>) {
  return {
    facts: () => factsOfSettings(given),
    overlay: (what: Parameters<typeof withManaged>[1]) => withManaged(given, what),
    written: writtenValue,
    has: hasValue,
  };
}

export async function openGround(options: ServicesOptions): Promise<Ground> {
  const { config, secrets, clock, server, onError, noted, around = (stores) => stores } = options;
  const { records: store, ephemera } = around(await openStores(config, { clock, data: config.data, server }));

  const placeOf = server ? await openPlacesIn(config, onError) : undefined;
  const sealing = createSealing(secrets, (id) => keyUses.note('encryption', id));
  const webhookBell = createBell();
  const outbox = createWebhookOutbox({ records: store, clock, bell: webhookBell });
  const first = await checkStore({ records: store, secrets, clock, server, outbox }).catch(async (error: unknown) => {
    await ephemera[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    throw error;
  });

  const standing = server ? watchStanding(store, { first, failed: onError }) : unwatched;
  const bell = createBell();
  const held = server ? ringOn(holdWrites(store, standing.hold), 'messages', bell) : store;
  const announcing = announceClientChanges(outbox.around(held), { clock, failed: onError });
  const records = keepFormerIds(keepFormerAddresses(announcing));

  const keyUses = createKeyUses({ records, clock });
  const units = createUnits({ records, ephemera, clock, onError });
  const tallies = createTallies({ records, clock });
  const events = createEvents({
    records,
    sealing,
    clock,
    onError,
    takeOver: units.takeOver,
    noted: both(tallies.note, noted),
  });
  const hashing = createHashing(hashingOptions(config));
  const passwords = createPasswords({ records, hashing, clock, onRehashFailure: onError });

  return {
    given: config,
    secrets,
    clock,
    onError,
    records,
    store,
    ephemera,
    sealing,
    placeOf,
    standing,
    bell,
    webhookBell,
    outbox,
    appsToTell: createBell(),
    keyUses,
    units,
    tallies,
    events,
    passwords,
    applying: {},
    async [Symbol.asyncDispose]() {
      await passwords.settled();
      await units.settled();
      await events[Symbol.asyncDispose]();
      standing[Symbol.dispose]();
      await ephemera[Symbol.asyncDispose]();
      await records[Symbol.asyncDispose]();
    },
  };
}

function both<T>(one: (of: T) => void, other: ((of: T) => void) | undefined): (of: T) => void {
  return other === undefined ? one : (of) => (one(of), other(of));
}

const unwatched: StandingWatch = {
  closed: (): InMaintenance | undefined => undefined,
  begin: () => undefined,
  hold: () => undefined,
  [Symbol.dispose]: () => undefined,
};

interface CheckedStore extends Keyed {
  server: boolean;
  outbox: Pick<WebhookOutbox, 'look'>;
}

/** Whether this store may be used, and by us. Throws MoveUnfinished, RestoreUnfinished, StoreMoved or KeyMissing. */
async function checkStore({ server, outbox, ...store }: CheckedStore): Promise<Standing> {
  const standing = await standingOf(store.records);
  admit(standing);

  if (server) await keysInUse(store.records, store.secrets);
  else await useKey(store);

  // A command writes events as well.
  await outbox.look();

  return standing;
}

function hashingOptions({ passwords: { argon2, hash_queue, maximum_length } }: Config): HashingOptions {
  return {
    memoryKib: argon2.memory_kib,
    iterations: argon2.iterations,
    parallelism: argon2.parallelism,
    concurrency: hash_queue.concurrency,
    waiting: hash_queue.waiting,
    maximumLength: maximum_length,
  };
}
