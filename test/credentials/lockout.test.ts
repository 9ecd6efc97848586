import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { limits, openRoom, type Room } from './room.ts';
import { accountId, elsewhere, guesses, ownDevice } from './guesses.ts';

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

/** Waits by account make a hundred guesses long; what is tested here comes after them. */
const eager = { failures_per_account: 1000 };

describe('S84: a hundred failures in a row', () => {
  const locked = { allowed: false, reason: 'locked', retryAfter: limits.longest_wait };

  test('are the most that anybody has, from many addresses and over months', async () => {
    const { keepGuessing, wrong, right } = guesses(room);
    const month = 30 * 86_400_000;

    expect(await keepGuessing(220, elsewhere)).toBe(100);
    room.clock.advance(month);
    expect(await keepGuessing(5, elsewhere)).toBe(0);
    expect(await wrong(elsewhere(200))).toEqual(locked);
    expect(await right(elsewhere(201))).toEqual(locked);
  });

  test('end when the person comes in between', async () => {
    const { keepGuessing, right } = guesses(room, eager);

    expect(await keepGuessing(99, elsewhere)).toBe(99);
    expect(await right(elsewhere(100))).toBe('right');
    expect(await keepGuessing(100, elsewhere)).toBe(100);
  });

  test('are cleared by the operator', async () => {
    const { keepGuessing, guessing, right } = guesses(room, eager);
    await keepGuessing(102, elsewhere);

    await guessing.clear(' ADA@example.com');
    expect(await right(elsewhere(200))).toBe('right');
  });

  test('of a known device make it unknown', async () => {
    const { keepGuessing, right, wrong } = guesses(room, eager);
    await right({ deviceId: ownDevice });

    expect(await keepGuessing(99 * 3, () => ({ deviceId: ownDevice }))).toBeGreaterThanOrEqual(99);
    await keepGuessing(102, elsewhere);
    expect(await wrong({ deviceId: ownDevice })).toEqual(locked);
  });
});

describe('S88: a stranger can’t lock anybody out', () => {
  test('a known device goes on, whatever strangers did, also from their address', async () => {
    const { keepGuessing, right, wrong } = guesses(room, eager);
    await right({ deviceId: ownDevice, ip: '203.0.113.1' });

    await keepGuessing(102, elsewhere);
    await keepGuessing(60, (index) => ({ email: `p${index}@example.com`, accountId: undefined }));
    expect(await wrong()).toMatchObject({ allowed: false });

    expect(await wrong({ deviceId: ownDevice })).toBe('wrong');
    expect(await right({ deviceId: ownDevice })).toBe('right');
  });

  test('the known device’s sign-in does not free the strangers', async () => {
    const { keepGuessing, right, wrong } = guesses(room, eager);
    await right({ deviceId: ownDevice });
    await keepGuessing(102, elsewhere);

    await right({ deviceId: ownDevice });
    expect(await wrong(elsewhere(200))).toMatchObject({ reason: 'locked' });
  });

  test('a known device waits for its own failures', async () => {
    const { right, wrong } = guesses(room, eager);
    await right({ deviceId: ownDevice });
    for (let index = 0; index < 5; index += 1) expect(await wrong({ deviceId: ownDevice })).toBe('wrong');

    expect(await right({ deviceId: ownDevice })).toMatchObject({ reason: 'device', retryAfter: 5 });
    room.clock.advance(5000);
    expect(await right({ deviceId: ownDevice })).toBe('right');
  });

  test('a device is known at the account that signed in there, for 180 days', async () => {
    const { keepGuessing, right, wrong } = guesses(room, eager);
    await right({ deviceId: ownDevice });
    await keepGuessing(102, (index) => ({
      ...elsewhere(index),
      email: 'bob@example.com',
      accountId: 'account-of-bob',
    }));

    expect(await wrong({ deviceId: ownDevice, email: 'bob@example.com', accountId: 'account-of-bob' })).toMatchObject({
      allowed: false,
    });

    await keepGuessing(102, elsewhere);
    room.clock.advance(181 * 86_400_000);
    expect(await wrong({ deviceId: ownDevice })).toMatchObject({ reason: 'locked' });
  });

  test('of sign-ins without cookies a hundred devices are kept', async () => {
    const { right } = guesses(room, eager);

    for (let index = 0; index < 105; index += 1) {
      await right({ deviceId: `fresh-browser-${index}-0123` });
      room.clock.advance(1000);
    }

    await expect(room.records.knownDevices.count('account', accountId)).resolves.toBe(100);
  });
});
