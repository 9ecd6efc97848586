import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { describeWith } from '../../support/need.ts';
import { openPlace, type Place } from '../../support/process.ts';
import { startRedis, type RedisServer } from '../../support/redis.ts';
import { startCluster, until } from '../../support/redis-sets.ts';
import { openStore } from './opened.ts';

interface Finding {
  area: string;
  state: string;
  message: string;
  mend?: string;
}

describeWith('redis', 'what the doctor says of Redis', () => {
  let server: RedisServer;
  let place: Place;

  beforeAll(async () => {
    server = await startRedis();
    place = await openPlace();
    await using started = await place.start(ephemera());
    expect(started.err()).toContain('appendonly no');
  });

  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const ephemera = (url = server.url) => ({
    GATEHOUSE_STORAGE_EPHEMERA_KIND: 'redis',
    GATEHOUSE_STORAGE_EPHEMERA_URL: url,
  });

  async function examined(url?: string): Promise<{ code: number | null; storage: Finding[]; areas: string[] }> {
    const { code, out } = await place.run(['doctor', '--json'], { env: ephemera(url) });
    const findings = JSON.parse(out) as Finding[];

    return {
      code,
      storage: findings.filter(({ area }) => area === 'storage'),
      areas: findings.map(({ area }) => area),
    };
  }

  test('is good when it keeps everything', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'appendonly', 'yes');

    expect(await examined()).toMatchObject({
      code: 0,
      storage: [
        { state: 'good', message: 'Records and ephemera answer.' },
        { state: 'good', message: expect.stringContaining(`127.0.0.1:${server.port}`) },
      ],
    });
  });

  test.each(['allkeys-lru', 'volatile-ttl'])('is bad when it drops keys for want of memory: %s', async (policy) => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', policy, 'appendonly', 'yes');
    const { code, storage } = await examined();

    expect(code).toBe(1);
    expect(storage).toEqual([expect.objectContaining({ state: 'wrong', mend: 'Set maxmemory-policy to noeviction.' })]);
    expect(storage[0]?.message).toContain(policy);
  });

  test('is a warning when it forgets over a restart', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'appendonly', 'no');
    const { code, storage } = await examined();

    expect(code).toBe(0);
    expect(storage.at(-1)).toMatchObject({ state: 'warning', mend: 'Set appendonly to yes.' });
  });

  test('is said to be unknown to a user who may not see it, and known by CONFIG GET where INFO is refused', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'appendonly', 'yes');
    await server.command('ACL', 'SETUSER', 'blind', 'on', '>secret', '~*', '+@all', '-info', '-config');
    await server.command('ACL', 'SETUSER', 'half', 'on', '>secret', '~*', '+@all', '-info');
    const as = (user: string) => `redis://${user}:secret@127.0.0.1:${server.port}`;

    expect((await examined(as('blind'))).storage.at(-1)).toMatchObject({
      state: 'warning',
      mend: 'See for yourself that maxmemory-policy is noeviction and appendonly is yes.',
    });
    expect((await examined(as('half'))).storage.at(-1)).toMatchObject({ state: 'good' });
  });

  test.each([
    ['full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], 'Raise maxmemory.'],
    ['a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], 'Name the master, or the Sentinels'],
  ])('is bad while it is %s and takes nothing', async (_what, break_, mend, advised) => {
    await using store = await openStore({ url: server.url });

    await server.command(...break_);
    const advice = await store.advice?.();
    await server.command(...mend);

    expect(advice).toContainEqual({
      state: 'wrong',
      message: expect.stringContaining('takes nothing'),
      mend: expect.stringContaining(advised),
    });
  });

  test('is that it does not answer, and everything else is looked at all the same', async () => {
    await server.kill();
    const { code, storage, areas } = await examined();
    await server.start();

    expect(code).toBe(1);
    expect(storage).toEqual([
      expect.objectContaining({ state: 'wrong', message: expect.stringContaining('ECONNREFUSED') }),
    ]);
    expect(areas).toEqual(expect.arrayContaining(['keys', 'clock', 'administrators']));
  });

  test('is said of every master of a Cluster', async () => {
    await using cluster = await startCluster();
    await using store = await openStore({ nodes: cluster.nodes.slice(0, 1) });
    await cluster.masters[1]?.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');

    // The driver gets to know the masters one after the other.
    let advice = (await store.advice?.()) ?? [];
    await until(async () => (advice = (await store.advice?.()) ?? []).length === 4);

    expect(advice.map(({ state }) => state).sort()).toEqual(['warning', 'warning', 'warning', 'wrong']);
    expect(advice.find(({ state }) => state === 'wrong')?.message).toContain(`127.0.0.1:${cluster.masters[1]?.port}`);
  }, 40_000);
});
