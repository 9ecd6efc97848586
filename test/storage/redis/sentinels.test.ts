import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { Unavailable } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/domain/ids.ts';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import { StoreUnfit } from '../../../src/storage/refusals.ts';
import { freePort } from '../../support/app.ts';
import { describeWith } from '../../support/need.ts';
import { startSentinelSet, until, type SentinelSet } from '../../support/redis-sets.ts';
import { askRedis } from '../../support/redis.ts';
import { asks, openStore, outcomeOf, recovery } from './opened.ts';
import { rightsAtSentinel } from './rights.ts';

/** Milliseconds in which people can sign in again after the master was lost. */
const failOver = 45_000;

describeWith('redis', 'a master behind three Sentinels', () => {
  let set: SentinelSet;
  let store: Ephemera;

  beforeEach(async () => {
    set = await startSentinelSet();
    store = await openStore({ sentinels: set.sentinels.slice(0, 1), password: set.password });
  }, 40_000);

  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await set[Symbol.asyncDispose]();
  });

  const back = (one = store) => recovery(() => one.claim('back', newId(), 60), failOver);

  test('is found by any of them, asked and written to; its replica is never', async () => {
    for (const [, ask] of asks) await ask(store);

    expect(await set.master.command('CLIENT', 'LIST', 'TYPE', 'normal')).toContain('name=gatehouse');
    expect(await set.replica.command('CLIENT', 'LIST', 'TYPE', 'normal')).not.toContain('name=gatehouse');
  });

  test('is not found under another name, or with a wrong password, which a start says in words', async () => {
    const named = openStore({ sentinels: set.sentinels, password: set.password, name: 'other' });
    await expect(named).rejects.toThrow('the Sentinels know no master of this name');

    for (const wrong of [
      { sentinels: set.sentinels, password: 'wrong' },
      { sentinels: set.sentinels.map((one) => one.replace(/:\/\/.*@/, '://:wrong@')), password: set.password },
    ]) {
      await expect(openStore(wrong)).rejects.toThrow(StoreUnfit);
    }
  });

  test('needs no more rights at the Sentinels than those that the README names', async () => {
    const passwords = set.sentinels.map((one) => new URL(one));
    for (const { port, password } of passwords) {
      await askRedis(Number(port), ['ACL', 'SETUSER', 'watcher', 'on', ...rightsAtSentinel], password);
    }

    const sentinels = passwords.slice(0, 1).map(({ host }) => `redis://watcher:secret@${host}`);
    await using watched = await openStore({ sentinels, password: set.password });
    for (const [, ask] of asks) await ask(watched);

    // It listens at all of them, for the next master.
    for (const { port, password } of passwords) {
      const listens = async () =>
        /sub=1 .*user=watcher/.test(await askRedis(Number(port), ['CLIENT', 'LIST'], password));
      await until(listens);
    }
  }, 40_000);

  test('away like its Sentinels, is said to be so in one sentence', async () => {
    const nobody = [`redis://127.0.0.1:${await freePort()}`];
    await using store = await openStore({ sentinels: nobody });
    const { failure } = await outcomeOf(store.ready());

    expect(failure).toBeInstanceOf(Unavailable);
    expect(String(failure)).toMatch(/Redis at mymaster \(Sentinels 127\.0\.0\.1:\d+\): .*[a-z]$/);
    expect(String(failure).match(/Redis at/g)).toHaveLength(1);
  });

  test('S115: when it is killed, every answer is quick, and its replica takes its place with what it was given', async () => {
    await using other = await openStore({ sentinels: set.sentinels, password: set.password });
    for (let number = 0; number < 20; number += 1) await store.put('kind', `${number}`, number, { ttl: 600 });
    for (let number = 0; number < 10; number += 1) expect(await other.consume('kind', `${number}`)).toBe(true);
    await store.claim('claim', 'id', 600);
    for (let times = 0; times < 5; times += 1) await store.increment('counter', 'id', 600);
    await until(() => isCaughtUp(set));

    await set.master.kill();
    for (const [what, ask] of asks) {
      const { failure, took } = await outcomeOf(ask(store));
      expect([what, failure]).toEqual([what, expect.any(Unavailable)]);
      expect(took).toBeLessThan(1000);
    }

    expect(await back()).toBeLessThan(failOver);
    expect(await back(other)).toBeLessThan(5000);
    expect(await set.replica.command('ROLE')).toContain('master');
    for (let number = 0; number < 20; number += 1) {
      expect(await settled(() => other.consume('kind', `${number}`))).toBe(number >= 10);
    }
    expect(await other.claim('claim', 'id', 600)).toBe(false);
    expect(await other.increment('counter', 'id', 600)).toBe(6);
  }, 60_000);

  test('when it was only frozen and comes back, nobody writes to it again', async () => {
    set.master.freeze();
    await back();
    expect(await store.claim('claim', 'id', 600)).toBe(true);
    set.master.thaw();

    await using late = await openStore({ sentinels: set.sentinels, password: set.password });
    for (let times = 0; times < 50; times += 1) {
      for (const one of [store, late]) expect(await one.claim('claim', 'id', 600)).toBe(false);
    }
    await until(async () => (await set.master.command('ROLE')).startsWith('slave'));
    expect(await late.claim('claim', 'id', 600)).toBe(false);
  }, 60_000);

  test('is still found when two of three Sentinels are gone, and gone with the last: what it serves goes on', async () => {
    set.stopSentinels(2);
    await using late = await openStore({ sentinels: set.sentinels, password: set.password });
    expect(await late.claim('claim', 'id', 600)).toBe(true);

    set.stopSentinels(3);
    expect(await late.claim('claim', 'id', 600)).toBe(false);
    expect(await store.claim('claim', 'id', 600)).toBe(false);
  });
});

async function isCaughtUp({ master }: SentinelSet): Promise<boolean> {
  const facts = await master.command('INFO', 'replication');
  const offset = /master_repl_offset:(\d+)/.exec(facts)?.[1];

  return offset !== undefined && facts.includes(`state=online,offset=${offset}`);
}

/** A new master may hang up once more while the Sentinels settle: what was not sent is asked again. */
async function settled<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!/there is no connection/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  return ask();
}
