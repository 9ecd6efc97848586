import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster as ClusterClient } from 'ioredis';

import { Unavailable } from '../../../src/domain/errors.ts';
import { connect, type Connection } from '../../../src/storage/redis/connection.ts';
import { describeWith } from '../../support/need.ts';
import { startCluster } from '../../support/redis-sets.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { openStore, recovery } from './opened.ts';
import { openScriptedSentinel } from './scripted-sentinel.ts';

const plain = { sentinels: [], nodes: [] };

describeWith('redis', 'a connection to Redis that the driver gives up', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(async () => server[Symbol.asyncDispose]());

  const connections = async (): Promise<number> =>
    (await server.command('CLIENT', 'LIST', 'TYPE', 'normal')).match(/name=gatehouse/g)?.length ?? 0;

  test('because it hears of the fail-over while it asks a Sentinel for the new master: is made anew', async () => {
    await using old = await startRedis();
    await using sentinel = await openScriptedSentinel(old.port);
    await using store = await openStore({ sentinels: [sentinel.url] });
    await store.increment('counter', 'id', 60);
    await sentinel.heardBy(1);

    const told = Promise.withResolvers<void>();
    const asked = sentinel.holdAnswers(told.promise);
    await old.kill();
    await asked;
    sentinel.tellOfSwitch();
    // It has heard: it listens no more.
    await sentinel.heardBy(0);
    sentinel.master = server.port;
    told.resolve();

    expect(await recovery(() => store.increment('counter', 'id', 60))).toBeLessThan(5000);
  });

  test('for whatever reason: is made anew, again and again, and ends when the store is closed', async () => {
    const connection = await connect({ ...plain, url: server.url });
    const other = await connect({ ...plain, url: server.url });
    await using _closed = { [Symbol.asyncDispose]: async () => other.close() };
    const breakOff = (one: Connection) => one.ask(async (client) => client.disconnect());
    const back = (one: Connection) => recovery(() => one.ask((client) => client.exists('key')));

    for (let times = 0; times < 3; times += 1) {
      await breakOff(connection);
      expect(await back(connection)).toBeLessThan(5000);
    }
    expect(await connections()).toBe(2);

    await breakOff(connection);
    await breakOff(other);
    connection.close();
    await back(other);
    await expect(connection.ask((client) => client.exists('key'))).rejects.toThrow('closed');
    expect(await connections()).toBe(1);
  });

  test.each<[string, (client: ClusterClient) => void]>([
    ['for whatever reason', (client) => client.disconnect()],
    [
      // The driver takes it for the end of the connections that it is about to make.
      'because those of the time before end while it looks up the nodes',
      (client) => {
        client.once('connecting', () => drain(client));
        client.disconnect(true);
      },
    ],
  ])(
    'to a Cluster, %s: is made anew',
    async (_why, breakOff) => {
      await using cluster = await startCluster();
      const connection = await connect({ ...plain, nodes: cluster.nodes });
      await using _closed = { [Symbol.asyncDispose]: async () => connection.close() };

      await connection.ask(async (client) => breakOff(client as ClusterClient));
      await expect(connection.ask((client) => client.exists('key'))).rejects.toThrow(Unavailable);

      expect(await recovery(() => connection.ask((client) => client.exists('key')))).toBeLessThan(5000);
    },
    40_000,
  );

  test('to a node of a Cluster that breaks while a slot moves: ends no process by what the driver does not wait for', async () => {
    await using cluster = await startCluster();
    const connection = await connect({ ...plain, nodes: cluster.nodes });
    await using _closed = { [Symbol.asyncDispose]: async () => connection.close() };
    const [node] = connection.masters();

    node?.server.disconnect();

    // The driver sends it before the command and looks at the answer of that one alone.
    await expect(node?.server.asking()).resolves.toBeDefined();
  }, 40_000);
});

function drain(client: ClusterClient): void {
  (client as unknown as { connectionPool: { emit(event: string): void } }).connectionPool.emit('drain');
}
