import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inspect } from 'node:util';

import { Unavailable } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/domain/ids.ts';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import { describeWith } from '../../support/need.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { openWire } from '../../support/wire.ts';
import { asks, openStore, outcomeOf, recovery } from './opened.ts';

describeWith('redis', 'while Redis is away, a store', () => {
  let server: RedisServer;
  let store: Ephemera;

  beforeAll(async () => {
    server = await startRedis({ settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    store = await openStore({ url: server.url });
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const outages: [string, () => Promise<void>, () => Promise<void>][] = [
    ['killed', () => server.kill(), () => server.start()],
    ['frozen', async () => server.freeze(), async () => server.thaw()],
  ];

  test.each(outages)(
    'S115: is Unavailable within a second, whatever is asked, and back within five: %s',
    async (_how, away, back) => {
      await away();

      for (const [what, ask] of asks) {
        const { failure, took } = await outcomeOf(ask(store));

        expect([what, failure]).toEqual([what, expect.any(Unavailable)]);
        expect(took).toBeLessThan(1000);
      }

      await back();
      await recovery(() => store.claim('back', newId(), 60));
      for (const [, ask] of asks) await ask(store);
    },
  );

  test('is asked a thousand things at once while Redis is frozen, and says no to all of them in the same second', async () => {
    server.freeze();
    const began = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, () => outcomeOf(store.increment('many', 'id', 60))),
    );

    expect(performance.now() - began).toBeLessThan(1500);
    expect(outcomes.every(({ failure }) => failure instanceof Unavailable)).toBe(true);

    server.thaw();
    await recovery(() => store.claim('back', newId(), 60));
  });

  test('is not away because this process was too busy to read what Redis had answered', async () => {
    await store.put('kind', 'busy', 'there', { ttl: 60 });

    for (const hold of [800, 800]) {
      const answer = store.get('kind', 'busy');
      for (const until = performance.now() + hold; performance.now() < until;);

      expect(await answer).toBe('there');
    }
  });

  test('once it knows, refuses at once: nothing waits for a Redis that is known to be frozen', async () => {
    server.freeze();
    await outcomeOf(store.get('kind', 'id'));
    await outcomeOf(store.get('kind', 'id'));
    const { failure, took } = await outcomeOf(store.get('kind', 'id'));

    expect(failure).toBeInstanceOf(Unavailable);
    expect(took).toBeLessThan(100);

    server.thaw();
    await recovery(() => store.claim('back', newId(), 60));
  });

  test('opens all the same, and works once Redis is there', async () => {
    for (const [, away, back] of outages) {
      await away();
      const began = performance.now();
      await using early = await openStore({ url: server.url });

      expect(performance.now() - began).toBeLessThan(3000);
      await expect(early.ready()).rejects.toThrow(Unavailable);

      await back();
      await recovery(() => early.claim('back', newId(), 60));
    }
  });

  test('never does again what was done and not answered', async () => {
    await using wire = await openWire(server.port);
    await using far = await openStore({ url: `redis://127.0.0.1:${wire.port}` });
    await far.put('once', 'id', 1, { ttl: 60 });

    wire.swallowAnswers();
    expect((await outcomeOf(far.increment('lost', 'id', 60))).failure).toBeInstanceOf(Unavailable);
    wire.mend();
    await recovery(() => far.claim('back', newId(), 60));
    expect(await store.get('lost', 'id')).toBe(1);

    wire.swallowAnswers();
    expect((await outcomeOf(far.consume('once', 'id'))).failure).toBeInstanceOf(Unavailable);
    wire.mend();
    await recovery(() => far.claim('back', newId(), 60));
    await store.put('once', 'id', 2, { ttl: 60 });
    await recovery(() => far.claim('back', newId(), 60));

    expect(await store.get('once', 'id')).toBe(2);
    expect(await store.get('lost', 'id')).toBe(1);
  });

  test('finds its scripts again when Redis has forgotten them', async () => {
    await store.claim('scripts', 'before', 60);
    await server.command('SCRIPT', 'FLUSH', 'SYNC');

    expect(await store.claim('scripts', 'after', 60)).toBe(true);
    expect(await store.increment('scripts-counter', 'id', 60)).toBe(1);
    await expect(store.put('scripts-names', 'id', 1, { ttl: 60, keys: ['key'] })).resolves.toBeUndefined();
  });

  test.each([
    ['full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['a replica of nobody', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ])(
    'S115: refuses to write when Redis is %s, says why and passes on nothing that was to be written',
    async (_how, worse, better) => {
      await server.command(...worse);

      for (const ask of [
        store.put('kind', 'canary-id', 'canary-value', { ttl: 60 }),
        store.put('kind', 'canary-id', 'canary-value', { ttl: 60, keys: ['canary-key'] }),
        store.claim('claim', 'canary-id', 60),
        store.increment('counter', 'canary-id', 60),
      ]) {
        const { failure } = await outcomeOf(ask);

        expect(failure).toBeInstanceOf(Unavailable);
        expect(inspect(failure, { depth: 9 })).not.toContain('canary');
      }

      await server.command(...better);
      await recovery(() => store.claim('back', newId(), 60));
    },
  );

  test('keeps what was acknowledged when Redis is killed: with an append-only file that is written at once nothing is lost', async () => {
    for (let number = 0; number < 50; number += 1) await store.put('kept', `${number}`, number, { ttl: 60 });
    await store.consume('kept', '0');
    await server.kill();
    await server.start();
    await recovery(() => store.claim('back', newId(), 60));

    expect(await store.get('kept', '0')).toBeUndefined();
    for (let number = 1; number < 50; number += 1) expect(await store.get('kept', `${number}`)).toBe(number);
  });

  test('is closed while Redis is away without a trace of it', async () => {
    await server.kill();
    const gone = await openStore({ url: server.url });
    await gone[Symbol.asyncDispose]();
    await expect(gone.ready()).rejects.toThrow('closed');
    await server.start();

    await recovery(() => store.claim('back', newId(), 60));
    expect((await server.command('CLIENT', 'LIST', 'TYPE', 'normal')).match(/name=gatehouse/g)).toHaveLength(1);
  });
});
