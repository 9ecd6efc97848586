import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import type { Remark } from './advice.ts';
import type { Ephemera } from './ephemera.ts';
import type { Records } from './records.ts';
import * as mongoSettings from './mongo/settings.ts';
import * as redisSettings from './redis/settings.ts';

/**
 * The list of what data can be kept in. The configuration takes each backend's options from here, the composition root
 * opens by kind, and the contract suites run through all of it: a new backend is one folder and one entry. A driver is
 * loaded only when its backend is opened. It knows no setting besides a backend's own.
 */
export interface Backend<Options = unknown> {
  kind: string;
  /** A strict object, every field described: it becomes part of the configuration beside `kind`. */
  options: z.ZodObject & z.ZodType<Options>;
  /** What is wrong between options that are each right alone. */
  check?(options: Options): Remark[];
  /** What works and should not be done in production. */
  advise?(options: Options): Remark[];
  /** It keeps its files in the data folder, which has one server at a time; else any number of nodes share it. */
  inFolder?: true;
  /** Opens, making what is missing and migrating what is old. Throws SchemaTooNew, AlreadyRunning or Unavailable. */
  openRecords?(options: Options, place: Place): Promise<Records>;
  openEphemera?(options: Options, place: Place): Promise<Ephemera>;
}

export interface Place {
  clock: Clock;
  /** The data folder, for backends that keep files. */
  data: string;
  /** Whether this process serves: a backend that can have one server only then refuses a second. */
  server: boolean;
}

const sqlite: Backend<object> = {
  kind: 'sqlite',
  options: z.strictObject({}),
  inFolder: true,
  openRecords: async (_options, place) => (await import('./sqlite/records.ts')).openSqliteRecords(place),
  openEphemera: async (_options, place) => (await import('./sqlite/ephemera.ts')).openSqliteEphemera(place),
};

const mongo: Backend<mongoSettings.MongoSettings> = {
  kind: 'mongo',
  options: z.strictObject({
    url: z
      .string()
      .refine((text) => mongoSettings.readAddress(text) !== undefined)
      .optional()
      .meta({
        description:
          'The replica set. Its options may ask for TLS (tls=true), name its members’ authority and the like.',
        expects: 'an address such as mongodb://user:password@a.example.com,b.example.com/gatehouse?tls=true',
        unset: mongoSettings.defaults.url,
        secret: true,
      }),
    database: z
      .string()
      .regex(mongoSettings.databaseName)
      .optional()
      .meta({
        description: 'The database, which is Gatehouse’s alone.',
        expects: 'a name of letters, digits, - and _',
        unset: `the one that url names, else ${mongoSettings.defaults.database}`,
        example: mongoSettings.defaults.database,
      }),
    pool_size: z.int().min(1).max(1000).default(20).meta({
      description: 'How many connections a node keeps at most.',
      expects: 'a whole number from 1 to 1000',
      unit: 'connections',
    }),
  }),
  advise: mongoSettings.adviseSettings,
  openRecords: async (options, place) => (await import('./mongo/records.ts')).openMongoRecords(options, place),
  openEphemera: async (options, place) => (await import('./mongo/ephemera.ts')).openMongoEphemera(options, place),
};

const redisAddress = z.string().refine((text) => redisSettings.readAddress(text) !== undefined);
const redisAddresses = z.array(redisAddress).max(50).default([]);

const redis: Backend<redisSettings.RedisSettings> = {
  kind: 'redis',
  options: z.strictObject({
    url: redisAddress.optional().meta({
      description: 'The one server. The path is the number of its database; rediss: is TLS.',
      expects: 'an address such as redis://user:password@redis.example.com:6379/0',
      unset: `${redisSettings.defaults.url}, unless sentinels or nodes are set`,
      secret: true,
    }),
    sentinels: redisAddresses.meta({
      description:
        'The Sentinels that know the master, instead of url. Credentials in an address are the Sentinels’ own; rediss: is TLS to them and to the master.',
      expects: 'a list of addresses such as [redis://10.0.0.1:26379, redis://10.0.0.2:26379]',
      each: 'an address such as redis://10.0.0.1:26379',
      secret: true,
    }),
    name: z.string().min(1).optional().meta({
      description: 'What the Sentinels call the master.',
      unset: redisSettings.defaults.name,
      example: redisSettings.defaults.name,
    }),
    nodes: redisAddresses.meta({
      description: 'Some nodes of a Cluster, instead of url: they name the others. rediss: is TLS to all of them.',
      expects: 'a list of addresses such as [redis://10.0.0.1:6379, redis://10.0.0.2:6379]',
      each: 'an address such as redis://10.0.0.1:6379',
      secret: true,
    }),
    username: z.string().min(1).optional().meta({
      description: 'The ACL user at the servers, where the address names none.',
      unset: 'the default user',
      example: 'gatehouse',
    }),
    password: z.string().min(1).optional().meta({
      description: 'The password at the servers, where the address holds none.',
      unset: 'none',
      secret: true,
    }),
    prefix: z
      .string()
      .max(100)
      .optional()
      .meta({
        description: 'What every key begins with: two installations on one Redis need two.',
        expects: 'a text of at most 100 characters',
        unset: redisSettings.defaults.prefix,
        example: `'${redisSettings.defaults.prefix}'`,
      }),
    ca_file: z.string().min(1).optional().meta({
      description: 'A PEM file with the certificate authorities that a rediss: server may be certified by.',
      expects: 'the path of a file',
      unset: 'the built-in ones',
      example: '/etc/ssl/company-ca.pem',
    }),
  }),
  check: redisSettings.checkSettings,
  advise: redisSettings.adviseSettings,
  openEphemera: async (options, place) => (await import('./redis/ephemera.ts')).openRedisEphemera(options, place),
};

const backends: readonly Backend[] = [sqlite, mongo, redis];

export const recordsBackends = backends.filter(keepsRecords);
export const ephemeraBackends = backends.filter(keepsEphemera);

/** A store of nobody's, which is gone with its last use: for trying out what must not be done. */
export async function openInMemory(clock: Clock): Promise<{ records: Records; ephemera: Ephemera }> {
  const [{ openSqliteRecords }, { openSqliteEphemera }, { inMemory: data }] = await Promise.all([
    import('./sqlite/records.ts'),
    import('./sqlite/ephemera.ts'),
    import('./sqlite/database.ts'),
  ]);
  const place = { clock, data, server: false };

  return { records: openSqliteRecords(place), ephemera: openSqliteEphemera(place) };
}

function keepsRecords(backend: Backend): backend is Backend & Required<Pick<Backend, 'openRecords'>> {
  return backend.openRecords !== undefined;
}

function keepsEphemera(backend: Backend): backend is Backend & Required<Pick<Backend, 'openEphemera'>> {
  return backend.openEphemera !== undefined;
}
