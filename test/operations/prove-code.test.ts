import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import type { SecondFactorCode } from '../../src/operations/prove-code.ts';
import { createProveCode } from '../../src/operations/prove-code.ts';
import { fifty, openRoom, type Room } from '../credentials/room.ts';
import { openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const binding = 'sign-in-1';
const minute = 60_000;

const prove = (by: SecondFactorCode, code: string, from: Partial<Person['from']> = {}) =>
  room.proveCode.secondFactor(ada.account, { by, code, binding, from: { ...ada.from, ...from } });

/** Sends a code and reads it in the message. */
async function receive(method: 'email' | 'text'): Promise<string> {
  let received = '';
  const sent = await room.secondFactor.send(ada.account, { method, binding }, ({ code }) => {
    received = code;
    return [];
  });
  if (typeof sent !== 'object' || 'wait' in sent) throw new Error(JSON.stringify(sent));

  return received;
}

const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('an authenticator’s code', () => {
  test('S89: is right once, also by the other device’s clock', async () => {
    const { secret } = await ada.authenticator();
    const code = ada.codeOf(secret);

    expect(await prove('authenticator', code)).toEqual({ right: true });
    expect(await prove('authenticator', code)).toEqual({ wrong: true });
    // That of half a minute ago is over too.
    expect(await prove('authenticator', ada.codeOf(secret, room.clock.now() - 30_000))).toEqual({ wrong: true });
    expect(await prove('authenticator', ada.codeOf(secret, room.clock.now() + 30_000))).toEqual({ right: true });
  });

  test('S89: is right once of fifty at once', async () => {
    const { secret } = await ada.authenticator();
    const code = ada.codeOf(secret);
    const outcomes = await fifty((number) => prove('authenticator', code, { ip: `198.51.100.${number}` }));
    const values = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

    expect(values.filter((one) => typeof one === 'object' && 'right' in one)).toHaveLength(1);
    expect(values.every((one) => typeof one === 'object' && ('right' in one || 'wrong' in one || 'wait' in one))).toBe(
      true,
    );
  });

  test('S89: goes on being used when the clock is set back', async () => {
    const { secret } = await ada.authenticator();
    const code = ada.codeOf(secret);
    await prove('authenticator', code);
    room.clock.advance(-30_000);

    expect(await prove('authenticator', code)).toEqual({ wrong: true });
  });

  test('any of several apps will do, each with steps of its own', async () => {
    const { secret: first } = await ada.authenticator();
    const { secret: second } = await ada.authenticator();

    expect(await prove('authenticator', ada.codeOf(first))).toEqual({ right: true });
    expect(await prove('authenticator', ada.codeOf(second))).toEqual({ right: true });
    expect(await prove('authenticator', ada.codeOf(second))).toEqual({ wrong: true });
    expect((await ada.factors()).authenticators.every(({ lastUsedAt }) => lastUsedAt === room.clock.now())).toBe(true);
  });

  test('is somebody else’s: it is wrong', async () => {
    await ada.authenticator();
    const ben = await openPerson(room, { email: 'ben@example.com' });
    const { secret } = await ben.authenticator();

    expect(await prove('authenticator', ben.codeOf(secret))).toEqual({ wrong: true });
  });

  test('with no authenticator none is right', async () => {
    expect(await prove('authenticator', '000000')).toEqual({ wrong: true });
  });
});

describe('a code by e-mail or text message', () => {
  test.each(['email', 'text'] as const)('%s: is right once, in the sign-in that asked', async (method) => {
    await room.twoFactor.add(ada.account, method, ada.by);
    const code = await receive(method);
    const elsewhere = { by: method, code, binding: 'sign-in-2', from: ada.from };

    expect(await room.proveCode.secondFactor(ada.account, elsewhere)).toBe('ended');
    expect(await prove(method, other(code))).toEqual({ wrong: true, triesLeft: 4 });
    expect(await prove(method, code)).toEqual({ right: true });
    expect(await prove(method, code)).toBe('ended');
  });

  test('S93: one that proves an address is no second factor, nor the other way round', async () => {
    await room.twoFactor.add(ada.account, 'email', ada.by);
    const about = { purpose: 'verify:email', accountId: ada.account.id, binding } as const;
    const issued = await room.oneTimeCodes.issue({ ...about, data: { email: 'new@example.com' } }, () => []);
    if ('wait' in issued) throw new Error('wait');
    const mine = await receive('email');
    const verify = (code: string) =>
      room.proveCode.sent(ada.account, { purpose: 'verify:email', code, binding, from: ada.from });

    if (issued.code !== mine) {
      expect(await prove('email', issued.code)).toEqual({ wrong: true, triesLeft: 4 });
      expect(await verify(mine)).toEqual({ wrong: true, triesLeft: 4 });
      expect((await ada.kinds()).filter((kind) => kind.endsWith('.failed')).toSorted()).toEqual([
        'code.failed',
        'second_factor.failed',
      ]);
    }

    expect(await verify(issued.code)).toEqual({ right: true, data: { email: 'new@example.com' } });
    expect(await prove('email', mine)).toEqual({ right: true });
  });

  test('is sent to nobody who has not switched it on, and ends when it is switched off', async () => {
    expect(await room.secondFactor.send(ada.account, { method: 'email', binding }, () => [])).toBe('off');

    await room.twoFactor.add(ada.account, 'email', ada.by);
    await room.twoFactor.add(ada.account, 'text', ada.by);
    const code = await receive('email');
    await room.twoFactor.remove(ada.account, 'email', ada.by);
    expect(await prove('email', code)).toBe('ended');
  });

  test('S99: nor to a number that is not verified any more', async () => {
    await room.twoFactor.add(ada.account, 'text', ada.by);
    const account = { ...ada.account, phone: { number: '+491719999999', verified: false } };

    expect(await room.secondFactor.send(account, { method: 'text', binding }, () => [])).toBe('off');
    expect(await room.secondFactor.ask(account)).toMatchObject({ methods: [] });
  });

  test('says where it goes, masked, and until when it works', async () => {
    await room.twoFactor.add(ada.account, 'text', ada.by);

    expect(await room.secondFactor.send(ada.account, { method: 'text', binding }, () => [])).toEqual({
      sentTo: '•••• 67',
      worksUntil: room.clock.now() + 10 * minute,
    });
  });
});

describe('a recovery code', () => {
  test('S95: works once, however it is typed, and is counted', async () => {
    const { recoveryCodes } = await ada.authenticator();
    const [code = '', next = ''] = recoveryCodes;

    expect(await prove('recovery-code', ` ${code.toLowerCase().replaceAll('-', ' ')} `)).toEqual({ right: true });
    expect(await prove('recovery-code', code)).toEqual({ wrong: true });
    expect(await prove('recovery-code', next)).toEqual({ right: true });
    expect(await room.secondFactor.ask(ada.account)).toMatchObject({ recoveryCodesLeft: 8 });
  });

  test('S95: works once of fifty at once, and is told once', async () => {
    const { recoveryCodes } = await ada.authenticator();
    const outcomes = await fifty((number) =>
      prove('recovery-code', recoveryCodes[0] ?? '', { ip: `198.51.100.${number}` }),
    );
    const right = outcomes.filter(
      (one) => one.status === 'fulfilled' && typeof one.value === 'object' && 'right' in one.value,
    );

    expect(right).toHaveLength(1);
    expect((await ada.kinds()).filter((kind) => kind === 'recovery_code.used')).toHaveLength(1);
    expect((await room.told()).filter((text) => text.startsWith('recovery_code.used'))).toHaveLength(1);
    expect(await room.secondFactor.ask(ada.account)).toMatchObject({ recoveryCodesLeft: 9 });
  });

  test('is one account’s alone', async () => {
    await ada.authenticator();
    const ben = await openPerson(room, { email: 'ben@example.com' });
    const { recoveryCodes } = await ben.authenticator();

    expect(await prove('recovery-code', recoveryCodes[0] ?? '')).toEqual({ wrong: true });
  });
});

describe('guesses', () => {
  test('S84: of all kinds are counted together, and a hundred at once never outrun the limit', async () => {
    const { recoveryCodes, secret } = await ada.authenticator();
    await room.twoFactor.add(ada.account, 'email', ada.by);
    const code = await receive('email');
    const kinds = ['authenticator', 'email', 'recovery-code'] as const;

    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, number) => {
        const by = kinds[number % 3] ?? 'email';

        return prove(by, by === 'recovery-code' ? '0000-0000-0000-0000' : other(code), {
          ip: `198.51.100.${number}`,
          deviceId: `device-of-number-${number}-0123`,
        });
      }),
    );
    const wrong = outcomes.filter((one) => typeof one === 'object' && 'wrong' in one);

    // An e-mail's code that has had its five tries judges nothing, and what judges nothing is not counted.
    expect(wrong).toHaveLength(20);
    for (const by of kinds) {
      const right = by === 'authenticator' ? ada.codeOf(secret) : by === 'email' ? code : (recoveryCodes[0] ?? '');
      expect(await prove(by, right)).toEqual({ wait: 3600 });
    }
  });

  test('S113, S102: each wrong one is an event and told; those that are not looked at are one event a minute', async () => {
    await ada.authenticator();
    for (let tries = 0; tries < 8; tries += 1) await prove('authenticator', '000000');

    const kinds = (await ada.kinds()).slice(3);
    expect(kinds.filter((kind) => kind === 'second_factor.failed')).toHaveLength(5);
    expect(kinds.filter((kind) => kind === 'second_factor.blocked')).toHaveLength(1);
    expect((await room.told()).filter((text) => text.startsWith('second_factor.failed'))).toHaveLength(5);
  });

  test('S115: with the store failing nothing is judged right, and nothing is counted', async () => {
    const { secret } = await ada.authenticator();
    const make = () => Promise.reject(new Unavailable('the disk is full'));
    const failing = createProveCode({
      ...room,
      changes: { ...room.factors, make },
      codes: room.oneTimeCodes,
      guessing: room.secondFactorGuessing,
    });
    const given = { by: 'authenticator', code: ada.codeOf(secret), binding, from: ada.from } as const;

    for (let tries = 0; tries < 10; tries += 1) {
      await expect(failing.secondFactor(ada.account, given)).rejects.toMatchObject({ status: 503 });
    }
    expect(await prove('authenticator', given.code)).toEqual({ right: true });
  });
});
