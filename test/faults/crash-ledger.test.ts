import { describe, expect, test } from '@jest/globals';

import { runLedger } from './crash-ledger.ts';

/** F1, as many runs as a build has time for; `npm run faults -- f1` makes fifty. */
const runs = 5;

describe('killed with SIGKILL while people are at work', () => {
  test(
    `${runs} times, the server has everything that it acknowledged, and nothing that it ended`,
    async () => {
      const result = await runLedger({ runs, people: 6, least: 100 });

      expect(result.lost).toEqual([]);
      expect(result.acknowledged).toBeGreaterThanOrEqual(runs * 100);
      expect(result.slowestStart).toBeLessThan(20_000);
    },
    runs * 60_000,
  );
});
