import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { createSetup, type Setup } from '../../src/operations/setup.ts';
import { fifty, goodPassword, openRoom, type Room } from '../credentials/room.ts';

let room: Room;
let setup: Setup;

beforeEach(async () => {
  room = await openRoom();
  setup = createSetup(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const from = { ip: '127.0.0.1', userAgent: 'test', requestId: 'r' };
const admin = (index = 0) => ({ email: `admin${index}@example.com`, displayName: 'Root', password: goodPassword });
const administrators = () => room.records.accounts.list('administrators', 'admin');

async function begun(): Promise<string> {
  const token = await setup.begin();
  if (token === undefined) throw new Error('set up already');

  return token;
}

describe('S79: the first administrator', () => {
  test('is made with the link, verified, with role and password; then the link is dead', async () => {
    const token = await begun();
    await expect(setup.isOpen(token)).resolves.toBe(true);

    const made = await setup.complete(token, admin(), { from });
    expect(made).toMatchObject({ ok: true, value: { roles: ['admin'], emailVerified: true } });

    const { rows } = await administrators();
    await expect(room.passwords.verify(rows[0]?.id, goodPassword)).resolves.toBe(true);
    await expect(setup.isOpen(token)).resolves.toBe(false);
    await expect(setup.complete(token, admin(1), { from })).resolves.toBe('closed');
    await expect(setup.begin()).resolves.toBeUndefined();
  });

  test('50 parallel submissions make exactly one', async () => {
    const token = await begun();
    const results = await fifty((index) => setup.complete(token, admin(index), { from }));
    const outcomes = results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

    expect(outcomes.filter((one) => one === 'closed')).toHaveLength(49);
    expect((await administrators()).rows).toHaveLength(1);
    await expect(room.records.accounts.count('created', 'all')).resolves.toBe(1);
  });

  test('nobody is there before: no default account, and no other token opens it', async () => {
    const token = await begun();

    await expect(room.records.accounts.count('created', 'all')).resolves.toBe(0);
    for (const other of ['', 'setup', `${token}x`, token.slice(1), token.toLowerCase()]) {
      await expect(setup.isOpen(other)).resolves.toBe(false);
      await expect(setup.complete(other, admin(), { from })).resolves.toBe('closed');
    }
  });

  test('the token has 256 bits, is kept as a keyed hash and lives an hour', async () => {
    const token = await begun();
    const row = await room.records.oneTimeSecrets.get('setup');

    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(row)).not.toContain(token);
    expect(row?.hash).toBe(room.sealing.keyedHash('setup', token));

    room.clock.advance(60 * 60 * 1000 - 1);
    await expect(setup.isOpen(token)).resolves.toBe(true);
    room.clock.advance(1);
    await expect(setup.isOpen(token)).resolves.toBe(false);
    await expect(setup.complete(token, admin(), { from })).resolves.toBe('closed');
  });

  test('each node that starts has a link of its own, which works for its own hour', async () => {
    const first = await begun();
    room.clock.advance(30 * 60 * 1000);
    const second = await begun();

    await expect(setup.isOpen(first)).resolves.toBe(true);
    await expect(setup.isOpen(second)).resolves.toBe(true);

    room.clock.advance(30 * 60 * 1000);
    await expect(setup.isOpen(first)).resolves.toBe(false);
    await expect(setup.isOpen(second)).resolves.toBe(true);
  });

  test('a link ends with the server that showed it, and no other with it', async () => {
    const [first, second, third] = [await begun(), await begun(), await begun()];

    await setup.end(third);
    await setup.end(first);
    expect(await Promise.all([first, second, third].map((token) => setup.isOpen(token)))).toEqual([false, true, false]);

    await setup.end(second);
    await expect(setup.isOpen(second)).resolves.toBe(false);
    await expect(setup.isOpen(await begun())).resolves.toBe(true);
  });

  test('links of nodes that start at once all work, and 50 submissions over them make exactly one', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, begun));
    for (const token of tokens) await expect(setup.isOpen(token)).resolves.toBe(true);

    const results = await fifty((index) => setup.complete(tokens[index % 5] ?? '', admin(index), { from }));
    const outcomes = results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

    expect(outcomes.filter((one) => one === 'closed')).toHaveLength(49);
    expect((await administrators()).rows).toHaveLength(1);
    for (const token of tokens) await expect(setup.isOpen(token)).resolves.toBe(false);
  });

  test('what is wrong with the form does not use the link up', async () => {
    const token = await begun();

    await expect(setup.complete(token, { ...admin(), password: 'short' }, { from })).resolves.toMatchObject({
      ok: false,
      problems: [{ path: 'password' }, { path: 'password' }],
    });
    await expect(setup.complete(token, { ...admin(), roles: [] }, { from })).resolves.toMatchObject({ ok: false });
    await expect(setup.complete(token, admin(), { from })).resolves.toMatchObject({ ok: true });
  });

  test('an administrator made by the command line closes it', async () => {
    const token = await begun();
    await room.accounts.createAdministrator({ email: 'root@example.com' }, { actor: 'command-line' });

    await expect(setup.isOpen(token)).resolves.toBe(false);
    await expect(setup.complete(token, admin(), { from })).resolves.toBe('closed');
  });

  test('other accounts don’t', async () => {
    await room.accounts.create({ email: 'ada@example.com' }, { actor: 'command-line' });

    await expect(setup.complete(await begun(), admin(), { from })).resolves.toMatchObject({ ok: true });
  });

  test('S113: each step is an event', async () => {
    await setup.complete(await begun(), admin(), { from });
    const { rows } = await room.records.events.list('time', 'all');

    expect(rows.map(({ kind }) => kind).toSorted()).toEqual([
      'account.created',
      'admin.created',
      'setup.begun',
      'setup.completed',
    ]);
  });
});
