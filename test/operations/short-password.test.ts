import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { openRoom, type Room } from '../credentials/room.ts';
import { keyOf, openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const add = (method: 'email' | 'text') => room.twoFactor.add(ada.account, method, ada.by);
const show = () => room.twoFactor.show(ada.account);

describe('S61: a short password is never all that is asked for', () => {
  const short = 'vexing owl';
  const long = 'nine herons judge the moor';
  const set = (password: string) => room.accounts.setPassword(ada.account.id, password, ada.by);
  const alone = ' problem.passwordTooShortAlone';

  beforeEach(async () => {
    await add('text');
    expect(await set(short)).toMatchObject({ ok: true });
  });

  test('what guards it stays: the switch, the last method, no code by e-mail in its place', async () => {
    expect(await show()).toMatchObject({ isPasswordGuarded: true, isPasswordShort: true });

    expect(keyOf(await room.twoFactor.switchOff(ada.account, ada.by))).toBe(alone.trim());
    expect(keyOf(await room.twoFactor.remove(ada.account, 'text', ada.by))).toBe(alone.trim());
    expect(keyOf(await add('email'))).toBe(`method${alone}`);
    expect(await show()).toMatchObject({ methods: ['text'], isOn: true });
  });

  test('a passkey does not stand in for it: signing in by password would not ask for that', async () => {
    await room.records.factors.update(ada.account.id, (old) => ({ ...old, passkeys: ['laptop'] }));

    expect(keyOf(await room.twoFactor.remove(ada.account, 'text', ada.by))).toBe(alone.trim());
    expect(await show()).toMatchObject({ methods: ['passkey', 'text'] });
  });

  test('one of two that guard it may go', async () => {
    await ada.authenticator();

    expect(await room.twoFactor.remove(ada.account, 'text', ada.by)).toMatchObject({ ok: true });
    const [{ id } = { id: '' }] = (await show()).authenticators;
    expect(keyOf(await room.twoFactor.remove(ada.account, { authenticator: id }, ada.by))).toBe(alone.trim());
  });

  test('with a longer one everything may go', async () => {
    expect(await set(long)).toMatchObject({ ok: true });
    expect(await show()).toMatchObject({ isPasswordGuarded: true, isPasswordShort: false });

    expect(await room.twoFactor.switchOff(ada.account, ada.by)).toMatchObject({ ok: true });
    expect(keyOf(await set(short))).toBe('password problem.passwordTooShort');
  });

  test('no change that forgets to ask is made', async () => {
    const bare = room.factors.make(ada.account, ada.by, ({ text: _, ...left }) => ({
      next: left,
      happened: [],
      value: {},
    }));

    await expect(bare).rejects.toThrow('long enough');
    expect(await show()).toMatchObject({ methods: ['text'] });
  });

  test('set and switched off at once, it is never there alone', async () => {
    for (let round = 0; round < 20; round += 1) {
      await set(long);
      if (!(await show()).text.on) await add('text');

      await Promise.all([set(short), room.twoFactor.switchOff(ada.account, ada.by), set(short)]);

      const { isPasswordGuarded, isPasswordShort } = await show();
      const isShort = await room.passwords.verify(ada.account.id, short);
      expect({ isShort, isPasswordShort, isPasswordGuarded }).toEqual(
        isShort
          ? { isShort, isPasswordShort: true, isPasswordGuarded: true }
          : { isShort, isPasswordShort: false, isPasswordGuarded },
      );
    }
  });
});
