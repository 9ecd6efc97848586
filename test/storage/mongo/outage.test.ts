import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/domain/clock.ts';
import { Unavailable } from '../../../src/domain/errors.ts';
import type { Ephemera } from '../../../src/storage/ephemera.ts';
import { openMongoEphemera } from '../../../src/storage/mongo/ephemera.ts';
import { openMongoRecords } from '../../../src/storage/mongo/records.ts';
import type { Records } from '../../../src/storage/records.ts';
import { freePort } from '../../support/app.ts';
import { startMongo, type MongoServer } from '../../support/mongo.ts';
import { describeWith } from '../../support/need.ts';
import { failed, fifty, sample, succeeded } from '../rows.ts';

/** What Unavailable may take, and what may pass from the server's return until it is used again, in milliseconds. */
const most = { unavailable: 3000, recovery: 5000 };

const farAway = Date.UTC(2100, 0, 1);

interface Stores extends AsyncDisposable {
  records: Records;
  ephemera: Ephemera;
}

async function storesOn({ url }: MongoServer): Promise<Stores> {
  await using stack = new AsyncDisposableStack();
  const settings = { url, pool_size: 10 };
  const records = stack.use(await openMongoRecords(settings, { clock: systemClock }));
  const ephemera = stack.use(await openMongoEphemera(settings, { clock: systemClock }));
  const opened = stack.move();

  return { records, ephemera, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Every method, each with how long it took to fail. */
async function everyMethod({ records, ephemera }: Stores): Promise<{ method: string; error: unknown; took: number }[]> {
  const { sessions } = records;
  const [seen, session] = [sample('sessions'), sample('sessions', { id: 'other', cookieHash: 'other' })];
  const methods: Record<string, () => Promise<unknown>> = {
    create: () => sessions.create(session),
    get: () => sessions.get('session-1'),
    find: () => sessions.find('cookie', 'cookie-1'),
    update: () => sessions.update('session-1', (old) => ({ ...old, ip: '192.0.2.9' })),
    updateSeen: () => sessions.update('session-1', (old) => ({ ...old, ip: '192.0.2.9' }), seen),
    remove: () => sessions.remove('session-1'),
    list: () => sessions.list('account', 'account-1'),
    count: () => sessions.count('account', 'account-1'),
    removeAll: () => sessions.removeAll('account', 'account-1'),
    scan: () => sessions.scan(),
    write: () => records.write([{ in: 'sessions', put: session }]),
    writeMany: () =>
      records.write([
        { in: 'sessions', update: 'session-1', change: (old) => ({ ...old, ip: '192.0.2.8' }) },
        { in: 'sessions', put: session },
        { in: 'used', put: sample('used') },
      ]),
    sweep: () => records.sweep(10),
    ready: () => records.ready(),
    put: () => ephemera.put('kind', 'id', 1, { ttl: 60, keys: ['key'] }),
    getEntry: () => ephemera.get('kind', 'id'),
    findEntry: () => ephemera.find('kind', 'key'),
    consume: () => ephemera.consume('kind', 'id'),
    claim: () => ephemera.claim('claim', 'id', 60),
    increment: () => ephemera.increment('counter', 'id', 60),
    removeEntry: () => ephemera.remove('kind', 'id'),
    readyEphemera: () => ephemera.ready(),
  };

  return await Promise.all(
    Object.entries(methods).map(async ([method, run]) => {
      const begun = performance.now();
      const error: unknown = await run().then(
        (answer) => ({ answer }),
        (thrown: unknown) => thrown,
      );

      return { method, error, took: performance.now() - begun };
    }),
  );
}

async function untilReady({ records, ephemera }: Stores): Promise<number> {
  const begun = performance.now();

  for (;;) {
    const answers = await Promise.allSettled([records.ready(), ephemera.ready()]);

    if (answers.every(({ status }) => status === 'fulfilled')) return performance.now() - begun;
    if (performance.now() - begun > 2 * most.recovery) throw new Error('it does not come back');
  }
}

function expectUnavailable(outcomes: Awaited<ReturnType<typeof everyMethod>>): void {
  expect(outcomes.filter(({ error }) => !(error instanceof Unavailable))).toEqual([]);
  expect(outcomes.filter(({ took }) => took > most.unavailable)).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(20);
}

describeWith('stand-in', 'a MongoDB that does not answer', () => {
  test('frozen: every method is Unavailable, the event loop stays free, and all goes on once it is thawed', async () => {
    await using server = await startMongo();
    await using stores = await storesOn(server);
    await stores.records.sessions.create(sample('sessions', { expiresAt: farAway }));
    // What it was asked to remove, it may remove once it is thawed.
    const untouched = sample('sessions', { id: 'untouched', accountId: 'untouched', cookieHash: 'untouched' });
    await stores.records.sessions.create({ ...untouched, expiresAt: farAway });

    server.freeze();
    using lag = monitorEventLoopDelay({ resolution: 10 });
    lag.enable();

    // In the first moment it is taken to be there, later it is known not to be.
    for (let round = 0; round < 3; round += 1) expectUnavailable(await everyMethod(stores));
    const waiting = await fifty((number) => stores.records.used.update(`${number % 2}`, (old) => old));

    lag.disable();
    expect(failed(waiting)).toEqual(Array.from({ length: 50 }, () => expect.any(Unavailable)));
    expect(lag.percentile(90) / 1e6).toBeLessThan(200);

    server.thaw();
    expect(await untilReady(stores)).toBeLessThan(most.recovery);
    expect(await stores.records.sessions.get('untouched')).toBeDefined();
    expect(await stores.ephemera.increment('counter', 'new', 60)).toBe(1);
  }, 60_000);

  test('killed: every method is Unavailable, and all goes on once it is back, with what it had acknowledged', async () => {
    await using server = await startMongo({ keeps: true });
    await using stores = await storesOn(server);
    await stores.records.sessions.create(sample('sessions', { expiresAt: farAway }));
    const seen = await stores.records.sessions.get('session-1');

    await server.kill();
    for (let round = 0; round < 2; round += 1) expectUnavailable(await everyMethod(stores));

    await server.start();
    expect(await untilReady(stores)).toBeLessThan(most.recovery);
    expect(await stores.records.sessions.find('cookie', 'cookie-1')).toEqual(seen);
    await expect(
      stores.records.sessions.create(sample('sessions', { id: 'other', expiresAt: farAway })),
    ).rejects.toMatchObject({ unique: 'cookie' });
    expect(await stores.ephemera.increment('counter', 'new', 60)).toBe(1);
  }, 60_000);

  test('killed in the middle of writing: nothing that was acknowledged is lost, and a list is there from its beginning', async () => {
    await using server = await startMongo({ keeps: true });
    await using stores = await storesOn(server);
    const { records } = stores;
    const acknowledged: number[] = [];
    let number = 0;

    const writing = fifty(async () => {
      for (;;) {
        const mine = (number += 1);
        await records.write([
          { in: 'used', create: sample('used', { id: `first-${mine}`, expiresAt: farAway }) },
          { in: 'settings', put: sample('settings', { id: `second-${mine}` }) },
        ]);
        acknowledged.push(mine);
        if (acknowledged.length === 60) await server.kill();
      }
    });
    expect(failed(await writing)).toEqual(Array.from({ length: 50 }, () => expect.any(Unavailable)));

    await server.start();
    await untilReady(stores);

    for (let mine = 1; mine <= number; mine += 1) {
      const first = await records.used.get(`first-${mine}`);
      const second = await records.settings.get(`second-${mine}`);

      expect([mine, second !== undefined && first === undefined]).toEqual([mine, false]);
      if (acknowledged.includes(mine))
        expect([mine, first !== undefined, second !== undefined]).toEqual([mine, true, true]);
    }
  }, 60_000);

  test('frozen in the middle of changing one row: all of them are answered, and none that was acknowledged is lost', async () => {
    await using server = await startMongo();
    await using stores = await storesOn(server);
    await stores.records.attempts.create(sample('attempts', { expiresAt: farAway }));

    let done = 0;

    const outcomes = await fifty(async () => {
      await stores.records.attempts
        .update('attempts-1', (old) => ({ ...old, failures: old.failures + 1 }))
        .finally(() => {
          done += 1;
          if (done === 10) server.freeze();
          if (done === 11) server.thaw();
        });
    });
    await untilReady(stores);
    const row = await stores.records.attempts.get('attempts-1');
    expect(failed(outcomes).filter((error) => !(error instanceof Unavailable))).toEqual([]);
    expect(succeeded(outcomes).length).toBeGreaterThanOrEqual(10);
    expect(row?.failures).toBeGreaterThanOrEqual(succeeded(outcomes).length);
  }, 60_000);

  test('nothing is there to be opened', async () => {
    const settings = { url: `mongodb://127.0.0.1:${await freePort()}`, pool_size: 10 };
    const begun = performance.now();

    await expect(openMongoRecords(settings, { clock: systemClock })).rejects.toThrow(Unavailable);
    expect(performance.now() - begun).toBeLessThan(most.unavailable);
  });
});
