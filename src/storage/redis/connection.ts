import { readFileSync } from 'node:fs';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { Unavailable } from '../../domain/errors.ts';
import { AccessRefused } from '../refusals.ts';
import { isNoScript, isRefusal, isReplica, reasonOf, toFailure } from './failures.ts';
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
  /** Every server that takes writes. */
  masters(): Redis[];
  /** Where it is, without credentials. */
  place: string;
  close(): void;
}

export type Client = Redis | Cluster;

/** Milliseconds. Whoever does not answer in this time is away: the connection is closed and made anew. */
const patience = 500;

/** What a start waits for Redis. Away, it is waited for in the background, and what needs it is answered 503. */
const startPatience = 1500;

const again = (times: number): number => Math.min(50 * 2 ** (times - 1), 1000);

const common = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: patience,
  socketTimeout: patience,
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

/** Opens, whether Redis is there or not; it is then waited for. Throws AccessRefused when it will not have us. */
export async function connect(settings: RedisSettings): Promise<Connection> {
  const { client, place } = createClient(settings);
  let problem: unknown;
  let closed = false;

  const close = (): void => {
    closed = true;
    client.disconnect();
  };

  // Without a listener the process would end; what went wrong last is said with the next failure.
  for (const event of ['error', 'sentinelError', 'node error']) {
    client.on(event, (error: unknown) => {
      problem = error;
    });
  }

  client.on('ready', () => {
    problem = undefined;
  });

  await opened(client);

  if (problem !== undefined && isRefusal(reasonOf(problem))) {
    close();
    throw new AccessRefused(`Redis at ${place}`, reasonOf(problem));
  }

  async function ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
    if (closed) throw new Unavailable('Redis: the store is closed');

    try {
      return await command(client);
    } catch (error) {
      throw toFailure(client.status === 'ready' ? error : (problem ?? error));
    }
  }

  return {
    place,
    ask,

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

    masters: () => (client instanceof Cluster ? client.nodes('master') : [client]),
    close,
  };
}

/** Until it is ready, or it is known that it is not, or the patience is over. */
function opened(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      client.off('ready', done);
      client.off('error', done);
      resolve();
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
    tls: file === undefined ? {} : { ca: readFileSync(file, 'utf8') },
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
        redisOptions: { ...ofNodes, ...given, ...own, ...tls },
      });

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
        sentinelReconnectStrategy: again,
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

/** One set for all of them: it may stand in any. */
function credentialsOf(addresses: readonly Address[]): { username?: string; password?: string } {
  const { username, password } = addresses.find((address) => address.password !== undefined) ?? {};

  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function placeOf(addresses: readonly Address[]): string {
  return addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ');
}
