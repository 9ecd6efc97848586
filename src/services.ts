import type { Config } from './config/schema.ts';
import type { Secrets } from './config/secrets.ts';
import { createGuessing, type Guessing } from './credentials/guessing.ts';
import { createOneTimeSecrets } from './credentials/one-time-secret.ts';
import { createPasswordPolicy, type PasswordPolicy } from './credentials/password-policy.ts';
import { type Passwords } from './credentials/passwords.ts';
import type { Clock } from './domain/clock.ts';
import { createEvents, type Events } from './events/writer.ts';
import type { Units } from './oidc/request.ts';
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
import { openFactors, type FactorServices } from './services-factors.ts';
import { openKeys, openSigning, type KeyServices, type SigningServices } from './services-keys.ts';
import { openRecovery, type RecoveryServices } from './services-recovery.ts';
import { openSettings, type SettingsServices } from './services-settings.ts';
import { firstInForce, openGround, type Ground, type ServicesOptions } from './services-ground.ts';
import { openWatching, type WatchingServices } from './services-watching.ts';
import { openWebhooks, type WebhookServices } from './services-webhooks.ts';
import { createOldPassword, type OldPassword } from './operations/old-password.ts';
import { openLeaving, type LeavingServices } from './services-leaving.ts';
import { openNewcomers, type NewcomerServices } from './services-newcomers.ts';
import { createConsents, type Consents } from './operations/consents.ts';
import { createDevices, type Devices } from './operations/devices.ts';
import { createEndings, type Endings } from './operations/endings.ts';
import type { Tell } from './operations/happenings.ts';
import { createLogoutNotices, type LogoutNotices } from './operations/logout-notices.ts';
import { createKeptPassword } from './operations/kept-password.ts';
import { createDisowning, type Disowning } from './operations/disowning.ts';
import { createMaintenance, type Maintenance } from './operations/maintenance.ts';
import { createReceipts, type Receipts } from './operations/receipts.ts';
import { createSetup, type Setup } from './operations/setup.ts';
import { createSignInCodes, type SignInCodes } from './operations/sign-in-codes.ts';
import { type StandingWatch } from './operations/standing.ts';
import { createTell } from './operations/telling.ts';
import type { Ephemera } from './storage/ephemera.ts';
import type { Records } from './storage/records.ts';
import { type Sealing } from './storage/sealing.ts';
import { type Bell } from './storage/waking.ts';

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
    SettingsServices,
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
  logoutNotices: LogoutNotices & { onWake: Bell['listen'] };
  /** What can act for a person. */
  devices: Devices;
  accounts: Accounts;
  setup: Setup;
  maintenance: Maintenance;
  /** What a server looks at all the while; a command, which is the operator's own doing, is not held up by it. */
  standing: Pick<StandingWatch, 'closed' | 'begin'>;
}

/** Whether the mail server takes mail from us, without sending any; undefined: it does, or there is none. */
export async function checkMailServer(config: Config): Promise<string | undefined> {
  return mailerOf(config)?.check();
}

export type { ServicesOptions };

/** For a command, or whatever else ends before settings change. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const ground = await openGround(options);

  try {
    const { config } = await firstInForce(ground);

    return servicesOn(ground, config);
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
}

/** All that goes by these settings. Disposing ends the ground with it; by itself it holds nothing that would have to be ended. */
export function servicesOn(ground: Ground, config: Config): Services {
  const { secrets, clock, onError, records, store, ephemera, sealing, placeOf, standing } = ground;
  const { bell, webhookBell, outbox, appsToTell, keyUses, units, tallies, events, passwords } = ground;
  const { takeOver, reads } = units;
  const policy = createPasswordPolicy({
    minimumLength: config.passwords.minimum_length,
    minimumLengthWithSecondFactor: config.passwords.minimum_length_with_second_factor,
    maximumLength: config.passwords.maximum_length,
    productName: config.branding.name,
  });
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
  const basis = { config, records, reads, sealing, clock, ...keys };
  const inside = { ...basis, events, passwords, policy, guessing, messages, tell, keptPassword, oldPassword };
  const leaving = openLeaving({ ...inside, endings, receipts, placeOf });
  const accounts = createAccounts({ ...inside, ...leaving, factors: factors.factors });
  const devices = createDevices({ records, reads });
  const contact = openContact({ ...inside, ...factors, endings });
  const recovery = openRecovery({ ...inside, ...factors, endings, placeOf, takeOver });

  const managing = openSettings(ground, { config, messages });

  return {
    ...inside,
    ...openWatching({ config, records, clock, tallies, ...managing }),
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
    ...managing,
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
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
