import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { createGuessing } from '../../src/credentials/guessing.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import type { Account } from '../../src/domain/account.ts';
import { changePassword, type ChangePasswordDeps } from '../../src/operations/change-password.ts';

import { fifty, goodPassword, limits, openRoom, type Room } from '../credentials/room.ts';
import { giveAccess } from './access.ts';

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

const change = (currentPassword: string, newPassword = next, everywhere = true, sessionUid = 'this-one') =>
  changePassword(deps, ada, { currentPassword, newPassword, everywhere, sessionUid, from });
const works = (password: string) => room.passwords.verify(ada.id, password);

describe('S69: changing one’s password', () => {
  test('needs the current one', async () => {
    await expect(change('not the right one at all')).resolves.toEqual({
      ok: false,
      problems: [{ path: 'currentPassword', key: 'problem.passwordWrong' }],
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
      problems: [{ path: 'newPassword', key: 'problem.passwordTooShort', values: { min: 15 } }],
    });
    await expect(works(goodPassword)).resolves.toBe(true);
  });

  test('is a change: the same one again is none, which costs no try and tells nothing', async () => {
    for (const same of [goodPassword, 'not the right one at all']) {
      await expect(change(same, same)).resolves.toMatchObject({
        problems: [{ path: 'newPassword', key: 'problem.passwordSame' }],
      });
    }
  });

  test('counts nothing when nothing was verified (S115: and changes nothing)', async () => {
    const replace = () => Promise.reject(new Unavailable('too many passwords wait to be hashed'));
    const busy = { ...deps, passwords: { replace } };

    for (let index = 0; index < 10; index += 1) {
      await expect(
        changePassword(busy, ada, {
          currentPassword: goodPassword,
          newPassword: next,
          everywhere: true,
          sessionUid: '',
          from,
        }),
      ).rejects.toMatchObject({ status: 503 });
    }

    await expect(change(goodPassword)).resolves.toMatchObject({ ok: true });
  });

  test('what is wrong with the new one costs no try', async () => {
    for (let index = 0; index < 10; index += 1) await change('not the right one at all', 'vexing owl');

    await expect(change(goodPassword)).resolves.toMatchObject({ ok: true });
  });

  test('after a hundred failures in a row no wait is promised', async () => {
    const refusal = { allowed: false, reason: 'locked', retryAfter: 300 } as const;
    const locked = { ...deps, guessing: { ...deps.guessing, admit: async () => refusal } };
    const input = { currentPassword: goodPassword, newPassword: next, everywhere: true, sessionUid: '', from };

    await expect(changePassword(locked, ada, input)).resolves.toBe('locked');
    await expect(works(goodPassword)).resolves.toBe(true);
  });

  test('fifty at once: one of them changes it, and it is that one’s', async () => {
    const wanted = Array.from({ length: 50 }, (_, index) => `${next} ${index}`);
    const answers = await fifty((index) => change(goodPassword, wanted[index]));
    const winners = wanted.filter((_, index) => {
      const answer = answers[index];
      return (
        answer?.status === 'fulfilled' && typeof answer.value === 'object' && 'ok' in answer.value && answer.value.ok
      );
    });

    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(winners).toHaveLength(1);
    await expect(works(winners[0] ?? '')).resolves.toBe(true);
    await expect(works(goodPassword)).resolves.toBe(false);
  });

  test('S70: ends every other session with what was given in it, where that is wanted', async () => {
    for (const clientId of ['wiki', 'pay', 'mail']) await giveAccess(room.records, { accountId: ada.id, clientId });
    const { sessions, grants, refreshFamilies } = room.records;
    const [here] = (await sessions.list('account', ada.id)).rows;
    const left = () => Promise.all([sessions, grants, refreshFamilies].map((list) => list.count('account', ada.id)));

    await change(goodPassword, next, false, here?.id);
    expect(await left()).toEqual([3, 3, 3]);

    await change(next, goodPassword, true, here?.id);
    expect(await left()).toEqual([1, 1, 1]);
    expect((await grants.list('session', here?.id ?? '')).rows).toHaveLength(1);
  });

  test('is an event, and so is each failure', async () => {
    await change('not the right one at all');
    room.clock.advance(1000);
    await change(goodPassword);

    const { events } = await room.events.read(ada);
    expect(events.slice(0, 2)).toMatchObject([{ kind: 'password.changed', ip: from.ip }, { kind: 'sign_in.failed' }]);
  });
});
