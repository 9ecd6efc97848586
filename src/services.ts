import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { createGuessing, type Guessing } from './credentials/guessing.ts';
import { createHashing, type HashingOptions } from './credentials/hashing.ts';
import { createOneTimeSecrets } from './credentials/one-time-secret.ts';
import { createPasswordPolicy, type PasswordPolicy } from './credentials/password-policy.ts';
import { createPasswords, type Passwords } from './credentials/passwords.ts';
import type { Clock } from './domain/clock.ts';
import type { InMaintenance } from './domain/errors.ts';
import { createEvents, type Events } from './events/writer.ts';
import type { Units } from './oidc/request.ts';
import { createUnits } from './oidc/units.ts';
import { createMessages, type Messages } from './messages/messages.ts';
import { mailerOf } from './messages/senders.ts';
import { createShares } from './messages/shares.ts';
import { createTextLimits } from './messages/text-limits.ts';
import { createTextNumbers } from './messages/text-numbers.ts';
import { waysOf } from './messages/ways.ts';
import { createAccounts, type Accounts } from './operations/accounts.ts';
import { createApplications, type Applications } from './operations/applications.ts';
import { openClients, type ClientServices } from './services-clients.ts';
import { openAdministration, type AdministrationServices } from './services-administration.ts';
import { openAudit, type AuditServices } from './services-audit.ts';
import { openContact, type ContactServices } from './services-contact.ts';
import { keysInUse, useKey, type Keyed } from './services-encryption.ts';
import { openFactors, type FactorServices } from './services-factors.ts';
import { openKeys, openSigning, type KeyServices, type SigningServices } from './services-keys.ts';
import { openPlacesIn, openRecovery, type RecoveryServices } from './services-recovery.ts';
import { openStores, type Stores } from './services-stores.ts';
import { openWatching, type WatchingServices } from './services-watching.ts';
import { openWebhooks, type WebhookServices } from './services-webhooks.ts';
import { createOldPassword, type OldPassword } from './operations/old-password.ts';
import { openLeaving, type LeavingServices } from './services-leaving.ts';
import { openNewcomers, type NewcomerServices } from './services-newcomers.ts';
import { createConsents, type Consents } from './operations/consents.ts';
import { createDevices, type Devices } from './operations/devices.ts';
import { createEndings, type Endings } from './operations/endings.ts';
import { keepFormerAddresses } from './operations/former-addresses.ts';
import { keepFormerIds } from './operations/former-ids.ts';
import type { Tell } from './operations/happenings.ts';
import { createLogoutNotices, type LogoutNotices } from './operations/logout-notices.ts';
import { createKeptPassword } from './operations/kept-password.ts';
import { createDisowning, type Disowning } from './operations/disowning.ts';
import { createKeyUses } from './operations/key-uses.ts';
import { createMaintenance, type Maintenance } from './operations/maintenance.ts';
import { createReceipts, type Receipts } from './operations/receipts.ts';
import { createWebhookOutbox, type WebhookOutbox } from './operations/webhook-outbox.ts';
import { createSetup, type Setup } from './operations/setup.ts';
import { createSignInCodes, type SignInCodes } from './operations/sign-in-codes.ts';
import { admit, standingOf, watchStanding, type Standing, type StandingWatch } from './operations/standing.ts';
import { createTell } from './operations/telling.ts';
import type { Ephemera } from './storage/ephemera.ts';
import { announceClientChanges } from './storage/client-changes.ts';
import { holdWrites } from './storage/held-writes.ts';
import type { Records } from './storage/records.ts';
import { createSealing, type Sealing } from './storage/sealing.ts';
import { createBell, ringOn, type Bell } from './storage/waking.ts';

/**
 * The lower half of the composition root: storage and what can be done to it. The server (`app.ts`) and the command
 * line both stand on it; it knows no page and no protocol.
 */
export interface Services
  extends
    AuditServices,
    SigningServices,
    FactorServices,
    KeyServices,
    NewcomerServices,
    ContactServices,
    RecoveryServices,
    LeavingServices,
    ClientServices,
    AdministrationServices,
    WatchingServices,
    WebhookServices,
    AsyncDisposable {
  config: Config;
  secrets: Secrets;
  clock: Clock;
  records: Records;
  ephemera: Ephemera;
  sealing: Sealing;
  /** One for each request that is served; none on the command line. */
  units: Units;
  events: Events;
  passwords: Passwords;
  policy: PasswordPolicy;
  guessing: Guessing;
  messages: Messages;
  /** What people are told of what happens to their account. */
  tell: Tell;
  signInCodes: SignInCodes;
  oldPassword: OldPassword;
  consents: Consents;
  applications: Applications;
  endings: Endings;
  disowning: Disowning;
  receipts: Receipts;
  /** `onWake`: the apps of a session that has ended are to be told. */
  logoutNotices: LogoutNotices & { onWake(listener: () => void): void };
  /** What can act for a person. */
  devices: Devices;
  accounts: Accounts;
  setup: Setup;
  maintenance: Maintenance;
  /** What a server looks at all the while; a command, which is the operator's own doing, is not held up by it. */
  standing: Pick<StandingWatch, 'closed' | 'begin'>;
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

/** Whether the mail server takes mail from us, without sending any; undefined: it does, or there is none. */
export async function checkMailServer(config: Config): Promise<string | undefined> {
  return mailerOf(config)?.check();
}

export async function openServices(options: ServicesOptions): Promise<Services> {
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
  const { takeOver, reads } = units;
  const watching = openWatching({ config, records, clock });
  const events = createEvents({
    records,
    sealing,
    clock,
    onError,
    takeOver,
    noted: both(watching.tallies.note, noted),
  });
  const hashing = createHashing(hashingOptions(config));
  const passwords = createPasswords({ records, hashing, clock, onRehashFailure: onError });
  const policy = createPasswordPolicy({
    minimumLength: config.passwords.minimum_length,
    minimumLengthWithSecondFactor: config.passwords.minimum_length_with_second_factor,
    maximumLength: config.passwords.maximum_length,
    productName: config.branding.name,
  });
  const appsToTell = createBell();
  const logoutNotices = createLogoutNotices({ records, clock, wake: appsToTell.ring });
  const endings = createEndings({ records, events, notices: logoutNotices });
  const consents = createConsents({ records, events, clock });
  const receipts = createReceipts({ records, reads, sealing, clock });
  const messages = openMessages(config, { records, sealing, events, clock, bell });
  const oneTimeSecrets = createOneTimeSecrets({ records, sealing, passwords, clock });
  const keptPassword = createKeptPassword({ passwords, sealing });
  const tell = createTell({ messages, oneTimeSecrets, keptPassword, placeOf, clock });
  const factors = openFactors({ config, records, reads, sealing, passwords, events, clock, tell, takeOver });
  const oldPassword = createOldPassword({ records, ...factors });
  const guessing = createGuessing({ records, reads, sealing, clock, limits: config.limits.sign_in, takeOver });
  const keys = openKeys({ config, secrets, records, reads, sealing, events, tell, clock, keyUses, takeOver });
  const ground = { config, records, reads, sealing, clock, ...keys };
  const inside = { ...ground, events, passwords, policy, guessing, messages, tell, keptPassword, oldPassword };
  const leaving = openLeaving({ ...inside, endings, receipts, placeOf });
  const accounts = createAccounts({ ...inside, ...leaving, factors: factors.factors });
  const devices = createDevices({ records, reads });
  const contact = openContact({ ...inside, ...factors, endings });
  const recovery = openRecovery({ ...inside, ...factors, endings, placeOf, takeOver });

  return {
    ...inside,
    ...watching,
    secrets,
    ephemera,
    units,
    signInCodes: createSignInCodes({ ...factors, messages, placeOf, clock }),
    ...factors,
    ...openNewcomers({ ...inside, ephemera, factors, takeOver }),
    ...contact,
    ...recovery,
    ...leaving,
    ...openAdministration({ ...inside, ...factors, ...leaving, ...recovery, accounts, devices, endings, receipts }),
    consents,
    applications: createApplications({ ...inside, consents, endings, receipts, resources: config.apis }),
    endings,
    disowning: createDisowning({ ...inside, ...factors, ...contact, endings, receipts }),
    ...openAudit(inside),
    ...openWebhooks({ ...inside, outbox, bell: webhookBell }),
    receipts,
    logoutNotices: { ...logoutNotices, onWake: appsToTell.listen },
    devices,
    accounts,
    ...openClients({ ...inside, endings, logoutNotices }),
    setup: createSetup({ records, accounts, sealing, events, clock }),
    maintenance: createMaintenance({
      // It must be able to end what holds up everything else.
      records: store,
      events: createEvents({ records: outbox.around(store), sealing, clock, onError }),
      clock,
    }),
    standing,
    ...openSigning({ ...inside, keyUses, installationKeys: keys.installationKeys }),
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

/** Whether this store may be used, and by us. Throws MoveUnfinished, StoreMoved or KeyMissing. */
async function checkStore({ server, outbox, ...store }: CheckedStore): Promise<Standing> {
  const standing = await standingOf(store.records);
  admit(standing);

  if (server) await keysInUse(store.records, store.secrets);
  else await useKey(store);

  // A command writes events as well.
  await outbox.look();

  return standing;
}

function openMessages(
  { mode, messages: settings, account }: Config,
  {
    records,
    sealing,
    events,
    clock,
    bell,
  }: Pick<Services, 'records' | 'sealing' | 'events' | 'clock'> & { bell: Bell },
): Messages {
  const ways = waysOf({ mode, messages: settings });
  const { caps, countries } = settings.sms;
  const onSpent = () => events.write('texts.spent', { actor: 'server', details: { perDay: caps.per_day } });
  const limits = createTextLimits({ shares: createShares({ records, sealing, clock }), clock, caps, onSpent });

  const numbers = createTextNumbers({ limits, way: ways.sms, countries });

  return createMessages({ sealing, clock, ways, numbers, bell, timeZone: account.time_zone });
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
