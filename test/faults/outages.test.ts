import { expect, test } from '@jest/globals';

import { describeWith } from '../support/need.ts';
import { freezeRedis } from './outages.ts';

describeWith('redis', 'F8: Redis stands still while people are at work', () => {
  // How long discovery takes says more of the machine here: `npm run faults -- f8-redis` looks at that as well.
  test('what needs it is answered 503 soon, what does not goes on, and people are served when it goes on itself', async () => {
    const { lost, seen } = await freezeRedis({ runs: 1, seconds: 3, people: 3, least: 20 });

    expect({ lost, others: seen.others, stopped: seen.stopped }).toEqual({ lost: [], others: [], stopped: [] });
    expect(seen.asked).toBeGreaterThan(10);
    expect(seen.went).toBeGreaterThan(0);
    expect(seen.slowest).toBeLessThan(3000);
  }, 120_000);
});
