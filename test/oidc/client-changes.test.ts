import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import { announceClientChanges, clientChanges } from '../../src/storage/client-changes.ts';
import type { Records, Row } from '../../src/storage/records.ts';
import { appsOf } from './apps.ts';
import type { Apps } from './apps.ts';
import { intercepted } from './between.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

/** Clients are kept as they were read, and read again only where somebody may have changed them (DECISIONS 20). */
describe('clients that are kept', () => {
  let world: World;
  let apps: Apps;
  /** Of another node. */
  let elsewhere: Records;
  let reads = 0;
  let isAway = false;

  beforeAll(async () => {
    world = await openWorld({}, (store) =>
      intercepted(store, async (run, name) => {
        if (isAway && name === 'settings.get') throw new Unavailable('away');
        if (name === 'clients.get') reads += 1;

        return run();
      }),
    );
    apps = appsOf(world);
    elsewhere = announceClientChanges(world.records, {
      clock: world.clock,
      failed: (error) => world.errors.push(error),
    });

    await world.addClient('robot', { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] });
    world.freeze();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  /** Whether the client is let in, and how often it was read for that. */
  async function ask(): Promise<[number, number]> {
    reads = 0;
    const { status } = await apps.post('/oauth/token', { grant_type: 'client_credentials' }, { as: 'robot' });

    return [status, reads];
  }

  /** Time goes by, and the node looks as it does of itself. */
  async function pass(seconds: number): Promise<void> {
    world.wait(seconds);
    await world.oidc.checkClients();
  }

  const setDisabled = (disabled: boolean, records = elsewhere) =>
    records.clients.update('robot', (old) => ({ ...old, disabled, version: old.version + 1 }));

  /** Until what was announced is surely there, and the client was read behind it. */
  async function settle(): Promise<void> {
    await pass(11);
    await ask();
    await pass(4);
  }

  test('one that nobody has changed is not read again', async () => {
    await settle();

    for (let round = 0; round < 20; round += 1) {
      await pass(4);
      expect(await ask()).toEqual([200, 0]);
    }
  });

  test('a change on another node shows behind the next look', async () => {
    await settle();
    await setDisabled(true);
    await pass(2);

    expect(await ask()).toEqual([401, 1]);

    await setDisabled(false);
    await pass(2);
    world.wait(3);
    expect((await ask())[0]).toBe(200);
  });

  test('a change that came later than its announcement shows as well', async () => {
    await settle();
    await world.records.settings.update(clientChanges, (old) => ({ ...old, value: 'announced' }));

    await pass(2);
    expect(await ask()).toEqual([200, 1]);

    await setDisabled(true, world.records);
    await pass(2);
    expect(await ask()).toEqual([200, 0]);
    await pass(1);
    expect(await ask()).toEqual([401, 1]);

    await setDisabled(false);
    await pass(4);
    expect((await ask())[0]).toBe(200);
  });

  test('one that was removed and made anew under its id is the new one', async () => {
    await settle();
    const { createdAt, ...before } = (await world.records.clients.get('robot')) as Row<'clients'>;
    await elsewhere.clients.remove('robot');
    await elsewhere.clients.create({ ...before, secrets: [], createdAt: createdAt + 1 });
    await pass(4);

    expect((await ask())[0]).toBe(401);

    await elsewhere.clients.update('robot', () => ({ ...before, version: before.version + 1, createdAt }));
    await pass(4);
    expect((await ask())[0]).toBe(200);
  });

  test('a node that can’t look reads again every 3 s, and so does one that stood still', async () => {
    await settle();
    isAway = true;
    world.wait(4);
    await expect(world.oidc.checkClients()).rejects.toThrow(Unavailable);
    isAway = false;

    expect(await ask()).toEqual([200, 1]);
    world.wait(2);
    expect(await ask()).toEqual([200, 0]);
    world.wait(2);
    expect(await ask()).toEqual([200, 1]);
  });

  test('nothing is believed for longer than five minutes', async () => {
    await settle();

    for (let second = 0; second < 300; second += 4) await pass(4);
    expect(await ask()).toEqual([200, 1]);
    expect(await ask()).toEqual([200, 0]);
  });
});

describe('a change of a client', () => {
  let world: World;
  let records: Records;
  const failed: unknown[] = [];

  beforeAll(async () => {
    world = await openWorld();
    records = announceClientChanges(world.records, { clock: world.clock, failed: (error) => failed.push(error) });
    await world.addClient('robot', {});
  });

  afterAll(() => world[Symbol.asyncDispose]());

  const announced = async () => (await world.records.settings.get(clientChanges))?.value;

  /** What was announced before, when the change was made, and behind it. */
  async function around(work: (during: () => void) => Promise<unknown>) {
    const before = await announced();
    let during: Promise<unknown> = Promise.resolve(before);
    await work(() => void (during = announced()));

    return new Set([before, await during, await announced()]).size;
  }

  test('is announced before it and behind it', async () => {
    const change = (seen: () => void) => (old: Row<'clients'>) => (seen(), { ...old, updatedAt: old.updatedAt + 1 });

    expect(await around((seen) => records.clients.update('robot', change(seen)))).toBe(3);
    expect(await around((seen) => records.write([{ in: 'clients', update: 'robot', change: change(seen) }]))).toBe(3);
  });

  test('is announced where a client goes, and not where one comes or nothing happens to any', async () => {
    expect(await around(() => records.clients.remove('robot'))).toBe(2);
    expect(await around(() => world.addClient('robot', {}))).toBe(1);
    expect(await around(() => records.write([{ in: 'settings', remove: 'nothing' }]))).toBe(1);
  });

  test('that fails was announced, and is told', async () => {
    const before = await announced();
    const refused = records.clients.update('robot', () => {
      throw new RangeError('no');
    });

    await expect(refused).rejects.toThrow(RangeError);
    expect(await announced()).not.toBe(before);
  });

  test('that is made stays made where it can’t be announced again', async () => {
    let writes = 0;
    const failing = announceClientChanges(
      {
        ...world.records,
        write: (list, how) => {
          writes += 1;
          return writes === 2 ? Promise.reject(new Unavailable('away')) : world.records.write(list, how);
        },
      },
      { clock: world.clock, failed: (error) => failed.push(error) },
    );

    expect(await failing.clients.update('robot', (old) => ({ ...old, version: 7 }))).toMatchObject({ version: 7 });
    expect(failed).toEqual([expect.any(Unavailable)]);
  });
});
