import { dictionary } from '@zxcvbn-ts/language-common';
import { describe, expect, test } from '@jest/globals';

import { createPasswordPolicy, type PasswordOwner } from '../../src/credentials/password-policy.ts';
import { policyOptions } from './room.ts';
import { processorTime } from '../support/cpu.ts';

const policy = createPasswordPolicy(policyOptions);
const ada: PasswordOwner = {
  email: 'ada.lovelace+mail@example.com',
  names: ['Augusta', 'King', 'Countess Ada'],
  secondFactor: false,
};

const problems = async (password: string, whose: Partial<PasswordOwner> = {}) =>
  (await policy.check(password, { ...ada, ...whose })).map(({ key }) => key);

describe('length', () => {
  test('S61: 15 characters are needed when the password is the only factor', async () => {
    expect(await policy.check('vexing owls 14', ada)).toEqual([
      { key: 'problem.passwordTooShort', values: { min: 15 } },
    ]);
    expect(await problems('vexing owls 15!')).toEqual([]);
    expect(policy.minimumLength(false)).toBe(15);
  });

  test('S61: 8 characters are enough beside a second factor', async () => {
    expect(await problems('vex owl', { secondFactor: true })).toEqual(['problem.passwordTooShort']);
    expect(await problems('vex owls', { secondFactor: true })).toEqual([]);
    expect(policy.minimumLength(true)).toBe(8);
  });

  test('S62: characters are code points, and none stands for many', async () => {
    expect(await problems('\u{1f511}\u{1f9ff}\u{1f33b}'.repeat(5) + ' vexing owls')).toEqual([]);
    expect(await problems('\ufdfa')).toEqual(['problem.passwordTooShort']);
  });

  test('S62: 64 and 256 characters are accepted, 257 and 1 MB are not', async () => {
    const sentence = 'Owls vex the quiet moor while twelve grey herons judge. ';

    expect(await problems(sentence.repeat(2).slice(0, 64))).toEqual([]);
    expect(await problems(sentence.repeat(5).slice(0, 256))).toEqual([]);
    expect(await policy.check(sentence.repeat(5).slice(0, 257), ada)).toEqual([
      { key: 'problem.passwordTooLong', values: { max: 256 } },
    ]);

    const spent = await processorTime(async () => {
      expect(await problems('x'.repeat(1_000_000))).toEqual(['problem.passwordTooLong']);
    });
    expect(spent).toBeLessThan(50);
  });
});

describe('what it is made of', () => {
  test.each([
    ['small letters alone', 'vexing owls judge moors'],
    ['digits alone', '7305918264083957'],
    ['Cyrillic', 'семь ламп над гаванью'],
    ['Korean', '항구 위에 일곱 개의 등불이 있다'],
    ['spaces at both ends', '  vexing owls  judge '],
  ])('S63: no composition rules: %s', async (_what, password) => {
    expect(await problems(password)).toEqual([]);
  });

  test('S61: it tells one that is long enough only beside a second factor', () => {
    expect(['k7#vPq2m', 'fourteen chars', 'ﷺ'].map(policy.isShort)).toEqual([true, true, true]);
    expect(policy.isShort('fifteen of them')).toBe(false);
  });

  test('S66: nothing about a password grows old', () => {
    expect(Object.keys(policy).toSorted()).toEqual(['check', 'isShort', 'minimumLength']);
  });
});

describe('S64: common passwords', () => {
  test('each of the 3,000 most common is refused', async () => {
    const list = dictionary['passwords-common'].slice(0, 3000);
    const passed: string[] = [];

    for (const password of list) {
      if (!(await problems(password, { secondFactor: true })).includes('problem.passwordCommon')) passed.push(password);
    }

    expect(list).toHaveLength(3000);
    expect(passed).toEqual([]);
  });

  test('the list holds well over 10,000', () => {
    expect(dictionary['passwords-common'].length).toBeGreaterThan(40_000);
  });

  test.each([
    'passwordpassword',
    'PasswordPassword',
    'P@ssw0rd12345678',
    'monkey 1234567890',
    'iloveyou!!!!!!!!!!',
    's u n s h i n e 2 0 2 6',
  ])('also in disguise: %s', async (password) => {
    expect(await problems(password)).toContain('problem.passwordCommon');
  });

  test.each(['correct horse battery staple', 'sunshine73619284650172', 'the street properties were poor'])(
    'words inside a longer one are fine: %s',
    async (password) => {
      expect(await problems(password)).toEqual([]);
    },
  );
});

describe('S65: what is guessed first', () => {
  test.each([
    ['the product', 'our gateHOUSE keeper'],
    ['the e-mail local part', 'xx ada.lovelace+mail xx'],
    ['a part of it', 'miss lovelace dances'],
    ['a name', 'augusta walks the moor'],
    ['a name of several words, joined', 'the countessada tiara'],
  ])('%s is refused inside a password', async (_what, password) => {
    expect(await problems(password)).toEqual(['problem.passwordPersonal']);
  });

  test('names that are too short to tell anything are not', async () => {
    expect(await problems('the adamant walking owl', { names: ['Ada', 'Li'], email: 'ada@example.com' })).toEqual([]);
  });

  test.each([
    '111111111111111',
    'abcdefghijklmnop',
    'qwertyuiopasdfgh',
    '1qaz2wsx3edc4rfv5tgb',
    'aB3$aB3$aB3$aB3$',
    'zyxwvutsrqponml',
  ])('simple patterns are refused: %s', async (password) => {
    expect((await problems(password)).some((key) => /Simple|Common/.test(key))).toBe(true);
  });
});
