import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { openRoom, type Room } from '../credentials/room.ts';
import { keyOf, openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const add = (method: 'email' | 'text', account = ada.account) => room.twoFactor.add(account, method, ada.by);
const show = (account = ada.account) => room.twoFactor.show(account);

describe('codes by e-mail and text message', () => {
  test('go to what is verified, and are shown masked', async () => {
    expect(await show()).toEqual({
      isOn: false,
      isPasswordGuarded: false,
      isPasswordShort: false,
      isNeeded: false,
      methods: [],
      authenticators: [],
      email: { to: 'a•••@example.com', on: false, possible: true },
      text: { to: '•••• 67', on: false, possible: true },
    });

    expect(await add('text')).toEqual({ ok: true, value: { recoveryCodes: expect.any(Array) } });
    expect(await show()).toMatchObject({ isOn: true, methods: ['text'], preferred: 'text', text: { on: true } });
  });

  test.each<[string, 'email' | 'text', Partial<Account>, string]>([
    ['an address that is not verified', 'email', { emailVerified: false }, 'method problem.emailNotVerified'],
    [
      'a number that is not verified',
      'text',
      { phone: { number: '+49171', verified: false } },
      'method problem.phoneNotVerified',
    ],
  ])('S99: not to %s', async (_what, method, changed, problem) => {
    const account = { ...ada.account, ...changed };

    expect(await show(account)).toMatchObject({ [method]: { possible: false } });
    expect(keyOf(await add(method, account))).toBe(problem);
    expect(await show()).toMatchObject({ isOn: false });
  });

  test('S99: nor to somebody without a number', async () => {
    const { phone: _, ...account } = ada.account;

    expect(keyOf(await add('text', account))).toBe('method problem.phoneNotVerified');
  });

  test('added twice is there once, with no second set of recovery codes', async () => {
    await add('email');

    expect(await add('email')).toEqual({ ok: true, value: {} });
    expect((await ada.kinds()).filter((kind) => kind === 'two_factor.method_added')).toHaveLength(1);
  });
});

describe('the method that is preferred', () => {
  test('is the first one, until another is chosen', async () => {
    await add('email');
    await add('text');
    expect(await show()).toMatchObject({ methods: ['text', 'email'], preferred: 'email' });

    expect(await room.twoFactor.prefer(ada.account, 'text', ada.by)).toMatchObject({ ok: true });
    expect(await show()).toMatchObject({ preferred: 'text' });
    expect(await room.secondFactor.ask(ada.account)).toMatchObject({ methods: ['text', 'email'] });
  });

  test('is one that is enrolled, also when the preferred one goes', async () => {
    await add('email');
    await ada.authenticator();
    expect(keyOf(await room.twoFactor.prefer(ada.account, 'text', ada.by))).toBe('method problem.notEnrolled');

    await room.twoFactor.remove(ada.account, 'email', ada.by);
    expect(await show()).toMatchObject({ methods: ['authenticator'], preferred: 'authenticator' });
  });
});

describe('removing', () => {
  test('takes one way away; the last one takes the recovery codes along', async () => {
    await add('email');
    await add('text');

    expect(await room.twoFactor.remove(ada.account, 'text', ada.by)).toMatchObject({ ok: true });
    expect(await show()).toMatchObject({ isOn: true, methods: ['email'], recoveryCodes: { left: 10 } });
    expect(await room.twoFactor.remove(ada.account, 'email', ada.by)).toMatchObject({ ok: true });

    const left = await show();
    expect(left).toMatchObject({ isOn: false, methods: [] });
    expect(left).not.toHaveProperty('recoveryCodes');
    expect(left).not.toHaveProperty('preferred');
  });

  test('what is not there is told', async () => {
    expect(keyOf(await room.twoFactor.remove(ada.account, 'text', ada.by))).toBe('problem.notEnrolled');
    expect(keyOf(await room.twoFactor.remove(ada.account, { authenticator: 'x' }, ada.by))).toBe('problem.notEnrolled');
    expect(await ada.kinds()).toEqual(['account.created']);
  });

  test('one authenticator leaves the others', async () => {
    const { secret: first } = await ada.authenticator();
    const { secret: second } = await ada.authenticator();
    const [{ id } = { id: '' }] = (await ada.factors()).authenticators;
    await room.twoFactor.remove(ada.account, { authenticator: id }, ada.by);

    const prove = (secret: string) =>
      room.proveCode.secondFactor(ada.account, {
        by: 'authenticator',
        code: ada.codeOf(secret),
        binding: '',
        from: ada.from,
      });
    expect(await prove(first)).toEqual({ wrong: true });
    expect(await prove(second)).toEqual({ right: true });
  });
});

describe('the switch', () => {
  test('off removes every way to get codes, and what came with them, for good', async () => {
    const { secret, recoveryCodes } = await ada.authenticator();
    await add('email');
    await room.authenticators.begin(ada.account, 'session-1');

    expect(await room.twoFactor.switchOff(ada.account, ada.by)).toEqual({ ok: true, value: {} });
    expect(await show()).toMatchObject({ isOn: false, methods: [], authenticators: [] });
    expect(await room.secondFactor.ask(ada.account)).toMatchObject({ needed: false, recoveryCodesLeft: 0 });

    // On again, nothing of before comes back to life.
    await add('text');
    const given = { binding: '', from: ada.from };
    const old = { ...given, by: 'authenticator', code: ada.codeOf(secret) } as const;
    expect(await room.proveCode.secondFactor(ada.account, old)).toEqual({ wrong: true });
    const code = recoveryCodes[0] ?? '';
    expect(await room.proveCode.secondFactor(ada.account, { ...given, by: 'recovery-code', code })).toEqual({
      wrong: true,
    });
  });

  test('is off already: nothing happens', async () => {
    expect(keyOf(await room.twoFactor.switchOff(ada.account, ada.by))).toBe('problem.notEnrolled');
    expect(await ada.kinds()).toEqual(['account.created']);
  });
});

describe('S102: an administrator', () => {
  let root: Person;

  beforeEach(async () => {
    root = await openPerson(room, { admin: true, email: 'root@example.com' });
  });

  test('must set up a factor stronger than e-mail', async () => {
    expect(await room.secondFactor.ask(root.account)).toMatchObject({
      needed: true,
      isOn: false,
      needsStrong: true,
      methods: [],
    });

    await add('email', root.account);
    expect(await room.secondFactor.ask(root.account)).toMatchObject({ isOn: true, methods: ['email'] });

    await add('text', root.account);
    expect(await room.secondFactor.ask(root.account)).toMatchObject({ needsStrong: true, methods: ['text'] });
  });

  test('signs in by e-mail no more once there is something better', async () => {
    await add('email', root.account);
    await add('text', root.account);
    const by = { method: 'email', binding: 'sign-in-1' } as const;

    expect(await room.secondFactor.send(root.account, by, () => [])).toBe('off');
  });

  test('keeps the last strong one, and the switch on', async () => {
    await add('email', root.account);
    await add('text', root.account);
    await root.authenticator();
    const [{ id } = { id: '' }] = (await root.factors()).authenticators;

    expect(await room.twoFactor.remove(root.account, 'text', root.by)).toMatchObject({ ok: true });
    expect(keyOf(await room.twoFactor.remove(root.account, { authenticator: id }, root.by))).toBe(
      'problem.lastStrongFactor',
    );
    expect(keyOf(await room.twoFactor.switchOff(root.account, root.by))).toBe('problem.twoFactorNeeded');
    expect(await room.twoFactor.remove(root.account, 'email', root.by)).toMatchObject({ ok: true });
    expect(await show(root.account)).toMatchObject({ isNeeded: true, methods: ['authenticator'] });
  });

  test('can remove what is not strong while nothing strong is there', async () => {
    await add('email', root.account);

    expect(await room.twoFactor.remove(root.account, 'email', root.by)).toMatchObject({ ok: true });
  });
});

describe('S95: recovery codes', () => {
  test('are ten of 80 bits, kept as keyed hashes, shown once', async () => {
    const added = await add('email');
    const codes = added.ok ? (added.value.recoveryCodes ?? []) : [];
    const row = JSON.stringify(await ada.factors());

    expect(new Set(codes).size).toBe(10);
    for (const code of codes) {
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
      expect(row).not.toContain(code.slice(0, 9));
      expect(row).not.toContain(code.replaceAll('-', ''));
    }
  });

  test('a new set kills the old one', async () => {
    const { recoveryCodes } = await ada.authenticator();
    const renewed = await room.twoFactor.renewRecoveryCodes(ada.account, ada.by);
    if (!renewed.ok) throw new Error('no codes');
    const use = (code: string) =>
      room.proveCode.secondFactor(ada.account, { by: 'recovery-code', code, binding: '', from: ada.from });

    expect(await use(recoveryCodes[0] ?? '')).toEqual({ wrong: true });
    expect(await use(renewed.value.recoveryCodes[0] ?? '')).toEqual({ right: true });
    expect(await show()).toMatchObject({ recoveryCodes: { left: 9, madeAt: room.clock.now() } });
  });

  test('stand in for a factor: without one there are none', async () => {
    expect(keyOf(await room.twoFactor.renewRecoveryCodes(ada.account, ada.by))).toBe('problem.nothingEnrolled');
  });
});

test('S96: a recent sign-in asks for the strongest that is enrolled', async () => {
  const strongest = () => room.secondFactor.strongest(ada.account);
  expect(await strongest()).toEqual({ strength: 1, methods: [] });
  await add('email');
  expect(await strongest()).toEqual({ strength: 2, methods: ['email'] });
  await add('text');
  expect(await strongest()).toEqual({ strength: 3, methods: ['text'] });
});

test('S61, S83: with a second factor a password of eight characters is enough; a code by e-mail is none', async () => {
  const set = () => room.accounts.setPassword(ada.account.id, 'vexing owl', ada.by);
  expect(keyOf(await set())).toBe('password problem.passwordTooShort');

  await add('email');
  expect(keyOf(await set())).toBe('password problem.passwordTooShort');
  await add('text');
  expect(keyOf(await set())).toBe('password problem.passwordTooShort');

  await room.twoFactor.remove(ada.account, 'email', ada.by);
  expect(await set()).toMatchObject({ ok: true });
});

test('S113: each change is an event and is told', async () => {
  await add('email');
  await add('text');
  await room.twoFactor.prefer(ada.account, 'text', ada.by);
  await room.twoFactor.remove(ada.account, 'email', ada.by);
  await room.twoFactor.renewRecoveryCodes(ada.account, ada.by);
  await room.twoFactor.switchOff(ada.account, ada.by);

  const kinds = [
    'two_factor.method_added',
    'recovery_codes.created',
    'two_factor.method_added',
    'two_factor.preferred',
    'two_factor.method_removed',
    'recovery_codes.created',
    'two_factor.switched_off',
  ];
  expect((await ada.kinds()).toSorted()).toEqual(['account.created', ...kinds].toSorted());
  expect((await room.told()).toSorted()).toEqual(kinds.map((kind) => `${kind} ${ada.account.id}`).toSorted());
});
