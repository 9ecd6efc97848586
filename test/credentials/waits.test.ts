import { expect, test } from '@jest/globals';

import { createWaits } from '../../src/credentials/waits.ts';

const long = 60_000;

test('whoever waits for an id goes on when it has happened, and nobody else does', async () => {
  const waits = createWaits();
  const [one, another] = [waits.until('a', long), waits.until('b', long)];

  waits.happened('a');
  await one;
  expect(waits.size).toBe(1);

  waits.happened('b');
  await another;
  expect(waits.size).toBe(0);
});

test('nobody waits longer than they said', async () => {
  const waits = createWaits();
  await waits.until('a', 1);

  expect(waits.size).toBe(0);
});

test('what it fails with, all who wait for it fail with', async () => {
  const waits = createWaits();
  const waiting = Promise.allSettled([waits.until('a', long), waits.until('a', long)]);
  const failure = new Error('gone');
  waits.happened('a', failure);

  expect(await waiting).toEqual(Array(2).fill({ status: 'rejected', reason: failure }));
});

test('whoever asks again at once waits for the next time', async () => {
  const waits = createWaits();
  let times = 0;
  const twice = (async () => {
    for (; times < 2; times += 1) await waits.until('a', long);
  })();

  waits.happened('a');
  await new Promise(setImmediate);
  expect(times).toBe(1);

  waits.happened('a');
  await twice;
});
