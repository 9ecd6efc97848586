import { expect, test } from '@jest/globals';

import { describeWith } from '../support/need.ts';
import { freezeDatabase, freezeRedis, killDatabase, type OutageResult } from './outages.ts';

/** Few people, once, and not for long: `npm run faults` has more of all. */
const short = { runs: 1, people: 3, least: 20 };
const seconds = 3;

/**
 * What holds on every machine. How long discovery takes, and people wait after it, says more of the machine here: the
 * commands look at that as well. `soon` in milliseconds.
 */
function expectWell({ lost, seen }: OutageResult, soon: number): void {
  expect({ lost, others: seen.others, stopped: seen.stopped }).toEqual({ lost: [], others: [], stopped: [] });
  // Somebody was just signing in when it happened.
  expect(seen.caught).toBeGreaterThan(0);
  expect(seen.refused).toBeGreaterThan(0);
  expect(seen.asked).toBeGreaterThan(5);
  expect(seen.went).toBeGreaterThan(0);
  expect(seen.slowest < soon ? 'soon' : `${seen.which} after ${Math.round(seen.slowest)} ms`).toBe('soon');
}

describeWith('redis', 'F8: Redis stands still while people are at work', () => {
  test('what needs it is answered 503 soon, what does not goes on, and people are served when it goes on itself', async () => {
    expectWell(await freezeRedis({ ...short, seconds }), 3000);
  }, 180_000);
});

describeWith(['mongo', 'redis'], 'the database is taken away while people are at work', () => {
  test('F8: it stands still: all are answered 503 soon, and nothing is lost', async () => {
    expectWell(await freezeDatabase({ ...short, seconds }), 3000);
  }, 180_000);

  test('F5: it is killed: all are answered 503 soon, and nothing is lost', async () => {
    expectWell(await killDatabase({ ...short, seconds }), 2000);
  }, 180_000);
});
