import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { goodPassword, openRoom, type Room } from './room.ts';

let room: Room;
let ada: Account;

const by = { actor: 'command-line' };
const day = 86_400_000;

beforeEach(async () => {
  room = await openRoom();
  const made = await room.accounts.create(
    { email: 'ada@example.com', emailVerified: true, password: goodPassword },
    by,
  );
  if (!made.ok) throw new Error('no account');
  ada = made.value;
  room.clock.advance(1000);
  await room.twoFactor.add(ada, 'email', by);
});

afterEach(() => room[Symbol.asyncDispose]());

const remember = (provedAt = room.clock.now(), secret?: string) =>
  room.rememberedBrowsers.remember({ accountId: ada.id, provedAt, userAgent: 'Firefox', secret });
const isRemembered = async (secret: string) =>
  room.rememberedBrowsers.isRemembered(await room.factors.of(ada.id), secret);
const list = () => room.rememberedBrowsers.list(ada.id, room.factors.of(ada.id));

describe('a remembered browser', () => {
  test('has a secret of 256 bits, kept as a keyed hash, for thirty days', async () => {
    const { secret, expiresAt } = await remember();

    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(expiresAt).toBe(room.clock.now() + 30 * day);
    expect(JSON.stringify(await list())).not.toContain(secret);
    expect(await isRemembered(secret)).toBe(true);

    room.clock.advance(30 * day - 1);
    expect(await isRemembered(secret)).toBe(true);
    room.clock.advance(1);
    expect(await isRemembered(secret)).toBe(false);
    expect(await list()).toEqual([]);
  });

  test('is known by nothing else', async () => {
    const { secret } = await remember();

    for (const other of [
      '',
      'x',
      secret.slice(1),
      `${secret}x`,
      secret.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')),
    ]) {
      expect(await isRemembered(other)).toBe(false);
    }
  });

  test('is one account’s alone, and one cookie serves several accounts', async () => {
    const made = await room.accounts.create({ email: 'ben@example.com' }, by);
    if (!made.ok) throw new Error('no account');
    const { secret } = await remember();
    const ben = () => room.factors.of(made.value.id);
    expect(await room.rememberedBrowsers.isRemembered(await ben(), secret)).toBe(false);

    const of = { accountId: made.value.id, provedAt: room.clock.now(), userAgent: '' };
    expect((await room.rememberedBrowsers.remember({ ...of, secret })).secret).toBe(secret);
    expect(await room.rememberedBrowsers.isRemembered(await ben(), secret)).toBe(true);
    expect(await isRemembered(secret)).toBe(true);

    // What could have been planted is replaced.
    expect((await room.rememberedBrowsers.remember({ ...of, secret: 'planted' })).secret).toMatch(/^[\w-]{43}$/);
  });

  test('is listed, the newest first, and can be forgotten by its account alone', async () => {
    const first = await remember();
    room.clock.advance(1000);
    await remember();
    const rows = await list();

    expect(rows.map(({ userAgent }) => userAgent)).toEqual(['Firefox', 'Firefox']);
    expect((rows[0]?.createdAt ?? 0) - (rows[1]?.createdAt ?? 0)).toBe(1000);

    expect(await room.rememberedBrowsers.forget('somebody-else', rows[1]?.id ?? '')).toBe(false);
    expect(await isRemembered(first.secret)).toBe(true);
    expect(await room.rememberedBrowsers.forget(ada.id, rows[1]?.id ?? '')).toBe(true);
    expect(await isRemembered(first.secret)).toBe(false);
    expect(await list()).toHaveLength(1);
  });

  test('says when it was used last, to the hour', async () => {
    const { secret } = await remember();
    const began = room.clock.now();
    room.clock.advance(60_000);
    await isRemembered(secret);
    expect((await list())[0]?.lastUsedAt).toBe(began);

    room.clock.advance(day);
    await isRemembered(secret);
    expect((await list())[0]?.lastUsedAt).toBe(room.clock.now());
  });
});

describe('S70: is forgotten', () => {
  test('with a new password, at once and with its row', async () => {
    const { secret } = await remember();
    room.clock.advance(1000);
    await room.accounts.setPassword(ada.id, 'nine herons judge the moor', by);

    expect(await isRemembered(secret)).toBe(false);
    expect(await room.records.rememberedBrowsers.count('account', ada.id)).toBe(0);
  });

  test('with a new password also where a crash left the row, or a sign-in that was under way made it', async () => {
    const { secret } = await remember();
    const provedAt = room.clock.now();
    room.clock.advance(1000);
    await room.passwords.set(ada.id, 'nine herons judge the moor');
    const late = await remember(provedAt);

    expect(await isRemembered(secret)).toBe(false);
    expect(await isRemembered(late.secret)).toBe(false);
    expect(await list()).toEqual([]);

    room.clock.advance(1000);
    expect(await isRemembered((await remember()).secret)).toBe(true);
  });

  test('when a factor is removed, also by a sign-in that was under way', async () => {
    const { secret } = await remember();
    const provedAt = room.clock.now();
    room.clock.advance(1000);
    expect(await room.twoFactor.remove(ada, 'email', by)).toMatchObject({ ok: true });
    const late = await remember(provedAt);

    expect(await isRemembered(secret)).toBe(false);
    expect(await isRemembered(late.secret)).toBe(false);
    expect(await list()).toEqual([]);
  });

  test('when the account goes', async () => {
    const { secret } = await remember();
    await room.accounts.delete(ada.id, by);

    expect(await isRemembered(secret)).toBe(false);
    expect(await room.records.factors.get(ada.id)).toBeUndefined();
    expect(await room.records.rememberedBrowsers.count('account', ada.id)).toBe(0);
  });
});
