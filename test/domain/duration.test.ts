import { expect, test } from '@jest/globals';

import { locales } from '../../src/domain/account.ts';
import { amountInWords, waitInWords } from '../../src/domain/duration.ts';

test('a wait is over when it says so', () => {
  expect([1, 59, 60, 61, 3600, 3601].map((seconds) => waitInWords(seconds, 'en'))).toEqual([
    '1 second',
    '59 seconds',
    '1 minute',
    '2 minutes',
    '1 hour',
    '2 hours',
  ]);
});

test('each language has its own words and plurals for it', () => {
  const inWords = (amount: number) =>
    locales.map((locale) => amountInWords(amount, 'day', locale).replaceAll(/\s/g, ' '));

  expect(inWords(1)).toEqual(['1 day', '1 Tag', '1일', '1日', '1 jour', '1 día']);
  expect(inWords(30)).toEqual(['30 days', '30 Tage', '30일', '30日', '30 jours', '30 días']);
});
