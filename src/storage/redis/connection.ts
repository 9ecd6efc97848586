import { readFileSync } from 'node:fs';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { Unavailable } from '../../domain/errors.ts';
import { StoreUnfit } from '../refusals.ts';
import { isNoScript, isReplica, reasonOf, toFailure, unfitness } from './failures.ts';
import type { Script } from './scripts.ts';
import { defaults, wayOf, type Address, type RedisSettings } from './settings.ts';

/**
 * The one connection to Redis. It never queues and never repeats: a command is written once or fails at once, and fails
 * when its answer is not there in time; whether it was carried out is then unknown, and nobody tries again in silence.
 */
export interface Connection {
  /** Throws Unavailable, within a second. */
  ask<T>(command: (client: Client) => Promise<T>): Promise<T>;
  run(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown>;
  /** Every server that takes writes, and where it is. */
  masters(): { server: Redis; at: string }[];
  /** Where it is, without credentials. */
  place: string;
  close(): void;
}

export type Client = Redis | Cluster;

/** Milliseconds. Whoever does not answer in this time is away: the connection is closed and made anew. */
const patience = 500;

/** How long nothing may come at all, also while a connection is made; our own patience ends first. */
const silence = 4 * patience;

/** What a start waits for Redis. Away, it is waited for in the background, and what needs it is answered 503. */
const startPatience = 1500;

const again = (times: number): number => Math.min(50 * 2 ** (times - 1), 1000);

const common = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  socketTimeout: silence,
  connectTimeout: 2 * patience,
  disconnectTimeout: 100,
  maxLoadingRetryTime: patience,
  retryStrategy: again,
  reconnectOnError: isReplica,
  connectionName: 'gatehouse',
  disableClientInfo: true,
  // Texts and whole numbers are all that is asked for: the older protocol needs no handshake.
  protocol: 2,
} satisfies RedisOptions;

/** Opens, whether Redis is there or not; it is then waited for. Throws StoreUnfit when it will not have us. */
export async function connect(settings: RedisSettings): Promise<Connection> {
  const { client, place } = createClient(settings);
  const trouble = troubleOf(client);
  let closed = false;

  const close = (): void => {
    closed = true;
    client.disconnect();
  };

  async function ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
    if (closed) throw new Unavailable(`Redis at ${place}: the store is closed`);

    try {
      return await inTime(command(client), () => {
        // Of a Cluster, the node that keeps silent is left by itself.
        if (client instanceof Redis) client.disconnect(true);
      });
    } catch (error) {
      // Without a connection, why there is none says more than that there is none.
      throw toFailure(client.status === 'ready' ? error : (trouble() ?? error), place);
    }
  }

  const connection: Connection = {
    place,
    ask,
    close,

    run: (script, key, args) =>
      ask(async () => {
        try {
          return await client.evalsha(script.sha, 1, key, ...args);
        } catch (error) {
          // It was not run: Redis has started anew, or is another one.
          if (!isNoScript(error)) throw error;

          return await client.eval(script.text, 1, key, ...args);
        }
      }),

    masters: () =>
      client instanceof Cluster
        ? client.nodes('master').map((server) => ({ server, at: `${server.options.host}:${server.options.port}` }))
        : [{ server: client, at: place }],
  };

  await opened(client);
  if (client instanceof Cluster) await Promise.all(client.nodes('master').map((node) => opened(node)));
  refuseUnfit(connection, trouble());

  return connection;
}

/**
 * Throws when the answer is late, but for one that has arrived while this process was too busy to look: what is there to
 * be read is read before the turn of the event loop ends. Under a flood it is the flood that is slow, not Redis.
 */
async function inTime<T>(answer: Promise<T>, onLate: () => void): Promise<T> {
  let isAnswered = false;
  let timer: NodeJS.Timeout | undefined;

  const late = new Promise<never>((_resolve, reject) => {
    const end = (): void => {
      if (isAnswered) return;

      reject(new Error('it does not answer in time'));
      onLate();
    };

    timer = setTimeout(() => setImmediate(end), patience);
  });

  try {
    return await Promise.race([answer, late]);
  } finally {
    isAnswered = true;
    clearTimeout(timer);
  }
}

/** Closes it and throws StoreUnfit when what went wrong will be wrong until somebody mends it. */
export function refuseUnfit({ place, close }: Connection, error: unknown): void {
  const unfit = error === undefined ? undefined : unfitness(error);
  if (unfit === undefined) return;

  close();
  throw new StoreUnfit(`Redis at ${place}`, unfit);
}

/** Why there is no connection, while there is none. Without listeners, an error would end the process. */
function troubleOf(client: Client): () => unknown {
  let trouble: unknown;
  let atSentinel: unknown;

  client.on('ready', () => {
    trouble = undefined;
    atSentinel = undefined;
  });
  client.on('sentinelError', (error: unknown) => {
    atSentinel = error;
  });

  for (const event of ['error', 'node error']) {
    client.on(event, (error: unknown) => {
      trouble = error;
    });
  }

  // That no Sentinel helped is said as an error too; what one of them said is more to the point.
  return () => atSentinel ?? trouble;
}

/** Until it is ready, or it is known that it is not, or the patience is over. */
function opened(client: Client): Promise<void> {
  return new Promise((resolve) => {
    if (client.status === 'ready') return resolve();

    const done = (): void => {
      clearTimeout(timer);
      client.off('ready', done);
      client.off('error', done);
      // What went wrong first may be told last: the commands of a handshake fail together.
      setImmediate(resolve);
    };
    const timer = setTimeout(done, startPatience);

    client.on('ready', done);
    client.on('error', done);
  });
}

function createClient(settings: RedisSettings): { client: Client; place: string } {
  const { option, addresses } = wayOf(settings);
  const { username, password, ca_file: file } = settings;
  const hosts = addresses.map(({ host, port }) => ({ host, port }));
  const tls = addresses.some((address) => address.tls) && {
    tls: file === undefined ? {} : { ca: readAuthorities(file) },
  };

  // In an address of Sentinels stand those for the Sentinels themselves.
  const own = credentialsOf(addresses);
  const given = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };

  switch (option) {
    case 'nodes': {
      const client = new Cluster(hosts, {
        enableOfflineQueue: false,
        clusterRetryStrategy: again,
        slotsRefreshTimeout: 2 * patience,
        // A command that a dead node may have carried out is not sent again.
        retryDelayOnFailover: 0,
        // Certificates are for names.
        ...(tls && { dnsLookup: (name, found) => found(null, name) }),
        redisOptions: { ...ofNodes, ...given, ...own, ...tls },
      });

      // Left to itself, it connects to a node with the first command, and refuses the next until that has happened.
      client.on('+node', (node: Redis) => void node.connect().catch(() => undefined));

      return { client, place: placeOf(addresses) };
    }

    case 'sentinels': {
      const { name = defaults.name } = settings;
      const client = new Redis({
        ...common,
        ...given,
        ...tls,
        name,
        sentinels: hosts,
        role: 'master',
        ...(own.username !== undefined && { sentinelUsername: own.username }),
        ...(own.password !== undefined && { sentinelPassword: own.password }),
        ...(tls && { sentinelTLS: tls.tls, enableTLSForSentinelMode: true }),
        sentinelCommandTimeout: patience,
        sentinelRetryStrategy: again,
        // Those that tell of a fail-over. One that is away is said on standard error at each try, by the driver itself.
        sentinelReconnectStrategy: () => 60_000,
        failoverDetector: true,
      });

      return { client, place: `${name} (Sentinels ${placeOf(addresses)})` };
    }

    case 'url': {
      const [address] = addresses;
      const client = new Redis({ ...common, ...hosts[0], db: address?.database ?? 0, ...given, ...own, ...tls });

      return { client, place: placeOf(addresses) };
    }
  }
}

/** Which node to ask next is the Cluster's business, not that of a connection to one. */
const { enableOfflineQueue: _queue, retryStrategy: _retry, ...ofNodes } = common;

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const mend = 'Correct ca_file in the storage settings, or make the file readable.';

    throw new StoreUnfit('Redis', { reason: reasonOf(error), mend });
  }
}

/** One set for all of them: it may stand in any. */
function credentialsOf(addresses: readonly Address[]): { username?: string; password?: string } {
  const { username, password } = addresses.find((address) => address.password !== undefined) ?? {};

  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function placeOf(addresses: readonly Address[]): string {
  return addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ');
}
