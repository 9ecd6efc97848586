import { describe, expect, test } from '@jest/globals';
import type { Records, Row } from '../../src/storage/records.ts';
import { sample } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';

/** `update` with the row that was seen: it saves a look, and decides nothing. Part of the contract of `Records`. */
export function recordsSeenContract(make: MakeStore<Records>): void {
  describe('update of what was seen', () => {
    test('takes the row that was seen before, and what has become of it where that is old', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      await settings.create(sample('settings', { value: 1 }));
      const seen = await settings.get('setting-1');
      const add = (old: Row<'settings'>) => ({ ...old, value: Number(old.value) + 1 });

      expect(await settings.update('setting-1', add, seen)).toMatchObject({ value: 2 });
      expect(await settings.update('setting-1', add, seen)).toMatchObject({ value: 3 });
      expect(await settings.get('setting-1')).toMatchObject({ value: 3 });

      await settings.remove('setting-1');
      expect(await settings.update('setting-1', add, seen)).toBeUndefined();
      expect(await settings.get('setting-1')).toBeUndefined();

      await settings.create(sample('settings', { value: 7 }));
      expect(await settings.update('setting-1', add, seen)).toMatchObject({ value: 8 });
    });

    test('does not take what it was told was seen for what is there', async () => {
      await using store = await opened(make);
      const { settings } = store.port;
      await settings.create(sample('settings', { value: 1 }));
      const madeUp = sample('settings', { value: 100 });

      expect(await settings.update('setting-1', (old) => ({ ...old, updatedAt: 5 }), madeUp)).toMatchObject({
        value: 1,
      });
    });
  });
}
