import { setTimeout as elapsed } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../../src/domain/errors.ts';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import { describeWith } from '../../support/need.ts';
import { startCluster, type Cluster } from '../../support/redis-sets.ts';
import { newPrefix } from '../../support/redis.ts';
import { within } from '../../support/within.ts';
import { ephemeraContract } from '../ephemera.contract.ts';
import { asks, openStore, outcomeOf, recovery } from './opened.ts';
import { commandsOf, commandsUsed, rightsAtServer, rightsOnCluster } from './rights.ts';

/** On a busy machine the driver takes a moment to know, and reach, every master. */
async function reached<Store extends Pick<Ephemera, 'get'>>(store: Store): Promise<Store> {
  const ask = async () => {
    // What is refused at once leaves the driver no turn to connect.
    await elapsed(20);

    return Promise.allSettled(Array.from({ length: 30 }, (_, number) => store.get('kind', `reach-${number}`)));
  };
  await within(15_000, ask, (outcomes) => outcomes.every(({ status }) => status === 'fulfilled'));

  return store;
}

describeWith('redis', 'a Cluster of three masters', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 40_000);

  afterAll(async () => cluster[Symbol.asyncDispose]());

  ephemeraContract('a Redis Cluster', async () => {
    const prefix = newPrefix();

    return {
      open: async (clock) => reached(await openStore({ nodes: cluster.nodes, prefix }, clock)),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  const sizes = () => Promise.all(cluster.masters.map(async (one) => Number(await one.command('DBSIZE'))));

  test('shares what is kept out among its masters, and needs to be told of one of them only', async () => {
    await using store = await openStore({ nodes: cluster.nodes.slice(0, 1), prefix: newPrefix() });
    await reached(store);
    const before = await sizes();

    for (let number = 0; number < 300; number += 1) {
      await store.put('kind', `${number}`, number, { ttl: 60, keys: [`key-${number}`] });
    }

    const grown = (await sizes()).map((size, at) => size - (before[at] ?? 0));
    for (const size of grown) expect(size).toBeGreaterThan(100);
    for (let number = 0; number < 300; number += 1) {
      expect(await store.find('kind', `key-${number}`)).toEqual({ id: `${number}`, value: number });
    }
  });

  test('finds entries whose slot has moved, with no more rights than those that the README names', async () => {
    for (const one of cluster.masters) {
      await one.command('ACL', 'SETUSER', 'gatehouse', 'on', ...rightsAtServer, ...rightsOnCluster);
      await one.command('CONFIG', 'RESETSTAT');
    }
    const user = { username: 'gatehouse', password: 'secret' };
    await using store = await reached(await openStore({ nodes: cluster.nodes, prefix: 'gatehouse:moved:', ...user }));
    for (const [, ask] of asks) await ask(store);
    expect(await store.advice?.()).toHaveLength(3);

    await store.put('kind', 'id', 1, { ttl: 60 });
    const slot = await cluster.masters[0]?.command('CLUSTER', 'KEYSLOT', 'gatehouse:moved:kind:id');
    const owner = cluster.masters[Number(slot) <= 5460 ? 0 : Number(slot) <= 10_922 ? 1 : 2];
    const other = cluster.masters.find((one) => one !== owner);
    const idOf = async (server: typeof owner) => (await server?.command('CLUSTER', 'MYID')) ?? '';

    await other?.command('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', await idOf(owner));
    await owner?.command('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', await idOf(other));
    await owner?.command('MIGRATE', '127.0.0.1', `${other?.port}`, 'gatehouse:moved:kind:id', '0', '1000');
    expect(await store.get('kind', 'id')).toBe(1);

    for (const one of cluster.masters) await one.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', await idOf(other));
    expect(await store.get('kind', 'id')).toBe(1);
    expect(await store.consume('kind', 'id')).toBe(true);
    expect(await store.consume('kind', 'id')).toBe(false);

    // There is no replica to be told to be read from, or to become a master.
    const used = (await Promise.all(cluster.masters.map(commandsUsed))).flat();
    expect(used).toEqual(
      expect.arrayContaining(commandsOf(rightsOnCluster).filter((right) => !right.startsWith('read'))),
    );
  });

  describe.each([
    ['killed', 'kill', 'start'],
    ['frozen', 'freeze', 'thaw'],
  ] as const)('with one master %s', (_how, away, back) => {
    test('S115: is Unavailable within a second where that one is needed, and back within five', async () => {
      await using store = await openStore({ nodes: cluster.nodes, prefix: newPrefix() });
      const [, lost] = cluster.masters;
      for (const [, ask] of asks) await ask(store);
      await lost?.[away]();

      const outcomes: unknown[] = [];
      for (let number = 0; number < 60; number += 1) {
        const { failure, took } = await outcomeOf(store.increment('counter', `${number}`, 60));
        outcomes.push(failure);

        expect(took).toBeLessThan(1000);
      }

      const failures = outcomes.filter((failure) => failure !== undefined);
      expect(failures.length).toBeGreaterThan(5);
      for (const failure of failures) expect(failure).toBeInstanceOf(Unavailable);

      await lost?.[back]();
      for (let number = 0; number < 60; number += 1) await recovery(() => store.increment('counter', `${number}`, 60));
    });
  });
});
