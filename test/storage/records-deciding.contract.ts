import { describe, expect, test } from '@jest/globals';
import { Conflict } from '../../src/domain/errors.ts';
import type { Records, Write } from '../../src/storage/records.ts';
import { failed, fifty, sample, succeeded } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** `decides`: what comes after a write only if it was made. Part of the contract of `Records`. */
export function recordsDecidingContract(make: MakeStore<Records>): void {
  describe('a write that decides', () => {
    const told: Write = { in: 'events', create: sample('events') };
    const before: Write = { in: 'settings', put: sample('settings', { id: 'before' }) };

    const change = (to: number): Write => ({
      in: 'attempts',
      update: 'attempts-1',
      change: (old) => (old.failures === 0 ? { ...old, failures: to } : old),
      decides: true,
    });

    test('lets the rest through when it was made', async () => {
      await using store = await opened(make);
      const { attempts, events } = store.port;
      await attempts.create(sample('attempts'));

      expect(await store.port.write([change(1), told])).toBe(true);
      expect(await attempts.get('attempts-1')).toMatchObject({ failures: 1 });
      expect(await events.remove('event-1')).toBe(true);

      await store.port.write([{ in: 'attempts', remove: 'attempts-1', decides: true }, told]);
      expect(await events.remove('event-1')).toBe(true);

      await store.port.write([{ in: 'attempts', create: sample('attempts'), decides: true }, told]);
      expect(await events.remove('event-1')).toBe(true);

      await store.port.write([{ in: 'attempts', put: sample('attempts'), decides: true }, told]);
      expect(await events.remove('event-1')).toBe(true);
    });

    test.each<[string, Write]>([
      ['an update that changes nothing', change(2)],
      ['an update of an unknown row', { in: 'settings', update: 'none', change: (old) => ({ ...old }), decides: true }],
      ['a removal of an unknown row', { in: 'settings', remove: 'none', decides: true }],
    ])('ends the list, but for what came before, and nobody fails: %s', async (_what, write) => {
      await using store = await opened(make);
      await store.port.attempts.create(sample('attempts', { failures: 1 }));

      expect(await store.port.write([before, write, told])).toBe(false);

      expect(await store.port.settings.get('before')).toBeDefined();
      expect(await store.port.events.get('event-1')).toBeUndefined();
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 1 });
    });

    test('ends the list and throws when it fails', async () => {
      await using store = await opened(make);
      await store.port.attempts.create(sample('attempts'));
      const reason = new RangeError('no');
      const throwing: Write = {
        in: 'attempts',
        update: 'attempts-1',
        change: () => {
          throw reason;
        },
        decides: true,
      };

      await expect(store.port.write([before, throwing, told])).rejects.toBe(reason);
      await expect(
        store.port.write([{ in: 'attempts', create: sample('attempts'), decides: true }, told]),
      ).rejects.toThrow(Conflict);

      expect(await store.port.settings.get('before')).toBeDefined();
      expect(await store.port.events.get('event-1')).toBeUndefined();
    });

    test.each(['one node', 'two nodes'])('fifty at once on %s: only the winner’s story is told', async (nodes) => {
      await using store = await opened(make);
      const other = nodes === 'two nodes' ? await store.another() : store.port;
      await store.port.attempts.create(sample('attempts'));

      const results = await fifty((number) =>
        (number % 2 === 0 ? store.port : other).write([
          change(number + 1),
          { in: 'events', create: sample('events', { id: `event-of-${number + 1}` }) },
        ]),
      );
      const { rows } = await store.port.events.list('time', 'all');
      const winner = await store.port.attempts.get('attempts-1');

      expect(failed(results)).toEqual([]);
      expect(succeeded(results).filter(Boolean)).toHaveLength(1);
      expect(rows.map(({ id }) => id)).toEqual([`event-of-${winner?.failures}`]);
    });

    test('fifty at once on a row that is gone afterwards: one of them is told that it was', async () => {
      await using store = await opened(make);
      const other = await store.another();
      await store.port.attempts.create(sample('attempts'));
      const over: Write = {
        in: 'attempts',
        update: 'attempts-1',
        change: (old) => ({ ...old, expiresAt: store.clock.now() }),
        decides: true,
      };

      const results = await fifty((number) =>
        (number % 2 === 0 ? store.port : other).write([
          over,
          { in: 'events', create: sample('events', { id: `event-${number}` }) },
        ]),
      );

      expect(failed(results)).toEqual([]);
      expect(succeeded(results).filter(Boolean)).toHaveLength(1);
      expect((await store.port.events.list('time', 'all')).rows).toHaveLength(1);
    });
  });
}
