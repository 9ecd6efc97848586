import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import type { By, Result } from '../../src/operations/problems.ts';
import { fifty, openRoom, type Room } from '../credentials/room.ts';

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

describe('changing a profile', () => {
  test('changes the fields given, and says which', async () => {
    const ada = await make({
      email: 'ada@example.com',
      displayName: 'Ada',
      firstName: 'Ada',
      claims: { website: 'https://ada.example/' },
    });
    room.clock.advance(1000);

    const changed = await room.accounts.updateProfile(
      ada.id,
      { firstName: ' Augusta ', task: 'Analysis', claims: { website: null, nickname: 'Countess' } },
      { actor: ada.id },
    );

    expect(changed).toEqual({
      ok: true,
      value: {
        ...ada,
        firstName: 'Augusta',
        task: 'Analysis',
        claims: { nickname: 'Countess' },
        updatedAt: ada.updatedAt + 1000,
      },
    });
    expect((await room.events.read(ada)).events[0]).toMatchObject({
      kind: 'account.updated',
      actor: ada.id,
      details: { fields: ['firstName', 'task', 'claims.website', 'claims.nickname'] },
    });
  });

  test('that changes nothing writes nothing', async () => {
    const ada = await make({ email: 'ada@example.com', displayName: 'Ada' });
    room.clock.advance(1000);

    expect(await room.accounts.updateProfile(ada.id, { displayName: 'Ada ' }, operator)).toEqual({
      ok: true,
      value: ada,
    });
    expect(await kindsOf(ada)).toEqual(['account.created']);
  });

  test('50 changes of different fields at once are all kept', async () => {
    const ada = await make({ email: 'ada@example.com', displayName: 'Ada' });
    const fields = ['firstName', 'lastName', 'task', 'displayName'] as const;

    await fifty((index) =>
      room.accounts.updateProfile(ada.id, { [fields[index % 4] ?? '']: `v${index % 4}` }, operator),
    );

    expect(await room.accounts.get(ada.id)).toMatchObject({
      firstName: 'v0',
      lastName: 'v1',
      task: 'v2',
      displayName: 'v3',
    });
  });

  test('limits are 20 and 64 code points', async () => {
    const ada = await make({ email: 'ada@example.com' });
    const update = (input: object) => room.accounts.updateProfile(ada.id, input, operator);
    const keyboards = '\u{1f3b9}';

    expect(
      await update({
        displayName: keyboards.repeat(20),
        task: keyboards.repeat(20),
        firstName: keyboards.repeat(64),
        lastName: keyboards.repeat(64),
      }),
    ).toMatchObject({ ok: true });
    expect(
      await update({
        displayName: 'x'.repeat(21),
        task: 'x'.repeat(21),
        firstName: 'x'.repeat(65),
        lastName: 'x'.repeat(65),
      }),
    ).toEqual({
      ok: false,
      problems: [
        { path: 'displayName', key: 'problem.tooLong', values: { max: 20 } },
        { path: 'firstName', key: 'problem.tooLong', values: { max: 64 } },
        { path: 'lastName', key: 'problem.tooLong', values: { max: 64 } },
        { path: 'task', key: 'problem.tooLong', values: { max: 20 } },
      ],
    });
  });

  test.each([
    ['a line break', 'A\nB'],
    ['NUL', 'A\0B'],
    ['right-to-left override', 'A\u202eB'],
    ['an isolate', 'A\u2066B'],
    ['a line separator', 'A\u2028B'],
    ['half a character', 'A\ud800B'],
  ])('%s is refused in every name', async (_what, name) => {
    const ada = await make({ email: 'ada@example.com' });
    const input = { displayName: name, firstName: name, lastName: name, task: name };

    expect(keys(await room.accounts.updateProfile(ada.id, input, operator)).toSorted()).toEqual(
      ['displayName', 'firstName', 'lastName', 'task'].map((field) => `${field} problem.controlCharacters`),
    );
  });

  test('a display name is needed, an unknown language and an unknown field are named', async () => {
    const ada = await make({ email: 'ada@example.com' });
    const changed = await room.accounts.updateProfile(
      ada.id,
      { displayName: '  ', locale: 'tlh', displayname: 'x', email: 'x@y.z' },
      operator,
    );

    expect(keys(changed).toSorted()).toEqual([
      'displayName problem.required',
      'displayname problem.unknownNearest',
      'email problem.unknown',
      'locale problem.notOneOf',
    ]);
  });

  test('of nobody, or of one that is not in use, is undefined, and nothing is changed', async () => {
    await expect(room.accounts.updateProfile('nobody', { task: 'x' }, operator)).resolves.toBeUndefined();

    const ada = await make({ email: 'ada@example.com', displayName: 'Ada' });
    await room.locking.lock(ada.id, { reason: 'Lost' }, operator);
    expect(await room.accounts.updateProfile(ada.id, { task: 'x' }, operator)).toBeUndefined();
    expect(await room.accounts.get(ada.id)).toMatchObject({ status: 'disabled', task: ada.task });
  });
});
