import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { openRoom, type Room } from '../credentials/room.ts';
import { openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
  await room.twoFactor.add(ada.account, 'email', ada.by);
});

afterEach(() => room[Symbol.asyncDispose]());

const remember = async (provedAt = room.clock.now()) =>
  (await room.remembering.remember(ada.account, { provedAt, from: ada.from })).secret;
const isRemembered = (secret: string) => room.remembering.isRemembered(ada.account, secret);

test('a browser is remembered, listed and forgotten by its own person', async () => {
  const ben = await openPerson(room, { email: 'ben@example.com' });
  const secret = await remember();
  const [browser] = await room.remembering.list(ada.account.id);

  expect(browser).toMatchObject({ userAgent: 'Firefox', accountId: ada.account.id });
  expect(await isRemembered(secret)).toBe(true);
  expect(await room.remembering.isRemembered(ben.account, secret)).toBe(false);
  expect(await room.remembering.forget(ben.account, browser?.id ?? '', ben.by)).toBe(false);
  expect(await room.remembering.forget(ada.account, browser?.id ?? '', ada.by)).toBe(true);
  expect(await room.remembering.forget(ada.account, browser?.id ?? '', ada.by)).toBe(false);
  expect(await isRemembered(secret)).toBe(false);
});

test('all of them can be forgotten, also one that a sign-in under way is about to make', async () => {
  const provedAt = room.clock.now();
  const first = await remember();
  room.clock.advance(1000);
  await room.remembering.forgetAll(ada.account, ada.by);
  const late = await remember(provedAt);

  expect([await isRemembered(first), await isRemembered(late)]).toEqual([false, false]);
  expect(await room.remembering.list(ada.account.id)).toEqual([]);
  room.clock.advance(1000);
  expect(await isRemembered(await remember())).toBe(true);
});

test('S113: each is an event', async () => {
  await remember();
  const [browser] = await room.remembering.list(ada.account.id);
  await room.remembering.forget(ada.account, browser?.id ?? '', ada.by);
  await room.remembering.forgetAll(ada.account, ada.by);

  expect((await ada.kinds()).filter((kind) => kind.startsWith('browser')).toSorted()).toEqual([
    'browser.forgotten',
    'browser.forgotten',
    'browser.remembered',
  ]);
});
