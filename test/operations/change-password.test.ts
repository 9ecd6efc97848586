import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { createGuessing } from '../../src/credentials/guessing.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import type { Account } from '../../src/domain/account.ts';
import { changePassword, type ChangePasswordDeps } from '../../src/operations/change-password.ts';
import { limits } from '../credentials/guesses.ts';
import { goodPassword, openRoom, type Room } from '../credentials/room.ts';

let room: Room;
let deps: ChangePasswordDeps;
let ada: Account;

const next = 'nine herons judge the moor';
const from = { ip: '192.0.2.1', userAgent: 'test', requestId: 'r', deviceId: 'device-of-ada-0123456789' };

beforeEach(async () => {
  room = await openRoom();
  deps = { ...room, guessing: createGuessing({ ...room, limits }) };
  const made = await room.accounts.create(
    { email: 'ada@example.com', password: goodPassword },
    { actor: 'command-line' },
  );
  if (!made.ok) throw new Error('no account');
  ada = made.value;
  room.clock.advance(1000);
});

afterEach(() => room[Symbol.asyncDispose]());

const change = (current: string, wanted = next) => changePassword(deps, ada, { current, next: wanted, from });
const works = (password: string) => room.passwords.verify(ada.id, password);

describe('S69: changing one’s password', () => {
  test('needs the current one', async () => {
    await expect(change('not the right one at all')).resolves.toEqual({
      ok: false,
      problems: [{ path: 'current', key: 'problem.passwordWrong' }],
    });
    await expect(works(goodPassword)).resolves.toBe(true);

    await expect(change(goodPassword)).resolves.toMatchObject({ ok: true });
    await expect(Promise.all([works(goodPassword), works(next)])).resolves.toEqual([false, true]);
  });

  test('is limited like signing in, by the same counters', async () => {
    for (let index = 0; index < 5; index += 1) await change('not the right one at all');

    await expect(change(goodPassword)).resolves.toEqual({ wait: 5 });
    await expect(
      deps.guessing.admit({ email: ada.email, ip: from.ip, deviceId: from.deviceId, accountId: ada.id }),
    ).resolves.toMatchObject({ allowed: false });
    await expect(works(goodPassword)).resolves.toBe(true);
  });

  test('keeps the policy', async () => {
    await expect(change(goodPassword, 'vexing owl')).resolves.toMatchObject({
      problems: [{ path: 'next', key: 'problem.passwordTooShort', values: { min: 15 } }],
    });
    await expect(works(goodPassword)).resolves.toBe(true);
  });

  test('counts nothing when nothing was verified (S115: and changes nothing)', async () => {
    const verify = () => Promise.reject(new Unavailable('too many passwords wait to be hashed'));
    const busy = { ...deps, passwords: { ...room.passwords, verify } };

    for (let index = 0; index < 10; index += 1) {
      await expect(changePassword(busy, ada, { current: goodPassword, next, from })).rejects.toMatchObject({
        status: 503,
      });
    }

    await expect(change(goodPassword)).resolves.toMatchObject({ ok: true });
  });

  test('is an event, and so is each failure', async () => {
    await change('not the right one at all');
    room.clock.advance(1000);
    await change(goodPassword);

    const { events } = await room.events.read(ada);
    expect(events.slice(0, 2)).toMatchObject([{ kind: 'password.changed', ip: from.ip }, { kind: 'sign_in.failed' }]);
  });
});
