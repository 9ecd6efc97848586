import { expect, test } from '@jest/globals';

import { describeWith } from '../support/need.ts';
import { eachStore, needsOf } from '../support/storage.ts';
import { backupUnderLoad } from './backups.ts';

for (const pair of eachStore) {
  describeWith(needsOf(pair), `a backup under load, restored on an empty host, on ${pair}`, () => {
    test('F22: all that was acknowledged before it is there, and nothing that let anybody in works', async () => {
      // What a kill leaves hangs on no store; that it comes before the end takes so many rows.
      const killed = pair === 'sqlite';
      const run = { pair, accounts: killed ? 1500 : 100, people: 2, killed };
      const { wrong, acknowledged } = await backupUnderLoad(run);

      expect(wrong).toEqual([]);
      expect(acknowledged).toBeGreaterThan(5);
    }, 180_000);
  });
}
