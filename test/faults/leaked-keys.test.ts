import { expect, test } from '@jest/globals';

import { replaceLeakedKeys } from './leaked-keys.ts';

test('F18: keys that leaked are refused on both nodes within 5 s, and everything else goes on', async () => {
  const { until, wrong } = await replaceLeakedKeys({ runs: 1 });

  expect(wrong).toEqual([]);
  expect(until).toEqual([expect.any(Number)]);
  expect(Math.max(...until)).toBeLessThan(5_000);
}, 60_000);
