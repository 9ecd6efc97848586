import { describe, expect, test } from '@jest/globals';

import { inGroups, newReadableCode, readReadableCode } from '../../src/credentials/readable-code.ts';

describe('codes that people copy by hand', () => {
  test('are of letters and digits that can’t be taken for one another, each as often', () => {
    const text = newReadableCode(64_000);
    const counts = new Map<string, number>();
    for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);

    expect(text).toMatch(/^[0-9A-HJKMNP-TV-Z]+$/);
    expect(counts.size).toBe(32);

    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    // 31 degrees of freedom: more happens once in a million runs.
    expect(chiSquare).toBeLessThan(87);
  });

  test('stand in groups of four', () => {
    expect(inGroups('0123456789ABCDEF')).toBe('0123-4567-89AB-CDEF');
    expect(inGroups('0123456789', ' ')).toBe('0123 4567 89');
  });

  test.each([
    '0123-4567-89AB-CDEF',
    '0123456789abcdef',
    ' 0123 4567 – 89ab cdef\n',
    'oL23—4567 89ABCDEF',
    '０１２３4567８９ABCDEF',
  ])('are read however they were typed: %s', (typed) => {
    expect(readReadableCode(typed, 16)).toBe('0123456789ABCDEF');
  });

  test.each([
    '',
    '0123-4567-89AB-CDE',
    '0123-4567-89AB-CDEF0',
    '0123-4567-89AB-CDEU',
    '0123_4567_89AB_CDEF',
    ' '.repeat(1_000_000),
  ])('are nothing else: %#', (typed) => {
    expect(readReadableCode(typed, 16)).toBeUndefined();
  });
});
