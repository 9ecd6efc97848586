import { describe, expect, test } from '@jest/globals';

import { isCidr, isLoopback } from '../../src/config/addresses.ts';
import { nearest } from '../../src/domain/nearest.ts';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../../src/config/units.ts';

describe('durations', () => {
  test.each([
    ['30s', 30],
    ['10m', 600],
    ['8h', 28_800],
    ['14d', 1_209_600],
    ['2w', 1_209_600],
    ['250ms', 0.25],
    ['2.5s', 2.5],
    ['1.5h', 5400],
    ['45', 45],
    [45, 45],
  ])('%p is %p seconds', (written, seconds) => {
    expect(parseDuration(written)).toBe(seconds);
  });

  test.each([
    '',
    's',
    '-1s',
    '1 fortnight',
    '1e3s',
    '10M',
    '1h30m',
    '1constructor',
    '1__proto__',
    NaN,
    Infinity,
    true,
    null,
    [],
  ])('%p is none', (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });

  test.each([0, 1, 2.5, 59, 60, 61, 600, 3600, 5400, 86_400, 1_209_600])('%p seconds are read back', (seconds) => {
    expect(parseDuration(formatDuration(seconds))).toBe(seconds);
  });

  test('are written in the largest unit that divides them', () => {
    expect([60, 5400, 1_209_600].map(formatDuration)).toEqual(['1m', '90m', '14d']);
  });
});

describe('sizes', () => {
  test.each([
    ['256kB', 256_000],
    ['256KiB', 262_144],
    ['1MiB', 1_048_576],
    ['10', 10],
    [4096, 4096],
  ])('%p is %p bytes', (written, bytes) => {
    expect(parseBytes(written)).toBe(bytes);
  });

  test.each(['1.5B', '1GB', '-1', '1kb'])('%p is none', (written) => {
    expect(parseBytes(written)).toBeUndefined();
  });

  test.each([999, 256_000, 262_144, 1_048_576, 10_000_000])('%p bytes are read back', (bytes) => {
    expect(parseBytes(formatBytes(bytes))).toBe(bytes);
  });
});

describe('addresses', () => {
  test.each(['localhost', 'app.localhost', '127.0.0.1', '127.8.9.10', '[::1]'])('%s is this machine', (hostname) => {
    expect(isLoopback(hostname)).toBe(true);
  });

  test.each(['localhost.example.com', '127.example.com', '128.0.0.1', '[::2]', '0.0.0.0', 'notlocalhost'])(
    '%s is not',
    (hostname) => {
      expect(isLoopback(hostname)).toBe(false);
    },
  );

  test.each(['10.0.0.0/8', '127.0.0.1', '::1', '2001:db8::/32', '0.0.0.0/0'])('%s is a block', (value) => {
    expect(isCidr(value)).toBe(true);
  });

  test.each(['10.0.0.0/33', '::/129', '10.0.0.0/08', '10.0.0/8', '10.0.0.0/8/8', '10.0.0.0/', 'proxy', 'fe80::1%eth0'])(
    '%s is no block',
    (value) => {
      expect(isCidr(value)).toBe(false);
    },
  );
});

describe('the nearest name', () => {
  const names = ['session.idle', 'session.absolute', 'passwords.minimum_length', 'passwords.maximum_length', 'port'];

  test.each([
    ['session.idel', 'session.idle'],
    ['sessionIdle', 'session.idle'],
    ['SESSION-ABSOLUT', 'session.absolute'],
    ['passwords.min_length', 'passwords.minimum_length'],
    ['passwords.max_length', 'passwords.maximum_length'],
    ['prot', 'port'],
    ['ports', 'port'],
  ])('of %s is %s', (word, meant) => {
    expect(nearest(word, names)).toBe(meant);
  });

  test('is not made up when nothing is near, nor sought for a flood of letters', () => {
    expect(nearest('telemetry', names)).toBeUndefined();
    expect(nearest('x'.repeat(100_000), names)).toBeUndefined();
  });
});
