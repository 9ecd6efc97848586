import { describe, expect, test } from '@jest/globals';

import { passwordStrength } from '../../src/credentials/password-strength.ts';
import { processorTime } from '../support/cpu.ts';

const ada = { email: 'ada.lovelace@example.com', names: ['Augusta', 'Lovelace'], productName: 'Gatehouse' };
const strength = (password: string) => passwordStrength(password, ada);

describe('strength in words', () => {
  test.each<[string, number, string[]]>([
    ['', 0, ['strength.short']],
    ['password', 0, ['strength.common']],
    ['P@ssw0rd', 0, ['strength.common']],
    ['iloveyou2', 0, ['strength.common']],
    ['qwertyuiop', 0, ['strength.run']],
    ['asdfghjklö98765', 0, ['strength.run']],
    ['lovelace gatehouse augusta', 0, ['strength.personal']],
    ['aB3$aB3$aB3$aB3$', 1, ['strength.repeated']],
    ['vexing owl', 1, ['strength.short']],
    ['vexing owls judge moors', 4, []],
    ['seven lamps over the harbour', 4, []],
    ['xkqzjwpfhvbt', 3, ['strength.short']],
    ['xkqzjwpfhvbtnmg', 4, []],
    ['семь ламп над гаванью', 4, []],
    ['항구 위에 일곱 개의 등불', 4, []],
  ])('%j', async (password, score, reasons) => {
    expect(await strength(password)).toEqual({ score, label: `strength.${score}`, reasons });
  });

  test('rises with every word', async () => {
    const words = ['lantern', 'otter', 'marble', 'quiet', 'harbour'];
    const scores: number[] = [];
    for (let count = 1; count <= words.length; count += 1) {
      scores.push((await strength(words.slice(0, count).join(' '))).score);
    }

    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    expect([scores[0], scores.at(-1)]).toEqual([0, 4]);
  });

  test('of what is no password is told at once', async () => {
    await strength('warm up');
    const spent = await processorTime(async () => {
      expect(await strength('x'.repeat(1_000_000))).toMatchObject({ score: 0 });
      expect(await strength('\ud800')).toMatchObject({ score: 0 });
    });

    expect(spent).toBeLessThan(50);
  });
});
