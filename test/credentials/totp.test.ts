import { describe, expect, test } from '@jest/globals';

import { acceptedStep, newTotpSecret, noStep, secretInGroups, totpUrl } from '../../src/credentials/totp.ts';

/** The ASCII text `12345678901234567890` of RFC 6238 appendix B, in base 32. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
/** A moment of the appendix, in milliseconds, and its code: a step that was neither the first nor is the last. */
const now = 1_111_111_111_000;
const code = '050471';
const step = Math.floor(now / 30_000);
const accepts = (typed: unknown, at = now, after = noStep) => acceptedStep(secret, typed, { now: at, after });

describe('RFC 6238 appendix B', () => {
  test.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at %d s the code is %s', (seconds, expected) => {
    expect(acceptedStep(secret, expected, { now: seconds * 1000, after: noStep })).toBe(Math.floor(seconds / 30));
  });
});

describe('what a code is', () => {
  test.each<[string, unknown]>([
    ['with a blank before it', ` ${code}`],
    ['with a blank after it', `${code} `],
    ['with a line break', `${code}\n`],
    ['with a sign', `+${code}`],
    ['a number', 50_471],
    ['a longer number', Number(code)],
    ['an array', [code]],
    ['an object', { toString: () => code }],
    ['without its leading zero', '50471'],
    ['with letters', '050471ab'],
    ['as a fraction', '50471.0'],
    ['in full-width digits', '０５０４７１'],
    ['in Arabic digits', '٠٥٠٤٧١'],
    ['empty', ''],
    ['missing', undefined],
    ['null', null],
  ])('S89: not one %s', (_what, typed) => {
    expect(accepts(typed)).toBeUndefined();
  });

  test('S89: a step counts once, and none before it', () => {
    expect(accepts(code)).toBe(step);
    expect(accepts(code, now, step)).toBeUndefined();
    expect(accepts(code, now, step + 1)).toBeUndefined();
    expect(accepts(code, now, step - 1)).toBe(step);
  });

  test('a wrong one is none', () => {
    expect(accepts('050472')).toBeUndefined();
  });
});

describe('S90, S103: the clock', () => {
  test.each([-30_000, -15_000, 0, 15_000, 30_000])('a device that is %d ms off is understood', (off) => {
    expect(accepts(code, now - off)).toBe(step);
  });

  test.each([-120_000, -90_000, 90_000, 120_000])('one that is %d ms off is not', (off) => {
    expect(accepts(code, now - off)).toBeUndefined();
  });

  test('three codes are right at a time', () => {
    const right = Array.from({ length: 41 }, (_, index) => now + (index - 20) * 30_000).filter((at) =>
      accepts(code, at),
    );

    expect(right).toHaveLength(3);
  });
});

describe('the secret', () => {
  test('has 160 bits from the system, every letter of base 32 as often as any other', () => {
    const secrets = Array.from({ length: 3000 }, newTotpSecret);
    const counts = new Map<string, number>();
    for (const letter of secrets.join('')) counts.set(letter, (counts.get(letter) ?? 0) + 1);

    expect(secrets.every((each) => /^[A-Z2-7]{32}$/.test(each))).toBe(true);
    expect(new Set(secrets).size).toBe(3000);
    expect(counts.size).toBe(32);

    const expected = (3000 * 32) / 32;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 31 degrees of freedom: more happens once in a million runs.
    expect(chiSquare).toBeLessThan(87);
  });

  test.each(['', 'GEZDGNBV', secret.slice(1), secret.toLowerCase(), `${secret}=`])(
    'nothing shorter, and nothing else, is one: %s',
    (bad) => {
      expect(() => acceptedStep(bad, code, { now, after: noStep })).toThrow(TypeError);
    },
  );

  test('is shown in groups of four', () => {
    expect(secretInGroups(secret)).toBe('GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ');
  });
});

describe('the link', () => {
  test('names service and account so that no app reads them wrong', () => {
    const url = totpUrl({ secret, issuer: 'Ben & Söhne: Intern', account: 'ada+x@example.com?secret=EVIL&a=/b' });

    expect(url).toMatch(/^otpauth:\/\/totp\/[\w%.~-]+:[\w%.~-]+\?[\w%=&.~-]+$/);
    const { pathname, searchParams } = new URL(url);
    expect(decodeURIComponent(pathname)).toContain('Ben & Söhne  Intern:ada+x@example.com?secret=EVIL&a=/b');
    expect(Object.fromEntries(searchParams)).toEqual({
      secret,
      issuer: 'Ben & Söhne  Intern',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });
});
