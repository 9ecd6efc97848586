import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { fifty, goodPassword, openRoom, type Room } from './room.ts';

let room: Room;
let ada: Account;

beforeEach(async () => {
  room = await openRoom();
  const made = await room.accounts.create(
    { email: 'ada@example.com', password: goodPassword },
    { actor: 'command-line' },
  );
  if (!made.ok) throw new Error('no account');
  ada = made.value;
  room.clock.advance(1000);
});

afterEach(() => room[Symbol.asyncDispose]());

const minute = 60_000;
const day = 24 * 60 * minute;
const reset = () => room.oneTimeSecrets.issue({ purpose: 'password-reset', accountId: ada.id });
const take = (typed: string) => room.oneTimeSecrets.take('password-reset', typed);

describe('S73: a link to reset the password', () => {
  test('has 130 random bits, is kept as a keyed hash, and can be typed as a code', async () => {
    const { secret, code } = await reset();
    const { rows } = await room.records.oneTimeSecrets.list('account', ada.id);

    expect(secret).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(code.replaceAll('-', '')).toBe(secret);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.hash).toBe(room.sealing.keyedHash('password-reset', secret));
    expect(JSON.stringify(rows)).not.toContain(secret);

    expect(await take(` ${code.toLowerCase().replaceAll('-', ' ')}`)).toMatchObject({ accountId: ada.id });
  });

  test('works once; looking at it does not use it up', async () => {
    const { secret } = await reset();
    for (let looks = 0; looks < 3; looks += 1) {
      expect(await room.oneTimeSecrets.find('password-reset', secret)).toMatchObject({ accountId: ada.id });
    }

    expect(await take(secret)).toMatchObject({ accountId: ada.id });
    expect(await take(secret)).toBeUndefined();
    expect(await room.oneTimeSecrets.find('password-reset', secret)).toBeUndefined();
  });

  test('works once of fifty, and only that one writes what goes with it', async () => {
    const { secret } = await reset();
    const results = await fifty((number) =>
      room.oneTimeSecrets.take('password-reset', secret, () => [
        { in: 'settings', put: { id: `taken-${number}`, value: number, updatedAt: 0 } },
      ]),
    );

    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(results.filter((one) => one.status === 'fulfilled' && one.value)).toHaveLength(1);
    expect((await room.records.settings.scan()).rows).toHaveLength(1);
  });

  test('works for twenty minutes', async () => {
    const { secret } = await reset();
    room.clock.advance(20 * minute - 1);
    expect(await room.oneTimeSecrets.find('password-reset', secret)).toBeDefined();
    room.clock.advance(1);

    expect(await take(secret)).toBeUndefined();
  });

  test('stays used when the clock is set back', async () => {
    const { secret } = await reset();
    room.clock.advance(5 * minute);
    await take(secret);
    room.clock.advance(-4 * minute);

    expect(await take(secret)).toBeUndefined();
  });

  test('dies by a newer one, also while it is used', async () => {
    const first = await reset();
    const second = await reset();

    expect(await take(first.secret)).toBeUndefined();
    expect(await take(second.secret)).toBeDefined();

    const older = await reset();
    const [taken, newer] = await Promise.all([take(older.secret), reset()]);
    expect(await take(older.secret)).toBeUndefined();
    // Whichever came first, the newer one is there.
    expect(await take(newer.secret)).toBeDefined();
    expect(taken?.accountId ?? ada.id).toBe(ada.id);
  });

  test('dies by a new password, a new address, the account’s end', async () => {
    const first = await reset();
    await room.accounts.setPassword(ada.id, 'nine herons judge the moor', { actor: 'command-line' });
    expect(await take(first.secret)).toBeUndefined();

    room.clock.advance(1000);
    const second = await reset();
    await room.records.write(room.oneTimeSecrets.endedBy('email', ada.id));
    expect(await take(second.secret)).toBeUndefined();

    const third = await reset();
    await room.accounts.delete(ada.id, { actor: 'command-line' });
    expect(await take(third.secret)).toBeUndefined();
  });

  test('dies by a new password also where a crash left the link behind', async () => {
    const { secret } = await reset();
    room.clock.advance(1000);
    await room.passwords.set(ada.id, 'nine herons judge the moor');

    expect((await room.records.oneTimeSecrets.list('account', ada.id)).rows).toHaveLength(1);
    expect(await room.oneTimeSecrets.find('password-reset', secret)).toBeUndefined();
    expect(await take(secret)).toBeUndefined();
  });

  test('is nothing for another purpose, and nothing near it works', async () => {
    const { secret } = await reset();

    for (const typed of [
      '',
      secret.slice(1),
      `${secret}0`,
      secret.replace(/.$/, (last) => (last === '0' ? '2' : '0')),
    ]) {
      expect(await take(typed)).toBeUndefined();
    }
    expect(await room.oneTimeSecrets.take('email-undo', secret)).toBeUndefined();
    expect(await take(secret)).toBeDefined();
  });
});

test('a link that undoes a change of the address lives for seven days, beside others, whatever else is changed', async () => {
  const undo = (email: string) =>
    room.oneTimeSecrets.issue({ purpose: 'email-undo', accountId: ada.id, data: { email } });
  const [first, second] = [await undo('ada@example.com'), await undo('ada@example.net')];

  await room.accounts.setPassword(ada.id, 'nine herons judge the moor', { actor: 'command-line' });
  await room.records.write([...room.oneTimeSecrets.endedBy('email', ada.id)]);
  room.clock.advance(7 * day - 1);

  expect(await room.oneTimeSecrets.take('email-undo', second.secret)).toMatchObject({
    data: { email: 'ada@example.net' },
  });
  expect(await room.oneTimeSecrets.take('email-undo', first.code)).toMatchObject({
    data: { email: 'ada@example.com' },
  });
});

test('S77: an invitation works once, for seven days', async () => {
  const { secret } = await room.oneTimeSecrets.issue({ purpose: 'invite', accountId: ada.id });
  room.clock.advance(7 * day);
  expect(await room.oneTimeSecrets.take('invite', secret)).toBeUndefined();

  const { secret: next } = await room.oneTimeSecrets.issue({ purpose: 'invite', accountId: ada.id });
  expect(await room.oneTimeSecrets.take('invite', next)).toBeDefined();
  expect(await room.oneTimeSecrets.take('invite', next)).toBeUndefined();
});
