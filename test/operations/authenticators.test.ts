import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fifty, openRoom, type Room } from '../credentials/room.ts';
import { keyOf, openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const minute = 60_000;
const begin = (binding = 'session-1') => room.authenticators.begin(ada.account, binding);
const confirm = (code: string, { binding = 'session-1', name = '' } = {}) =>
  room.authenticators.confirm(ada.account, { code, binding, name }, ada.by);
const secretIn = ({ secret }: { secret: string }) => secret.replaceAll(' ', '');

describe('setting up an authenticator app', () => {
  test('shows picture, secret and link, and counts only after a right code', async () => {
    const shown = await begin();
    const secret = secretIn(shown);

    expect(shown.secret).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    expect(shown.url).toContain(`secret=${secret}`);
    expect(shown.url).toContain('otpauth://totp/Gatehouse:ada%40example.com?');
    expect(shown.qr.path).toMatch(/^M/);
    expect(await room.twoFactor.show(ada.account)).toMatchObject({ isOn: false, methods: [], authenticators: [] });

    expect(keyOf(await confirm('000000'))).toBe('code problem.codeWrong');
    expect(await room.twoFactor.show(ada.account)).toMatchObject({ isOn: false });

    expect(await confirm(ada.codeOf(secret), { name: ' Phone ' })).toEqual({
      ok: true,
      value: { recoveryCodes: expect.any(Array) },
    });
    expect(await room.twoFactor.show(ada.account)).toMatchObject({
      isOn: true,
      methods: ['authenticator'],
      preferred: 'authenticator',
      authenticators: [{ name: 'Phone', addedAt: room.clock.now() }],
      recoveryCodes: { left: 10 },
    });
  });

  test('S94: its secret rests sealed, for this authenticator of this account alone', async () => {
    const { secret } = await ada.authenticator();
    const row = await ada.factors();
    const [kept] = row.authenticators;

    expect(JSON.stringify(row)).not.toContain(secret);
    expect(kept?.sealed).toMatch(/^v1\.k1\./);
    expect(room.sealing.open(kept?.sealed ?? '', `totp:${ada.account.id}:${kept?.id}`)).toBe(secret);
    expect(() => room.sealing.open(kept?.sealed ?? '', `totp:somebody-else:${kept?.id}`)).toThrow();
  });

  test('goes on where it was, in the same session, for a quarter of an hour', async () => {
    const first = secretIn(await begin());
    room.clock.advance(14 * minute);

    expect(secretIn(await begin())).toBe(first);
    expect((await room.authenticators.begun(ada.account, 'session-1'))?.secret).toContain(first.slice(0, 4));

    room.clock.advance(minute);
    expect(await room.authenticators.begun(ada.account, 'session-1')).toBeUndefined();
    expect(await confirm(ada.codeOf(first))).toBe('ended');
    expect(secretIn(await begin())).not.toBe(first);
  });

  test('nobody is shown, or can confirm, what another session began', async () => {
    const theirs = secretIn(await begin('session-of-a-thief'));
    expect(await room.authenticators.begun(ada.account, 'session-1')).toBeUndefined();
    expect(await confirm(ada.codeOf(theirs))).toBe('ended');

    const mine = secretIn(await begin());
    expect(mine).not.toBe(theirs);
    expect(await confirm(ada.codeOf(theirs), { binding: 'session-of-a-thief' })).toBe('ended');
    expect(await confirm(ada.codeOf(mine))).toMatchObject({ ok: true });
  });

  test('S89: the code that confirmed it signs nobody in', async () => {
    const secret = secretIn(await begin());
    const code = ada.codeOf(secret);
    await confirm(code);

    const proof = { by: 'authenticator', code, binding: 'sign-in-1', from: ada.from } as const;
    expect(await room.proveCode.secondFactor(ada.account, proof)).toEqual({ wrong: true });
    room.clock.advance(minute);
    expect(await room.proveCode.secondFactor(ada.account, { ...proof, code: ada.codeOf(secret) })).toEqual({
      right: true,
    });
  });

  test('fifty confirmations at once make one authenticator and show one set of recovery codes', async () => {
    const code = ada.codeOf(secretIn(await begin()));
    const outcomes = await fifty(() => confirm(code));
    const values = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

    expect(values.filter((one) => typeof one === 'object' && one.ok)).toHaveLength(1);
    expect(values.filter((one) => one === 'ended')).toHaveLength(49);
    expect((await ada.factors()).authenticators).toHaveLength(1);
    expect((await ada.kinds()).filter((kind) => kind === 'two_factor.method_added')).toHaveLength(1);
  });

  test('three are the most; each can be told from the others', async () => {
    for (let count = 0; count < 3; count += 1) await ada.authenticator();
    const secret = secretIn(await begin());

    expect(keyOf(await confirm(ada.codeOf(secret)))).toBe('problem.tooManyAuthenticators');
    expect(new Set((await ada.factors()).authenticators.map(({ id }) => id)).size).toBe(3);
  });

  test.each([
    ['x'.repeat(41), 'name problem.tooLong'],
    ['Phone\u202e', 'name problem.controlCharacters'],
  ])('a name that is none is refused before the code is looked at: %j', async (name, problem) => {
    const secret = secretIn(await begin());

    expect(keyOf(await confirm(ada.codeOf(secret), { name }))).toBe(problem);
    expect(await confirm(ada.codeOf(secret))).toMatchObject({ ok: true });
  });

  test('S113: is an event, and told', async () => {
    await ada.authenticator();

    expect((await ada.kinds()).slice(-2).toSorted()).toEqual(['recovery_codes.created', 'two_factor.method_added']);
    expect((await room.told()).toSorted()).toEqual([
      `recovery_codes.created ${ada.account.id}`,
      `two_factor.method_added ${ada.account.id}`,
    ]);
  });
});
