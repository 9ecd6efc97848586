import { expect, test } from '@jest/globals';

import { apiKeyForm, hashOfApiKey, isMeantAsApiKey, newApiKey } from '../../src/credentials/api-key.ts';
import { sha256 } from '../../src/domain/ids.ts';

test('a key is new each time, begins as scanners know it, and is kept as its hash', () => {
  const made = Array.from({ length: 200 }, newApiKey);

  expect(new Set(made.map(({ key }) => key)).size).toBe(200);
  for (const { key, hash, prefix } of made) {
    expect(key).toMatch(apiKeyForm);
    expect(key.startsWith(prefix)).toBe(true);
    expect(prefix).toHaveLength(11);
    expect(hash).toBe(sha256(key));
    expect(hashOfApiKey(key)).toBe(hash);
    expect(isMeantAsApiKey(key)).toBe(true);
  }

  // 36 of 62 each: 214 bits. Every character occurs.
  expect(new Set(made.flatMap(({ key }) => key.slice(5, 41).split(''))).size).toBe(62);
});

test('S46: no change of one character is a key, nor any beginning, end or longer one', () => {
  const { key } = newApiKey();
  const others = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- \n\0é'.split('');
  const changed = key
    .split('')
    .flatMap((character, at) => [
      ...others.filter((other) => other !== character).map((other) => key.slice(0, at) + other + key.slice(at + 1)),
      ...[0, 1, 2, 3, 4, 5, 6].map(
        (bit) => key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) ^ (1 << bit)) + key.slice(at + 1),
      ),
      key.slice(0, at),
      key.slice(at + 1),
      key.slice(0, at) + key.slice(at + 1),
    ]);
  const longer = others.flatMap((other) => [key + other, other + key]);

  expect(changed.length).toBeGreaterThan(3000);
  for (const text of [...changed, ...longer, '', `${key}\n`, key.toUpperCase(), key.toLowerCase()]) {
    expect([text, hashOfApiKey(text)]).toEqual([text, undefined]);
  }
});
