import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { createGuessing, type Attempt } from '../../src/credentials/guessing.ts';
import { limits, openRoom, type Room } from './room.ts';

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

const accountId = 'account-of-ada';
const ada: Attempt = {
  email: 'ada@example.com',
  ip: '192.0.2.1',
  deviceId: 'device-of-ada-0123456789',
  accountId,
};
const elsewhere = (index: number): Attempt => ({
  ...ada,
  ip: `198.51.${Math.floor(index / 250)}.${index % 250}`,
  deviceId: `device-of-number-${index}-0123`,
});

const hour = 3_600_000;

/** Passwords and second factors, each with a guess that is right or wrong. */
function both() {
  const at = (what: 'password' | 'second-factor') => {
    const guessing = createGuessing({ ...room, limits, at: what });

    return async (attempt: Attempt, right: boolean) => {
      const admission = await guessing.admit(attempt);
      if (!admission.allowed) return admission;

      await new Promise(setImmediate);
      await (right ? guessing.succeeded(admission.ticket, accountId) : guessing.failed(admission.ticket));

      return right ? 'right' : 'wrong';
    };
  };

  return { password: at('password'), code: at('second-factor') };
}

describe('S84: a right password gives no guesses back', () => {
  test('at a code, from one address', async () => {
    const { password, code } = both();
    for (let tries = 0; tries < 5; tries += 1) {
      expect(await password(ada, true)).toBe('right');
      expect(await code(ada, false)).toBe('wrong');
    }

    expect(await password(ada, true)).toBe('right');
    expect(await code(ada, true)).toMatchObject({ allowed: false, reason: 'pair', retryAfter: 5 });
  });

  test('nor makes the browser one that is known for codes', async () => {
    const { password, code } = both();

    for (let tries = 0; tries < 20; tries += 1) {
      expect(await password(elsewhere(tries), true)).toBe('right');
      expect(await code(elsewhere(tries), false)).toBe('wrong');
    }

    // The first of them was known for passwords all the while.
    expect(await password(elsewhere(0), true)).toBe('right');
    expect(await code(elsewhere(0), true)).toMatchObject({ allowed: false, reason: 'account' });
  });

  test('wrong codes don’t slow passwords down, nor the other way round', async () => {
    const { password, code } = both();
    for (let tries = 0; tries < 20; tries += 1) await code(elsewhere(tries), false);
    expect(await password(elsewhere(30), true)).toBe('right');

    for (let tries = 0; tries < 6; tries += 1) await password(ada, false);
    expect(await password(ada, true)).toMatchObject({ allowed: false });
    expect(await code({ ...ada, deviceId: 'another-device-of-hers' }, true)).toMatchObject({ reason: 'account' });
  });
});

describe('S85: twenty wrong codes an hour', () => {
  test('of an account, wherever they come from; then none is looked at for an hour', async () => {
    const { code } = both();
    for (let tries = 0; tries < 20; tries += 1) {
      expect(await code(elsewhere(tries), false)).toBe('wrong');
      room.clock.advance(60_000);
    }

    expect(await code(elsewhere(20), true)).toEqual({ allowed: false, reason: 'account', retryAfter: 3540 });
    room.clock.advance(hour - 60_000 - 1);
    expect(await code(elsewhere(21), true)).toMatchObject({ reason: 'account', retryAfter: 1 });
    room.clock.advance(1);
    expect(await code(elsewhere(22), true)).toBe('right');
  });

  test('at most, however patient the guesser is: in no hour more than twenty', async () => {
    const { code } = both();
    const looked: number[] = [];

    for (let tries = 0; tries < 400; tries += 1) {
      const outcome = await code(elsewhere(tries % 40), false);
      if (outcome === 'wrong') looked.push(room.clock.now());
      room.clock.advance(45_000);
    }

    const inTheHourFrom = (start: number) => looked.filter((at) => at >= start && at < start + hour).length;
    expect(Math.max(...looked.map(inTheHourFrom))).toBe(20);
  });

  test('S86: of a hundred at once twenty', async () => {
    const { code } = both();
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, index) => code(elsewhere(index), false)));

    expect(outcomes.filter((outcome) => outcome === 'wrong')).toHaveLength(20);
  });

  test('also in a browser that is known for codes', async () => {
    const { code } = both();
    expect(await code(ada, true)).toBe('right');
    const looked: number[] = [];

    for (let tries = 0; tries < 300; tries += 1) {
      if ((await code(ada, false)) === 'wrong') looked.push(room.clock.now());
      room.clock.advance(60_000);
    }

    const inTheHourFrom = (start: number) => looked.filter((at) => at >= start && at < start + hour).length;
    expect(Math.max(...looked.map(inTheHourFrom))).toBeLessThanOrEqual(20);
  });
});

describe('S88: strangers who know the password', () => {
  test('don’t keep her out of a browser in which she proved a second factor before', async () => {
    const { password, code } = both();
    expect(await code(ada, true)).toBe('right');
    for (let tries = 0; tries < 25; tries += 1) await code(elsewhere(tries), false);

    expect(await code(elsewhere(30), true)).toMatchObject({ reason: 'account' });
    // A right password there says nothing new about it.
    expect(await password(ada, true)).toBe('right');
    expect(await code(ada, false)).toBe('wrong');
    expect(await code(ada, true)).toBe('right');
  });

  test('nor out of one in which she used a passkey', async () => {
    const { password, code } = both();
    await createGuessing({ ...room, limits, at: 'second-factor' }).recognised({ accountId, deviceId: ada.deviceId });
    for (let tries = 0; tries < 25; tries += 1) {
      await code(elsewhere(tries), false);
      await password(elsewhere(tries), false);
    }

    expect(await password(elsewhere(30), true)).toMatchObject({ allowed: false });
    expect(await password(ada, true)).toBe('right');
    expect(await code(ada, true)).toBe('right');
  });

  test('S84: have a hundred tries in a row, then only the operator lets unknown browsers in', async () => {
    const { code } = both();
    expect(await code(ada, true)).toBe('right');
    let looked = 0;

    for (let tries = 0; tries < 200; tries += 1) {
      const outcome = await code(elsewhere(tries), false);
      if (outcome === 'wrong') looked += 1;
      else if (typeof outcome === 'object') room.clock.advance(outcome.retryAfter * 1000);
    }

    expect(looked).toBe(100);
    room.clock.advance(24 * hour);
    expect(await code(elsewhere(300), true)).toMatchObject({ reason: 'locked', retryAfter: limits.longest_wait });
    expect(await code(ada, true)).toBe('right');

    await createGuessing({ ...room, limits, at: 'second-factor' }).clear(ada.email);
    expect(await code(elsewhere(301), true)).toBe('right');
  });
});
