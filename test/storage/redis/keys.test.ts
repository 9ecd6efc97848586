import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { settableClock } from '../../support/clock.ts';
import { describeWith } from '../../support/need.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { within } from '../../support/within.ts';
import { openStore } from './opened.ts';

describeWith('redis', 'what stands in Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(async () => server[Symbol.asyncDispose]());

  /** Every key and the milliseconds that Redis will keep it; -1 is for ever. */
  async function lives(): Promise<Record<string, number>> {
    const script = `local lives = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do lives[#lives + 1] = key .. ' ' .. redis.call('PTTL', key) end
      return lives`;
    const lines = (await server.command('EVAL', script, '0')).split('\n').filter(Boolean);

    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  }

  describe.each([
    ['now', 0],
    ['ten years ago', -10 * 365 * 86_400_000],
    ['in ten years', 10 * 365 * 86_400_000],
  ])('by a clock that says that it is %s', (_when, ahead) => {
    test('has a life, a minute longer than its own, however often it is written', async () => {
      await server.command('FLUSHALL');
      await using store = await openStore({ url: server.url }, settableClock(Date.now() + ahead));

      for (let times = 0; times < 2; times += 1) {
        await store.put('value', 'id', 1, { ttl: 100, keys: ['one', 'two'] });
        await store.claim('claim', 'id', 200);
        await store.increment('counter', 'id', 300);
        await store.put('over', 'id', 1, { ttl: 0 });
      }

      const found = await lives();
      const expected: Record<string, number> = {
        'gatehouse:value:id': 160_000,
        'gatehouse:value=one': 160_000,
        'gatehouse:value=two': 160_000,
        'gatehouse:claim:id': 260_000,
        'gatehouse:counter:id': 360_000,
        'gatehouse:over:id': 60_000,
      };

      // What opening left behind goes by itself, too.
      const own = Object.entries(found).filter(([key]) => !key.startsWith('gatehouse:opening'));
      expect(own.map(([key]) => key).sort()).toEqual(Object.keys(expected).sort());
      for (const [key, life] of own) {
        expect(life).toBeLessThanOrEqual(expected[key] ?? 0);
        expect(life).toBeGreaterThan((expected[key] ?? 0) - 10_000);
      }
      for (const life of Object.values(found)) expect(life).toBeGreaterThan(0);
    });
  });

  test('that a later put found by the same name keeps the longer of two lives', async () => {
    await server.command('FLUSHALL');
    await using store = await openStore({ url: server.url });
    await store.put('value', 'long', 1, { ttl: 1000, keys: ['name'] });
    await store.put('value', 'short', 1, { ttl: 10, keys: ['name'] });

    expect((await lives())['gatehouse:value=name']).toBeGreaterThan(1_000_000);
  });

  test('a life longer than Redis can count is cut, and still one', async () => {
    await using store = await openStore({ url: server.url });
    await store.put('value', 'ever', 1, { ttl: 1e300 });

    expect(await store.get('value', 'ever')).toBe(1);
    expect((await lives())['gatehouse:value:ever']).toBeGreaterThan(1e14);
  });

  test('is gone by itself when its life is over: nothing is kept for ever', async () => {
    await using store = await openStore({ url: server.url });
    await store.put('value', 'short', 1, { ttl: 0.1 });
    await server.command('PEXPIRE', 'gatehouse:value:short', '1');

    expect(await within(5000, lives, (found) => !('gatehouse:value:short' in found))).toBeDefined();
    expect(await store.get('value', 'short')).toBeUndefined();
    expect(await store.sweep(100)).toBe(0);
  });

  test('two installations on one Redis see nothing of each other', async () => {
    await using one = await openStore({ url: server.url, prefix: 'one:' });
    await using other = await openStore({ url: server.url, prefix: 'other:' });
    await one.put('kind', 'id', 1, { ttl: 60, keys: ['key'] });
    await one.claim('claim', 'id', 60);

    expect(await other.get('kind', 'id')).toBeUndefined();
    expect(await other.find('kind', 'key')).toBeUndefined();
    expect(await other.claim('claim', 'id', 60)).toBe(true);
  });
});
