import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { newCode, type CodeOf, type CodePurpose } from '../../src/credentials/one-time-code.ts';
import { fifty, openRoom, type Room } from './room.ts';

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

const of: CodeOf = { purpose: 'second-factor:email', accountId: 'account-of-ada', binding: 'sign-in-1' };
const minute = 60_000;
const nothing = () => [];

async function issue(ask: CodeOf & { data?: Record<string, string> } = of): Promise<string> {
  const issued = await room.oneTimeCodes.issue(ask, nothing);
  if ('wait' in issued) throw new Error(`wait ${issued.wait} s`);

  return issued.code;
}

const check = (code: string, changed: Partial<CodeOf> = {}) => room.oneTimeCodes.check({ ...of, ...changed, code });
const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const right = { outcome: 'right', data: {} };
const wrong = (triesLeft: number) => ({ outcome: 'wrong', triesLeft });
const ended = { outcome: 'ended' };

describe('a code', () => {
  test('S91: is six digits, uniform, with leading zeros', () => {
    const codes = Array.from({ length: 100_000 }, newCode);
    const buckets = Array.from({ length: 100 }, () => 0);
    for (const code of codes)
      buckets[Math.floor(Number(code) / 10_000)] = (buckets[Math.floor(Number(code) / 10_000)] ?? 0) + 1;

    expect(codes.every((code) => /^\d{6}$/.test(code))).toBe(true);
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);

    const chiSquare = buckets.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 99 degrees of freedom: more happens once in a million runs.
    expect(chiSquare).toBeLessThan(177);
  });

  test('S89: works once', async () => {
    const code = await issue();

    expect(await check(code)).toEqual(right);
    expect(await check(code)).toEqual(ended);
  });

  test('S90: works for ten minutes', async () => {
    const [first] = [await issue()];
    room.clock.advance(10 * minute - 1);
    expect(await room.oneTimeCodes.waiting(of)).toMatchObject({ triesLeft: 5 });
    room.clock.advance(1);

    expect(await check(first)).toEqual(ended);
    expect(await room.oneTimeCodes.waiting(of)).toBeUndefined();
  });

  test('brings back what it is about', async () => {
    const code = await issue({ ...of, data: { email: 'new@example.com' } });

    expect(await room.oneTimeCodes.waiting(of)).toMatchObject({ data: { email: 'new@example.com' } });
    expect(await check(code)).toEqual({ outcome: 'right', data: { email: 'new@example.com' } });
  });

  test.each<[string, Partial<CodeOf>]>([
    ['purpose', { purpose: 'verify:email' }],
    ['account', { accountId: 'account-of-ben' }],
    ['browser', { binding: 'sign-in-2' }],
  ])('S93: is bound to its %s', async (_what, changed) => {
    const code = await issue();

    expect(await check(code, changed)).toEqual(ended);
    // Nor did that cost a try.
    expect(await room.oneTimeCodes.waiting(of)).toMatchObject({ triesLeft: 5 });
    expect(await check(code)).toEqual(right);
  });

  test('S93: with the same digits for two purposes there are still two codes', async () => {
    const purposes: CodePurpose[] = ['second-factor:email', 'verify:email'];
    const [mine, others] = await Promise.all(purposes.map((purpose) => issue({ ...of, purpose })));
    const rows = await Promise.all(purposes.map((purpose) => room.records.codes.get(`${purpose} ${of.accountId}`)));

    expect(new Set(rows.map((row) => row?.hash)).size).toBe(2);
    expect(await check(others ?? '', { purpose: 'verify:email' })).toEqual(right);
    expect(await check(mine ?? '')).toEqual(right);
  });

  test('S94: is kept as a keyed hash, and nowhere else', async () => {
    const code = await issue();
    const { rows } = await room.records.codes.list('account', of.accountId);

    expect(rows).toHaveLength(1);
    expect(Object.values(rows[0] ?? {}).map(String)).not.toContain(code);
    expect(rows[0]?.hash).toBe(
      room.sealing.keyedHash('code:second-factor:email', ['account-of-ada', 'sign-in-1', code].join('\0')),
    );
    expect(JSON.stringify(rows)).not.toContain('sign-in-1');
  });

  test.each(['', '12345', '1234567', ' 123456', '12345a', '１２３４５６', '123456\n'])(
    'is never "%s", which costs no try',
    async (typed) => {
      await issue();

      expect(await check(typed)).toEqual(wrong(5));
      expect(await room.oneTimeCodes.waiting(of)).toMatchObject({ triesLeft: 5 });
    },
  );
});

describe('S85: tries', () => {
  test('are five', async () => {
    const code = await issue();
    for (const left of [4, 3, 2, 1, 0]) expect(await check(other(code))).toEqual(wrong(left));

    expect(await check(code)).toEqual(ended);
  });

  test('S86: of a hundred wrong ones at once five are judged, and each of them counts', async () => {
    const code = await issue();
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => check(other(code))));

    expect(outcomes.filter(({ outcome }) => outcome === 'wrong')).toHaveLength(5);
    expect(outcomes.filter(({ outcome }) => outcome === 'ended')).toHaveLength(95);
    expect(await check(code)).toEqual(ended);
  });

  test('of fifty right ones at once one is right', async () => {
    const code = await issue();
    const outcomes = await fifty(() => check(code));

    expect(outcomes.filter((one) => one.status === 'fulfilled' && one.value.outcome === 'right')).toHaveLength(1);
    expect(outcomes.filter((one) => one.status === 'fulfilled' && one.value.outcome === 'ended')).toHaveLength(49);
  });

  test('S92: are not given back by a new code', async () => {
    const first = await issue();
    for (const left of [4, 3, 2]) expect(await check(other(first))).toEqual(wrong(left));
    const second = await issue();

    // The old one is dead, and trying it is a try.
    expect(await check(first)).toEqual(first === second ? right : wrong(1));
    expect(await check(other(second))).toEqual(wrong(0));
    expect(await check(second)).toEqual(ended);
  });

  test('S92: nor by withdrawing it', async () => {
    const first = await issue();
    for (const left of [4, 3, 2, 1]) expect(await check(other(first))).toEqual(wrong(left));
    await room.oneTimeCodes.withdraw(of.purpose, of.accountId);

    expect(await check(first)).toEqual(ended);
    const second = await issue();
    expect(await check(other(second))).toEqual(wrong(0));
  });

  test('all used: a new code can be had when the old one’s time is over', async () => {
    const code = await issue();
    for (let tries = 0; tries < 5; tries += 1) await check(other(code));
    room.clock.advance(4 * minute);

    expect(await room.oneTimeCodes.issue(of, nothing)).toEqual({ wait: 360 });
    room.clock.advance(6 * minute);
    expect(await check(await issue())).toEqual(right);
  });

  test('begin anew after a right one', async () => {
    const first = await issue();
    for (let tries = 0; tries < 4; tries += 1) await check(other(first));
    expect(await check(first)).toEqual(right);

    const second = await issue();
    expect(await check(other(second))).toEqual(wrong(4));
  });
});

describe('sending', () => {
  test('S76: five an hour, whatever becomes of them', async () => {
    for (let sent = 0; sent < 5; sent += 1) {
      await check(await issue());
      room.clock.advance(minute);
    }

    expect(await room.oneTimeCodes.issue(of, nothing)).toEqual({ wait: 55 * 60 });
    room.clock.advance(55 * minute);
    expect(await check(await issue())).toEqual(right);
    expect(await room.oneTimeCodes.issue(of, nothing)).toEqual({ wait: 60 });
  });

  test('fifty at once send five; what carries the others is not written', async () => {
    const put = (code: string) => ({ id: `message ${code} ${Math.random()}`, value: code, updatedAt: 0 });
    const outcomes = await fifty(() => room.oneTimeCodes.issue(of, ({ code }) => [{ in: 'settings', put: put(code) }]));
    const sent = outcomes.flatMap((one) => (one.status === 'fulfilled' && 'code' in one.value ? [one.value.code] : []));
    const { rows } = await room.records.settings.scan();

    expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(sent).toHaveLength(5);
    expect(rows.map(({ id }) => id.replace(/^message (\d+) .*/, '$1')).toSorted()).toEqual(sent.toSorted());

    // One of them lives.
    const checked = await Promise.all(sent.map((code) => check(code)));
    expect(checked.filter(({ outcome }) => outcome === 'right')).toHaveLength(1);
  });

  test('a code whose message can’t be made is not issued', async () => {
    const first = await issue();
    await expect(room.oneTimeCodes.issue(of, () => Promise.reject(new Error('no template')))).rejects.toThrow();

    expect(await check(first)).toEqual(right);
  });
});
