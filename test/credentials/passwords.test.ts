import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { createHashing, type Hashing } from '../../src/credentials/hashing.ts';
import { createPasswords } from '../../src/credentials/passwords.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import { cheap, fifty, goodPassword, openRoom, type Room } from './room.ts';

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

/** Passwords over the room's store, with hashing that notes what it is asked. */
function counted(options = cheap) {
  const asked: (string | undefined)[] = [];
  const real = createHashing(options);
  const hashing: Hashing = {
    ...real,
    verify: (stored, password) => {
      asked.push(stored);
      return real.verify(stored, password);
    },
  };
  const { records, clock, failures } = room;

  return {
    asked,
    passwords: createPasswords({ records, hashing, clock, onRehashFailure: (error) => failures.push(error) }),
  };
}

describe('verifying', () => {
  test('answers whether it is the account’s password', async () => {
    await room.passwords.set('a', goodPassword);

    await expect(room.passwords.verify('a', goodPassword)).resolves.toBe(true);
    await expect(room.passwords.verify('a', `${goodPassword}!`)).resolves.toBe(false);
    await expect(room.passwords.verify('b', goodPassword)).resolves.toBe(false);
    await expect(room.passwords.verify(undefined, goodPassword)).resolves.toBe(false);
    await expect(Promise.all([room.passwords.has('a'), room.passwords.has('b')])).resolves.toEqual([true, false]);
  });

  test('S71: one hash is computed for known and unknown people, right and wrong', async () => {
    await room.passwords.set('a', goodPassword);
    const { asked, passwords } = counted();

    for (const [accountId, password] of [
      ['a', goodPassword],
      ['a', 'wrong'],
      [undefined, 'wrong'],
      ['no-password', 'wrong'],
    ] as const) {
      asked.length = 0;
      await passwords.verify(accountId, password);
      expect(asked).toHaveLength(1);
    }
  });
});

describe('S68: renewing a hash when parameters have risen', () => {
  const risen = { ...cheap, memoryKib: 128 };
  const hashOf = async (id: string) => (await room.records.passwords.get(id))?.hash;

  test('happens at the next right password, in the background', async () => {
    await room.passwords.set('a', goodPassword);
    const { passwords } = counted(risen);

    await passwords.verify('a', 'wrong');
    await passwords.settled();
    expect(await hashOf('a')).toContain('m=64,');

    await expect(passwords.verify('a', goodPassword)).resolves.toBe(true);
    await passwords.settled();
    expect(await hashOf('a')).toContain('m=128,');
    await expect(passwords.verify('a', goodPassword)).resolves.toBe(true);
  });

  test('never undoes a change that was made meanwhile', async () => {
    await room.passwords.set('a', goodPassword);
    const { records, clock, failures } = room;
    const real = createHashing(risen);
    const changedMeanwhile = createPasswords({
      records,
      clock,
      onRehashFailure: (error) => failures.push(error),
      hashing: {
        ...real,
        hash: async (password) => {
          await room.passwords.set('a', 'another one of good length');
          return real.hash(password);
        },
      },
    });

    await changedMeanwhile.verify('a', goodPassword);
    await changedMeanwhile.settled();

    await expect(room.passwords.verify('a', 'another one of good length')).resolves.toBe(true);
    await expect(room.passwords.verify('a', goodPassword)).resolves.toBe(false);
  });

  test('fails without failing the sign-in, and says so', async () => {
    await room.passwords.set('a', goodPassword);
    const { records, clock, failures } = room;
    const full = new Unavailable('too many passwords wait to be hashed');
    const passwords = createPasswords({
      records,
      clock,
      onRehashFailure: (error) => failures.push(error),
      hashing: { ...createHashing(risen), hash: () => Promise.reject(full) },
    });

    await expect(passwords.verify('a', goodPassword)).resolves.toBe(true);
    await passwords.settled();
    expect(failures).toEqual([full]);
  });
});

test('of 50 passwords set at once one is left, whole', async () => {
  const results = await fifty((index) => room.passwords.set('a', `${goodPassword} ${index}`));
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);

  const right = await fifty((index) => room.passwords.verify('a', `${goodPassword} ${index}`));
  expect(right.filter((one) => one.status === 'fulfilled' && one.value)).toHaveLength(1);
});
