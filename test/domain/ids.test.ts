import { describe, expect, test } from '@jest/globals';

import { newId, newSecret, newTimedId, sha256 } from '../../src/domain/ids.ts';

describe('ids', () => {
  test('none comes twice and none is made of what was wiped, whatever lengths come one after another', () => {
    const made = Array.from({ length: 3000 }, () => [newId(), newSecret(), newTimedId(0).slice(9)]).flat();

    expect(new Set(made.map((text) => text.slice(0, 16))).size).toBe(made.length);
    expect(new Set(made.map((text) => text.slice(-16))).size).toBe(made.length);
    expect(made.filter((text) => /A{8}|0{12}/.test(text))).toEqual([]);
  });

  test('have the lengths that their bits take, and sort by time where they say so', () => {
    expect(newId()).toMatch(/^[\w-]{22}$/);
    expect(newSecret()).toMatch(/^[\w-]{43}$/);
    expect(newTimedId(1)).toMatch(/^000000001[0-9a-f]{20}$/);
    expect(newTimedId(36) > newTimedId(35)).toBe(true);
  });

  test('none begins with the dash of an option: each can stand on a command line as it is', () => {
    const made = Array.from({ length: 10_000 }, () => newId());

    expect(made.filter((id) => id.startsWith('-'))).toEqual([]);
    expect(new Set(made.map(([first]) => first)).size).toBe(63);
  });

  test('RFC 6234: the digest of abc', () => {
    expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});
