import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { found } from './machine.ts';

describe('what a suite may need from the machine', () => {
  const before = process.env['CHROMIUM'];

  beforeEach(() => {
    process.env['CHROMIUM'] = process.execPath;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['CHROMIUM'];
    else process.env['CHROMIUM'] = before;
  });

  test('CHROMIUM names the program to use', () => {
    expect(found('chromium')).toBe(process.execPath);
  });

  test('a wrong CHROMIUM is told, not passed over', () => {
    process.env['CHROMIUM'] = '/nowhere/chromium';

    expect(() => found('chromium')).toThrow('No chromium: install Chromium');
  });
});
