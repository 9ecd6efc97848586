import type { Clock } from '../../domain/clock.ts';
import { shapes, type Collections, type Records, type Shape } from '../records.ts';
import { adviseOn } from './advice.ts';
import { openCollection, type Engine } from './collection.ts';
import { connect, type ConnectOptions } from './connection.ts';
import { adviseOnMade } from './indexes.ts';
import { collections, migrate, type Migration, type Part } from './migrations.ts';
import { indexesOf, layoutOf } from './schema.ts';
import type { MongoSettings } from './settings.ts';
import { openSnapshot } from './snapshot.ts';
import { writeAll } from './writes.ts';

type AnyRow = { id: string };

const account = { lists: ['account'] };
const byCreation = { lists: ['created'] };

const migrations: readonly Migration[] = [
  collections({
    accounts: {
      unique: ['email'],
      lists: ['created', 'email', 'name', 'lastName', 'administrators', 'locked', 'closing'],
    },
    passwords: {},
    clients: { lists: ['created', 'name', 'rotating', 'portals'] },
    clientUses: {},
    clientReceipts: { lists: ['client'], expires: true },
    webhooks: { lists: ['created'] },
    webhookDeliveries: { lists: ['state', 'webhook'], expires: true },
    consents: { lists: ['account', 'client'] },
    grants: { lists: ['account', 'client', 'session', 'device'], expires: true },
    refreshFamilies: { lists: ['grant', 'account', 'client', 'session'], expires: true },
    sessions: { lists: ['account', 'created'], unique: ['cookie'], expires: true },
    knownDevices: { ...account, expires: true },
    events: { lists: ['time', 'account', 'group', 'tries', 'client', 'actor', 'kind'] },
    signingKeys: byCreation,
    settings: {},
    attempts: { expires: true },
    oneTimeSecrets: { ...account, unique: ['hash'], expires: true },
    used: { expires: true },
    leases: { expires: true },
    codes: { ...account, expires: true },
    factors: {},
    passkeys: account,
    messages: { lists: ['state', 'newest', 'account'], expires: true },
    rememberedBrowsers: { ...account, expires: true },
    formerAddresses: { ...account, expires: true },
    logoutNotices: { lists: ['state', 'person', 'receipt'], expires: true },
    receipts: { ...account, expires: true },
    apiKeys: { ...account, unique: ['hash', 'slot'], expires: true },
    closedAccounts: { lists: ['look'] },
    tallies: { lists: ['time'], expires: true },
    deviceCodes: { unique: ['userCode'], expires: true },
    auditSegments: { lists: ['number'] },
    keyUses: {},
  }),
];

const indexes = Object.fromEntries(
  Object.entries(shapes).map(([name, shape]) => [name, indexesOf(layoutOf(shape as unknown as Shape<AnyRow>))]),
);

export const recordsPart: Part = { name: 'records', indexes, migrations };

/** Throws SchemaTooNew, StoreUnfit or Unavailable. */
export async function openMongoRecords(
  settings: MongoSettings,
  { clock, ...options }: ConnectOptions & { clock: Clock },
): Promise<Records> {
  await using opening = new AsyncDisposableStack();
  const connection = opening.use(await connect(settings, options));
  const made = await migrate(connection, recordsPart, { settings, ...options });

  const engines = new Map(
    Object.entries(shapes).map(([name, shape]): [string, Engine<AnyRow>] => [
      name,
      openCollection({ connection, name, shape: shape as unknown as Shape<AnyRow>, clock }),
    ]),
  );
  const ports = Object.fromEntries([...engines].map(([name, engine]) => [name, engine.collection]));
  const open = opening.move();

  return {
    ...(ports as unknown as Collections),

    write: (writes, how) => writeAll((write) => engines.get(write.in) as Engine<AnyRow>, writes, how),

    sweep: async (limit) => {
      let swept = 0;

      for (const engine of engines.values()) {
        if (swept < limit) swept += await engine.sweep(limit - swept);
      }

      return swept;
    },

    ready: async () => {
      await connection.ask(() => connection.database.command({ ping: 1 }));
    },

    snapshot: () => openSnapshot(connection, { clock }),

    advice: async () => [...adviseOnMade(connection, made), ...(await adviseOn(connection))],

    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
