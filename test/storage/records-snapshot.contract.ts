import { describe, expect, test } from '@jest/globals';

import type { Snapshot } from '../../src/storage/records.ts';
import { hour, sample, start } from './rows.ts';
import { opened, type MakeStore } from './stores.ts';
import type { Records } from '../../src/storage/records.ts';

/** A store that can't hold a moment says so; all that was acknowledged before is there all the same. */
export function recordsSnapshotContract(make: MakeStore<Records>): void {
  describe('a snapshot', () => {
    test('has what was acknowledged before, also by another node, and nothing that came later', async () => {
      await using store = await opened(make);
      const other = await store.another();
      const ids = ['a', 'b', 'c', 'd'];
      for (const id of ids) await other.passwords.create(sample('passwords', { id }));
      await other.used.create({ id: 'over', expiresAt: start - hour });

      await using snapshot = await store.port.snapshot();
      await other.write([
        { in: 'passwords', remove: 'a' },
        { in: 'passwords', put: sample('passwords', { id: 'b', hash: 'later' }) },
        { in: 'passwords', create: sample('passwords', { id: 'e' }) },
        { in: 'accounts', create: sample('accounts', { id: 'later' }) },
      ]);

      const found = await everyPage(snapshot);
      if (snapshot.oneMoment) {
        expect(found).toEqual(ids.map((id) => sample('passwords', { id })));
        expect(await snapshot.scan('accounts')).toEqual({ rows: [] });
      } else {
        expect(found.map(({ id }) => id)).toEqual(['b', 'c', 'd', 'e']);
      }

      expect(await snapshot.scan('used')).toEqual({ rows: [] });
      expect(await store.port.passwords.get('b')).toMatchObject({ hash: 'later' });
    });
  });
}

async function everyPage(snapshot: Snapshot): Promise<{ id: string }[]> {
  const first = await snapshot.scan('passwords', { limit: 3 });
  const rest = await snapshot.scan('passwords', { limit: 3, after: first.next ?? '' });

  return [...first.rows, ...rest.rows];
}
