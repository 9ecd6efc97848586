import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import { createUnits } from '../../src/oidc/units.ts';
import type { UnitDeps, Units } from '../../src/oidc/request.ts';
import type { Write } from '../../src/storage/records.ts';
import { ephemeraBackends, recordsBackends } from '../../src/storage/backends.ts';
import { ephemeraStore, opened, recordsStore, type Opened } from '../storage/stores.ts';
import { sample } from '../storage/rows.ts';

/** One request's reads and writes, on the embedded stores. */
describe('a unit of work', () => {
  let stack: AsyncDisposableStack;
  let records: Opened<UnitDeps['records']>;
  let ephemera: Opened<UnitDeps['ephemera']>;
  let units: Units;
  /** Names of the calls that it made of the records. */
  let asked: string[];
  let errors: unknown[];

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    records = stack.use(await opened(recordsStore(embedded(recordsBackends))));
    ephemera = stack.use(await opened(ephemeraStore(embedded(ephemeraBackends))));
    asked = [];
    errors = [];

    const { port, clock } = records;
    units = createUnits({
      records: { ...port, write: (writes, how) => (asked.push('write'), port.write(writes, how)) },
      ephemera: ephemera.port,
      clock,
      onError: (error) => errors.push(error),
    });
  });

  afterEach(() => stack.disposeAsync());

  const event = (id: string): Write => ({ in: 'events', create: sample('events', { id }) });
  const isThere = async (id: string) => (await records.port.events.get(id)) !== undefined;

  test('writes everything in one go before it is over', async () => {
    await units.open(undefined, async (unit) => {
      unit.write(event('one'));
      unit.put('kind', 'id', 'value', 60);
      expect(units.takeOver([event('two')])).toBe(true);

      expect(await isThere('one')).toBe(false);
    });

    expect(asked).toEqual(['write']);
    expect([await isThere('one'), await isThere('two')]).toEqual([true, true]);
    expect(await ephemera.port.get('kind', 'id')).toBe('value');
  });

  test('S113: what tells of something done is written although the request fails, and nothing else is', async () => {
    let sent = 0;
    const failing = units.open(undefined, async (unit) => {
      unit.write(event('meant'));
      unit.put('kind', 'id', 'value', 60);
      units.takeOver([event('done')], () => (sent += 1));

      throw new RangeError('no');
    });

    await expect(failing).rejects.toThrow(RangeError);
    expect([await isThere('meant'), await isThere('done'), sent]).toEqual([false, true, 1]);
    expect(await ephemera.port.get('kind', 'id')).toBeUndefined();
  });

  test('S113: what tells of something done is written also where nothing else is, because another one was first', async () => {
    await records.port.attempts.create(sample('attempts'));

    await units.open(undefined, async (unit) => {
      unit.write({ in: 'attempts', update: 'attempts-1', change: (old) => old, decides: true });
      unit.write(event('of the winner'));
      units.takeOver([event('done')]);
    });

    expect([await isThere('of the winner'), await isThere('done')]).toEqual([false, true]);
  });

  test('S115: fails where something could not be written, and tells those who wait for it', async () => {
    let sent = 0;
    const { port, clock } = records;
    const away = createUnits({
      records: { ...port, write: () => Promise.reject(new Unavailable('away')) },
      ephemera: ephemera.port,
      clock,
      onError: (error) => errors.push(error),
    });

    const failing = away.open(undefined, async () => void away.takeOver([event('lost')], () => (sent += 1)));

    await expect(failing).rejects.toThrow(Unavailable);
    expect(sent).toBe(1);
  });

  test('S115: a request that a store has failed is answered at once, and what tells of something done is written behind it', async () => {
    const arrived = Promise.withResolvers<void>();
    const failures: unknown[] = [];
    const { port, clock } = records;
    const slow = createUnits({
      records: { ...port, write: async (writes, how) => (await arrived.promise, port.write(writes, how)) },
      ephemera: ephemera.port,
      clock,
      onError: (error) => errors.push(error),
    });

    const failing = slow.open(undefined, async (unit) => {
      unit.write(event('meant'));
      slow.takeOver([event('done')], (failure) => failures.push(failure));
      throw new Unavailable('away');
    });

    await expect(failing).rejects.toThrow(Unavailable);
    // Once, and not again when it was written.
    expect(failures).toEqual([expect.any(Unavailable)]);
    expect(await isThere('done')).toBe(false);

    arrived.resolve();
    await slow.settled();
    expect([await isThere('meant'), await isThere('done'), failures.length]).toEqual([false, true, 1]);
  });

  test('S115: where records did not answer once, the rest of the request is told so without asking', async () => {
    const { port, clock } = records;
    const asked: string[] = [];
    const away = (name: string) => async () => {
      asked.push(name);
      throw new Unavailable('no answer');
    };
    const failing = createUnits({
      records: {
        ...port,
        grants: { ...port.grants, get: away('get'), update: away('update') },
        sessions: { ...port.sessions, find: away('find') },
      } as UnitDeps['records'],
      ephemera: ephemera.port,
      clock,
      onError: (error) => errors.push(error),
    });
    await ephemera.port.put('kind', 'id', 'there', { ttl: 60 });

    await failing.open(undefined, async (unit) => {
      await expect(unit.get('grants', 'one')).rejects.toThrow('no answer');
      await expect(unit.get('grants', 'two')).rejects.toThrow('no answer');
      await expect(unit.findSession('cookie')).rejects.toThrow('no answer');
      await expect(unit.update('grants', 'one', (old) => old)).rejects.toThrow('no answer');
      expect(await unit.recall('kind', 'id')).toBe('there');
    });
    expect(asked).toEqual(['get']);

    // The next request finds out for itself.
    await failing.open(undefined, async (unit) => {
      await expect(unit.get('grants', 'one')).rejects.toThrow('no answer');
    });
    expect(asked).toEqual(['get', 'get']);
  });

  test('takes nothing over once its request is answered: what goes on behind it writes for itself', async () => {
    const later = Promise.withResolvers<void>();
    let behind: Promise<boolean> | undefined;

    await units.open(undefined, async () => {
      behind = later.promise.then(() => units.takeOver([event('late')]));
    });
    later.resolve();

    expect(await behind).toBe(false);
    expect(units.takeOver([event('outside')])).toBe(false);
    expect(units.current()).toBeUndefined();
  });

  test('waits for what is still being made, and writes it with the rest', async () => {
    await units.open(undefined, async (unit) => {
      unit.write(event('one'));
      unit.prepare(new Promise<void>(setImmediate).then(() => unit.write(event('two'))));
    });

    expect(asked).toEqual(['write']);
    expect(await isThere('two')).toBe(true);
  });

  test('tidies up behind the answer, where the request went well', async () => {
    const order: string[] = [];
    const tidy = async () => void order.push('tidied');

    await units.open(undefined, async (unit) => {
      unit.write(event('one'), { sent: () => order.push('sent') });
      unit.afterwards(tidy);
      unit.afterwards(() => Promise.reject(new Unavailable('away')));
    });
    await units.settled();
    expect(order).toEqual(['sent', 'tidied']);
    expect(errors).toEqual([expect.any(Unavailable)]);

    await expect(
      units.open(undefined, async (unit) => {
        unit.afterwards(tidy);
        throw new RangeError('no');
      }),
    ).rejects.toThrow(RangeError);
    await units.settled();
    expect(order).toHaveLength(2);
  });

  test('tells what an update has made, or that there was nothing to update', async () => {
    await records.port.attempts.create(sample('attempts'));
    const made: (object | undefined)[] = [];

    await units.open(undefined, async (unit) => {
      await unit.get('attempts', 'attempts-1');

      for (const update of ['attempts-1', 'nobody']) {
        unit.write(
          { in: 'attempts', update, change: (old) => ({ ...old, failures: 7 }) },
          { sent: (row) => made.push(row) },
        );
      }
      expect(await unit.get('attempts', 'attempts-1')).toMatchObject({ failures: 7 });

      // Gone between the look and the write: what this request remembers of it proves nothing.
      await records.port.attempts.remove('attempts-1');
    });

    expect(made).toEqual([undefined, undefined]);
  });
});

function embedded<T extends { kind: string }>(backends: readonly T[]): T {
  const found = backends.find(({ kind }) => kind === 'sqlite');
  if (!found) throw new Error('no embedded store');

  return found;
}
