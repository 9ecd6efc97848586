import { expect, test } from '@jest/globals';

import { describeWith } from '../support/need.ts';
import { loseEverything, loseMaster } from './redis-loss.ts';

const once = { runs: 1, people: 3, least: 20 };

describeWith(['mongo', 'redis'], 'two nodes at work, with Redis behind them', () => {
  test('F6: the master is killed before its replica has it all: nothing comes back that was used up, no code is redeemed twice', async () => {
    const { wrong, raced } = await loseMaster(once);

    expect(wrong).toEqual([]);
    // They are there on the replica, as if nobody had redeemed any: that each is redeemed once is no accident.
    expect(raced.before + raced.afterwards).toBeGreaterThan(0);
  }, 120_000);

  test('F7: all of it is thrown away: nobody is signed out, nothing that was used up is worth anything', async () => {
    const { wrong } = await loseEverything(once);

    expect(wrong).toEqual([]);
  }, 120_000);
});
