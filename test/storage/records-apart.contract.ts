import { describe, expect, test } from '@jest/globals';
import { Conflict } from '../../src/domain/errors.ts';
import type { Records, Row, Write } from '../../src/storage/records.ts';
import { failed, fifty, sample } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** `write` where the order means nothing, and rows that were seen. Part of the contract of `Records`. */
export function recordsApartContract(make: MakeStore<Records>): void {
  describe('write, out of order', () => {
    const apart = { inOrder: false } as const;
    const add = (old: Row<'attempts'>) => ({ ...old, failures: old.failures + 1 });
    const count = (seen?: Row<'attempts'>): Write => ({ in: 'attempts', update: 'attempts-1', change: add, seen });
    const made: Write = { in: 'attempts', create: sample('attempts', { failures: 0 }) };
    const told: Write = { in: 'events', create: sample('events') };

    test('writes everything, over several collections', async () => {
      await using store = await opened(make);
      const { accounts, attempts, events, settings } = store.port;
      await attempts.create(sample('attempts', { failures: 3 }));
      await settings.create(sample('settings'));

      await store.port.write(
        [
          { in: 'accounts', create: sample('accounts') },
          count(),
          { in: 'settings', remove: 'setting-1' },
          told,
          { in: 'settings', put: sample('settings', { id: 'setting-2' }) },
        ],
        apart,
      );

      expect(await accounts.find('email', 'ada@example.org')).toEqual(sample('accounts'));
      expect(await attempts.get('attempts-1')).toMatchObject({ failures: 4 });
      expect(await events.get('event-1')).toEqual(sample('events'));
      expect((await settings.scan()).rows.map(({ id }) => id)).toEqual(['setting-2']);
    });

    test('keeps the order of what happens to one row', async () => {
      await using store = await opened(make);
      const { attempts } = store.port;

      await store.port.write([made, count(), told, count()], apart);
      expect(await attempts.get('attempts-1')).toMatchObject({ failures: 2 });

      await store.port.write([{ in: 'attempts', remove: 'attempts-1' }, count(), made, count()], apart);
      expect(await attempts.get('attempts-1')).toMatchObject({ failures: 1 });

      await store.port.write([count(), { in: 'attempts', remove: 'attempts-1' }], apart);
      expect(await attempts.get('attempts-1')).toBeUndefined();
    });

    test('a row that is there already is not made, but changed, and the Conflict is told', async () => {
      await using store = await opened(make);
      await store.port.attempts.create(sample('attempts', { failures: 7 }));

      await expect(store.port.write([made, count(), told], apart)).rejects.toThrow(Conflict);
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 8 });
      expect(await store.port.events.get('event-1')).toBeDefined();
    });

    test('what fails by itself is left out, and the rest is written', async () => {
      await using store = await opened(make);
      const reason = new RangeError('no');
      const throwing = {
        in: 'attempts' as const,
        update: 'attempts-1',
        change: () => {
          throw reason;
        },
      };

      await expect(store.port.write([made, throwing, told], apart)).rejects.toBe(reason);
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 0 });
      expect(await store.port.events.get('event-1')).toBeDefined();
    });

    test('what comes after a write that decides still depends on it', async () => {
      await using store = await opened(make);
      const once: Write = {
        in: 'attempts',
        update: 'attempts-1',
        change: (old) => (old.failures === 0 ? add(old) : old),
        decides: true,
      };
      await store.port.attempts.create(sample('attempts', { failures: 0 }));

      const results = await fifty((number) =>
        store.port.write([once, { in: 'events', create: sample('events', { id: `event-${number}` }) }], apart),
      );

      expect(failed(results)).toEqual([]);
      expect(await store.port.events.count('time', 'all')).toBe(1);
    });

    test('what was seen saves a look and decides nothing', async () => {
      await using store = await opened(make);
      const { attempts } = store.port;
      const own = sample('attempts', { failures: 0 });
      await attempts.create(own);
      const seen = await attempts.get('attempts-1');

      await store.port.write([count(seen)], apart);
      await store.port.write([count(seen)], apart);
      await store.port.write([count(own)]);
      expect(await attempts.get('attempts-1')).toMatchObject({ failures: 3 });

      const madeUp = sample('attempts', { failures: 100 });
      await store.port.write([count(madeUp)]);
      expect(await attempts.get('attempts-1')).toMatchObject({ failures: 4 });

      await attempts.remove('attempts-1');
      await store.port.write([count(seen), count(own)], apart);
      expect(await attempts.get('attempts-1')).toBeUndefined();
    });

    test('fifty at once over two nodes lose no change, whoever makes the row', async () => {
      await using store = await opened(make);
      const other = await store.another();

      const results = await fifty((number) => (number % 2 === 0 ? store.port : other).write([made, count()], apart));

      expect(failed(results).every((error) => error instanceof Conflict)).toBe(true);
      expect(failed(results)).toHaveLength(49);
      expect(await store.port.attempts.get('attempts-1')).toMatchObject({ failures: 50 });
    });
  });
}
