import { describe, expect, test } from '@jest/globals';

import { createHashing } from '../../src/credentials/hashing.ts';
import { cheap } from './room.ts';
import { processorTime } from '../support/cpu.ts';

const hashing = createHashing(cheap);

describe('hashing passwords', () => {
  test('S68: hashes are argon2id with the parameters of the configuration', async () => {
    const owasp = createHashing({ ...cheap, memoryKib: 19_456, iterations: 2 });
    let hash = '';
    const spent = await processorTime(async () => {
      hash = await owasp.hash('a password of some length');
    });

    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(spent).toBeLessThan(1000);
    await expect(owasp.verify(hash, 'a password of some length')).resolves.toBe(true);
    await expect(owasp.verify(hash, 'a password of some lengtH')).resolves.toBe(false);
  });

  test('S68: a hash needs renewing when a parameter has risen, and only then', async () => {
    const hash = await hashing.hash('a password of some length');
    const needs = (change: Partial<typeof cheap>) => createHashing({ ...cheap, ...change }).needsRehash(hash, 'any');

    expect(needs({})).toBe(false);
    expect(needs({ memoryKib: 128 })).toBe(true);
    expect(needs({ iterations: 2 })).toBe(true);
    expect(needs({ memoryKib: 32 })).toBe(false);
  });

  test('S67: nothing is cut off, also not after the 72nd byte, and NUL counts', async () => {
    const long = 'x'.repeat(72);
    const hash = await hashing.hash(`${long}a`);

    await expect(hashing.verify(hash, `${long}b`)).resolves.toBe(false);
    await expect(hashing.verify(hash, long)).resolves.toBe(false);

    const withNul = await hashing.hash('before\0after');
    await expect(hashing.verify(withNul, 'before\0after')).resolves.toBe(true);
    await expect(hashing.verify(withNul, 'before\0other')).resolves.toBe(false);
    await expect(hashing.verify(withNul, 'before')).resolves.toBe(false);
  });

  test('S62: spaces and all of Unicode count, in one normal form', async () => {
    const hash = await hashing.hash(' Gr\u00fc\u00dfe \u{1f511} \uff21 ');

    await expect(hashing.verify(hash, ' Gru\u0308\u00dfe \u{1f511} A ')).resolves.toBe(true);
    await expect(hashing.verify(hash, 'Gr\u00fc\u00dfe \u{1f511} A')).resolves.toBe(false);
  });

  test('S62: 256 characters are accepted', async () => {
    const long = '\u{1f511}'.repeat(256);

    await expect(hashing.verify(await hashing.hash(long), long)).resolves.toBe(true);
  });

  test.each([
    ['1 MB', 'x'.repeat(1_000_000)],
    ['1 MB of characters that normalise to more', '\ufdfa'.repeat(330_000)],
    ['257 characters', 'x'.repeat(257)],
  ])('S62: %s are refused within 50 ms and without hashing', async (_what, password) => {
    // At these parameters one hash takes longer than the limit.
    const slow = createHashing({ ...cheap, memoryKib: 262_144, iterations: 4 });

    const spent = await processorTime(async () => {
      await expect(slow.verify(undefined, password)).resolves.toBe(false);
      await expect(slow.hash(password)).rejects.toMatchObject({ code: 'invalid' });
    });
    expect(spent).toBeLessThan(50);
  });

  test('unpaired surrogates are no text: two of them would share a hash', async () => {
    await expect(hashing.hash('password \ud800 of length')).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('the queue in front of it', () => {
  test('a flood is shed with Unavailable, and what is inside is finished', async () => {
    const small = createHashing({ ...cheap, concurrency: 2, waiting: 10 });
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => small.hash('a password of some length')));
    const refused = tries.filter((one) => one.status === 'rejected');

    expect(refused).toHaveLength(38);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'unavailable', status: 503, retryAfter: expect.any(Number) });
    }

    await expect(small.hash('a password of some length')).resolves.toMatch(/^\$argon2id/);
  });
});
