import { expect, test } from '@jest/globals';

import { describeWith } from '../support/need.ts';
import { restartUnderLoad } from './rolling-restart.ts';

describeWith(['mongo', 'redis', 'nginx'], 'F4', () => {
  test('two nodes are restarted one after the other, and nobody behind the proxy notices', async () => {
    const { failed, requests, longestEnd } = await restartUnderLoad({ restarts: 2, rate: 10 });

    expect(failed).toEqual([]);
    expect(requests).toBeGreaterThan(50);
    // It has ten seconds to finish what is running, and two more to close what it has open.
    expect(longestEnd).toBeLessThan(12_000);
  }, 240_000);
});
