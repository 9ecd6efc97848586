import { expect, test } from '@jest/globals';

import { recordsBackends } from '../../src/storage/backends.ts';
import { describeStores } from '../storage/stores.ts';
import { moveUnderKills } from './moving.ts';

/** Where people move to; from SQLite to SQLite the same is killed without processes (`operations/move`). */
for (const { kind: to } of recordsBackends.filter(({ kind }) => kind !== 'sqlite')) {
  describeStores([to], `gatehouse move from sqlite to ${to}`, () => {
    test('killed with SIGKILL while it counts, copies and compares, it loses nothing and people stay signed in', async () => {
      const result = await moveUnderKills({
        accounts: 2000,
        from: 'sqlite',
        to,
        kills: [
          { doing: 'counting', share: 0 },
          { doing: 'copying', share: 0 },
          { doing: 'comparing', share: 0 },
        ],
      });

      expect(result.wrong).toEqual([]);
      expect(result.rows).toBeGreaterThan(16_000);
    }, 180_000);
  });
}
