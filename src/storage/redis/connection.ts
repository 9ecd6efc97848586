import { Cluster, Redis } from 'ioredis';

import { Unavailable } from '../../domain/errors.ts';
import { StoreUnfit } from '../refusals.ts';
import { createClient, patience, type Client } from './client.ts';
import { isNoScript, toFailure, unfitness } from './failures.ts';
import { persevere } from './persevering.ts';
import type { Script } from './scripts.ts';
import type { RedisSettings } from './settings.ts';

/**
 * The one connection to Redis. It never queues and never repeats: a command is written once or fails at once, and fails
 * when its answer is not there in time; whether it was carried out is then unknown, and nobody tries again in silence.
 * On a Cluster, where the driver lets no node's connection go without a queue, only one that is ready is asked: what it
 * still takes while it breaks fails with it, because it is never made anew, another one takes its place.
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

/** What a start waits for Redis. Away, it is waited for in the background, and what needs it is answered 503. */
const startPatience = 1500;

/** Opens, whether Redis is there or not; it is then waited for. Throws StoreUnfit when it will not have us. */
export async function connect(settings: RedisSettings): Promise<Connection> {
  const { client, place } = createClient(settings);
  const trouble = troubleOf(client);
  const giveUp = persevere(client);
  const breakOff = breaking(client);
  let closed = false;

  const close = (): void => {
    closed = true;
    giveUp();
    client.disconnect();
  };

  async function ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
    if (closed) throw new Unavailable(`Redis at ${place}: the store is closed`);

    try {
      return await inTime(command(client), breakOff);
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
  if (client instanceof Redis) await choose(connection, client.options.db ?? 0);

  return connection;
}

/** The driver chooses it too, and goes on in the first where there is none of that number. Throws StoreUnfit. */
async function choose(connection: Connection, database: number): Promise<void> {
  if (database === 0) return;

  await connection
    .ask((client) => (client as Redis).select(database))
    .catch((error: unknown) => refuseUnfit(connection, error));
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

/** Ends a connection that keeps silent, once; what is being made anew already must not be broken off. */
function breaking(client: Client): () => void {
  // Of a Cluster, the node that keeps silent is left by itself.
  if (client instanceof Cluster) return () => undefined;

  let isBroken = false;

  client.on('close', () => {
    isBroken = false;
  });

  return () => {
    if (isBroken || client.status !== 'ready') return;

    isBroken = true;
    client.disconnect(true);
  };
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
