import { expect, test } from '@jest/globals';

import { rotateUnderLoad } from './key-rotation.ts';

test('F17: two nodes rotate their keys three times while they issue tokens, and every token verifies', async () => {
  const { failed, tokens, verifications, signers } = await rotateUnderLoad({ rotations: 3, tokens: 400 });

  expect(failed).toEqual([]);
  expect(tokens).toBeGreaterThanOrEqual(400);
  expect(verifications).toBeGreaterThan(1.8 * tokens);
  // The first of each algorithm, and three more.
  expect(signers).toBe(8);
}, 120_000);

test('F17 would show it: apps that keep the key set for longer than a new key is published refuse tokens', async () => {
  const env = { GATEHOUSE_KEYS_PUBLISH_BEFORE: '6m' };
  const { failed } = await rotateUnderLoad({ rotations: 1, lasts: 12 * 60_000, tokens: 1, env });

  expect(failed).toContainEqual(expect.stringMatching(/^when it was issued: the key \S+ is not known$/));
}, 60_000);
