import { expect, test } from '@jest/globals';

import { describeWith } from '../support/need.ts';
import { needsOf, type Pair } from '../support/storage.ts';
import { runLedger } from './crash-ledger.ts';

/** F1, as many runs as a build has time for; `npm run faults -- f1` makes fifty. */
const runs = 3;

const kept: readonly Pair[] = ['sqlite', 'mongo+redis'];

for (const pair of kept) {
  describeWith(needsOf(pair), `killed with SIGKILL while people are at work, on ${pair}`, () => {
    test(
      `${runs} times, the server has everything that it acknowledged, and nothing that it ended`,
      async () => {
        const result = await runLedger({ pair, runs, people: 4, least: 60 });

        expect(result.lost).toEqual([]);
        expect(result.acknowledged).toBeGreaterThanOrEqual(runs * 60);
      },
      runs * 60_000,
    );
  });
}
