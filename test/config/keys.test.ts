import { expect, test } from '@jest/globals';

import { handover, keySetLife } from '../../src/domain/signing-key.ts';
import { loaded, pathsOf, problemsOf } from './given.ts';

test('keys rotate every 90 days unless they are told otherwise, or not to', () => {
  expect(loaded().keys).toEqual({ rotate_every: 90 * 86_400, publish_before: 20 * 60 });
  expect(loaded({ env: { GATEHOUSE_KEYS_ROTATE_EVERY: 'off' } }).keys.rotate_every).toBe('off');
  expect(loaded({ file: 'keys:\n  rotate_every: off' }).keys.rotate_every).toBe('off');
  expect(loaded({ file: 'keys:\n  rotate_every: 30d' }).keys.rotate_every).toBe(30 * 86_400);
});

test.each(['never', '1h', '4000d', 'of'])('rotate_every %s is refused in words', (value) => {
  const [problem] = problemsOf({ env: { GATEHOUSE_KEYS_ROTATE_EVERY: value } });

  expect(problem?.path).toBe('keys.rotate_every');
  expect(problem?.message).toContain('off, or a duration from 1d to 3650d');
});

test('a new key is always published for longer than the key set may be kept', () => {
  expect(pathsOf({ env: { GATEHOUSE_KEYS_PUBLISH_BEFORE: '359s' } })).toEqual(['keys.publish_before']);
  expect(loaded({ env: { GATEHOUSE_KEYS_PUBLISH_BEFORE: '6m' } }).keys.publish_before).toBeGreaterThan(
    keySetLife + handover,
  );
});

test('a key signs at least as long as the next one waits', () => {
  const env = { GATEHOUSE_KEYS_ROTATE_EVERY: '1d', GATEHOUSE_KEYS_PUBLISH_BEFORE: '2d' };

  expect(pathsOf({ env })).toEqual(['keys.publish_before']);
  expect(pathsOf({ env: { ...env, GATEHOUSE_KEYS_ROTATE_EVERY: 'off' } })).toEqual([]);
});
