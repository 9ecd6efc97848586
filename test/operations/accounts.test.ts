import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import type { By, Result } from '../../src/operations/problems.ts';
import { fifty, goodPassword, openRoom, type Room } from '../credentials/room.ts';
import { giveAccess } from './access.ts';

let room: Room;

beforeEach(async () => {
  room = await openRoom();
});

afterEach(() => room[Symbol.asyncDispose]());

const operator: By = { actor: 'command-line' };

const make = async (input: object): Promise<Account> => {
  const made = await room.accounts.create(input, operator);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  return made.value;
};

const keys = (result: Result<unknown> | undefined) =>
  result?.ok === false ? result.problems.map(({ path, key }) => `${path} ${key}`) : [];

const kindsOf = async (account: Account) => (await room.events.read(account)).events.map(({ kind }) => kind);

describe('making an account', () => {
  test('keeps what was given and sets the password', async () => {
    const ada = await make({
      email: ' Ada@Example.com ',
      emailVerified: true,
      password: goodPassword,
      displayName: 'Ada',
      firstName: 'Augusta',
      lastName: 'King',
      task: 'Analysis',
      locale: 'de',
    });

    expect(ada).toMatchObject({
      email: 'Ada@Example.com',
      emailKey: 'ada@example.com',
      emailVerified: true,
      displayName: 'Ada',
      locale: 'de',
      status: 'active',
      roles: [],
      claims: {},
    });
    await expect(room.accounts.get(ada.id)).resolves.toEqual(ada);
    await expect(room.passwords.verify(ada.id, goodPassword)).resolves.toBe(true);
    expect(await kindsOf(ada)).toEqual(['account.created']);
  });

  test('tells every problem at once', async () => {
    const made = await room.accounts.create(
      { email: 'ada', password: 'vexing owl', firstName: 'x'.repeat(65), shoe: 9 },
      operator,
    );

    expect(keys(made)).toEqual([
      'email problem.email',
      'firstName problem.tooLong',
      'shoe problem.unknown',
      'password problem.passwordTooShort',
    ]);
    expect(keys(await room.accounts.create({ email: 'ada@example.com', password: 'vexing owl' }, operator))).toEqual([
      'password problem.passwordTooShort',
    ]);
  });

  test('names and address are refused inside the password', async () => {
    const input = { email: 'countess@example.com', lastName: 'Lovelace', password: 'lovelace walks the moors' };

    expect(keys(await room.accounts.create(input, operator))).toEqual(['password problem.passwordPersonal']);
    expect(
      keys(await room.accounts.create({ email: 'ada@example.com', password: 'ada@example.com 1843' }, operator)),
    ).toEqual(['password problem.passwordPersonal']);
  });

  test('no role can be given', async () => {
    expect(keys(await room.accounts.create({ email: 'ada@example.com', roles: ['admin'] }, operator))).toEqual([
      'roles problem.unknown',
    ]);
    await expect(room.accounts.hasAdministrator()).resolves.toBe(false);
  });

  test('S81: an address is taken in every spelling', async () => {
    await make({ email: 'ada@example.com' });

    for (const email of ['ADA@example.com', ' ada@EXAMPLE.com', 'ａｄａ@example.com', 'ada@ex\uFF41mple.com']) {
      expect(keys(await room.accounts.create({ email }, operator))).toEqual(['email problem.emailTaken']);
    }

    await expect(room.accounts.findByEmail(' aDA@example.COM')).resolves.toMatchObject({ email: 'ada@example.com' });
  });

  test('S81: a user name that is somebody’s address is refused', async () => {
    await make({ email: 'ada@example.com' });
    const bob = await make({ email: 'bob@example.com', claims: { preferred_username: 'BOB@example.com' } });

    expect(
      keys(
        await room.accounts.create(
          { email: 'eve@example.com', claims: { preferred_username: 'Ada@Example.com' } },
          operator,
        ),
      ),
    ).toEqual(['claims.preferred_username problem.usernameIsEmail']);
    expect(
      keys(await room.accounts.updateProfile(bob.id, { claims: { preferred_username: 'ada@example.com ' } }, operator)),
    ).toEqual(['claims.preferred_username problem.usernameIsEmail']);
  });

  test('S81: of 50 that take an address at once one gets it, and its password is the one that works', async () => {
    const results = await fifty((index) =>
      room.accounts.create(
        { email: index % 2 ? 'ada@example.com' : 'ADA@example.com', password: `${goodPassword} ${index}` },
        operator,
      ),
    );
    const made = results.flatMap((one) => (one.status === 'fulfilled' && one.value.ok ? [one.value.value] : []));
    const refusals = results.flatMap((one) => (one.status === 'fulfilled' ? keys(one.value) : ['thrown']));

    expect(made).toHaveLength(1);
    expect(refusals).toEqual(Array(49).fill('email problem.emailTaken'));
    await expect(room.passwords.has(made[0]?.id ?? '')).resolves.toBe(true);
  });

  test.each([
    'ada',
    'ada@',
    '@example.com',
    'a b@example.com',
    'ada@exam ple.com',
    '"attacker@evil.example x"@victim.example',
    'ada@example.com,eve@evil.example',
    'ada@example.com\nBcc: eve@evil.example',
    '<ada@example.com>',
    'ada@@example.com',
    'ada(eve)@example.com',
    'ada@-example.com',
    'ada@example..com',
    '.ada@example.com',
    `${'a'.repeat(65)}@example.com`,
    'ada\0@example.com',
  ])('an address that mail programs read in two ways is none: %j', async (email) => {
    expect(keys(await room.accounts.create({ email }, operator))).toEqual(['email problem.email']);
  });

  test.each(['ada+tag@example.com', "o'neil@example.co.uk", 'jürgen@bücher.example', 'ada@localhost'])(
    '%s is one',
    async (email) => {
      await expect(make({ email })).resolves.toMatchObject({ email });
    },
  );
});

describe('ending an account’s access', () => {
  test('locking ends sessions, grants and refresh tokens, and unlocking brings none back', async () => {
    const ada = await make({ email: 'ada@example.com' });
    const bob = await make({ email: 'bob@example.com' });
    await giveAccess(room.records, { accountId: ada.id, clientId: 'wiki' });
    await giveAccess(room.records, { accountId: bob.id, clientId: 'wiki' });

    const lost = { reason: 'Lost' };
    await expect(room.locking.lock(ada.id, lost, operator)).resolves.toMatchObject({
      value: { account: { status: 'disabled', lock: lost }, ended: { sessions: [{}], applications: [{ grants: 1 }] } },
    });
    await expect(room.locking.unlock(ada.id, operator)).resolves.toMatchObject({ value: { status: 'active' } });

    for (const collection of ['sessions', 'grants', 'refreshFamilies'] as const) {
      await expect(room.records[collection].count('account', ada.id)).resolves.toBe(0);
      await expect(room.records[collection].count('account', bob.id)).resolves.toBe(1);
    }
    await expect(room.locking.lock('nobody', { reason: 'Lost' }, operator)).resolves.toBeUndefined();
  });

  test('deleting leaves nothing, and the address can be taken again', async () => {
    const ada = await make({ email: 'ada@example.com', password: goodPassword });
    await giveAccess(room.records, { accountId: ada.id, clientId: 'wiki' });

    await expect(room.accounts.delete(ada.id, operator)).resolves.toBe(true);
    await expect(room.accounts.delete(ada.id, operator)).resolves.toBe(false);

    for (const collection of ['sessions', 'grants', 'refreshFamilies', 'consents', 'knownDevices'] as const) {
      await expect(room.records[collection].count('account', ada.id)).resolves.toBe(0);
    }
    await expect(room.passwords.has(ada.id)).resolves.toBe(false);
    expect((await make({ email: 'ada@example.com' })).id).not.toBe(ada.id);
  });
});

test('setting a password keeps the policy and is an event', async () => {
  const ada = await make({ email: 'ada@example.com', lastName: 'Lovelace' });

  expect(keys(await room.accounts.setPassword(ada.id, 'lovelace walks the moors', operator))).toEqual([
    'password problem.passwordPersonal',
  ]);
  await expect(room.passwords.has(ada.id)).resolves.toBe(false);

  await expect(room.accounts.setPassword(ada.id, goodPassword, operator)).resolves.toMatchObject({ ok: true });
  await expect(room.passwords.verify(ada.id, goodPassword)).resolves.toBe(true);
  expect(await kindsOf(ada)).toContain('password.set');
  await expect(room.accounts.setPassword('nobody', goodPassword, operator)).resolves.toBeUndefined();
});
