import { readFileSync } from 'node:fs';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { StoreUnfit } from '../refusals.ts';
import { isReplica, reasonOf } from './failures.ts';
import { defaults, wayOf, type Address, type RedisSettings } from './settings.ts';

export type Client = Redis | Cluster;

/** Milliseconds. Whoever does not answer in this time is away: the connection is closed and made anew. */
export const patience = 500;

/** How long nothing may come at all, also while a connection is made; our own patience ends first. */
const silence = 4 * patience;

export const longestPause = 1000;

/** The pause before an attempt, in milliseconds. */
export const again = (times: number): number => Math.min(50 * 2 ** (times - 1), longestPause);

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

/** What the driver is told of these settings, and where Redis is. Throws StoreUnfit. */
export function createClient(settings: RedisSettings): { client: Client; place: string } {
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

      client.on('+node', (node: Redis) => {
        // Left to itself, it connects to a node with the first command, and refuses the next until that has happened.
        void node.connect().catch(() => undefined);
        hearAsking(node);
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

/**
 * Before a command for a slot that is moving, the driver sends ASKING and lets its failure fall, which would end the
 * process. The command behind it fails too, or is sent elsewhere.
 */
function hearAsking(node: Redis): void {
  const { asking } = node;

  node.asking = () => asking.call(node).catch(() => 'OK');
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
