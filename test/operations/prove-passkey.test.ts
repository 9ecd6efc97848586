import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fifty, openRoom, type Room } from '../credentials/room.ts';
import { softwareAuthenticator, type Lies, type SoftwareAuthenticatorOptions } from '../support/authenticator.ts';
import { openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const binding = 'sign-in-1';

/** A device with a passkey of this person. */
async function device(options: SoftwareAuthenticatorOptions = {}, whose = ada) {
  const authenticator = softwareAuthenticator(options);
  const response = authenticator.create(await room.passkeys.creationOptions(whose.account, 'session-1'));
  const added = await room.passkeys.add(whose.account, { response, name: 'Laptop', binding: 'session-1' }, whose.by);
  if (!added.ok) throw new Error(JSON.stringify(added.problems));

  return authenticator;
}

type Device = Awaited<ReturnType<typeof device>>;

const prove = (response: string, given: { account?: Person['account']; binding?: string } = {}) =>
  room.provePasskey.prove({ response, binding, from: ada.from, ...given });

/** Signs in with no address typed. */
async function signIn(with_: Device, lies: Lies = {}) {
  return prove(with_.get(await room.provePasskey.requestOptions({ binding }), lies));
}

const refused = (reason: string) => ({ refused: reason });

describe('signing in with a passkey', () => {
  test('S100: types no address, and verifies the user', async () => {
    const laptop = await device();
    const options = await room.provePasskey.requestOptions({ binding });

    expect(options).toEqual({
      rpId: 'id.example.com',
      challenge: expect.any(String),
      timeout: 300_000,
      userVerification: 'required',
    });
    room.clock.advance(1000);
    expect(await prove(laptop.get(options))).toEqual({
      account: ada.account,
      proven: 'device-passkey',
      passkey: expect.objectContaining({ name: 'Laptop', counter: 1, lastUsedAt: room.clock.now() }),
    });
  });

  test('one that is copied to other devices says so', async () => {
    expect(await signIn(await device({ synced: true }))).toMatchObject({ proven: 'synced-passkey' });
  });

  test('where the person is known, only theirs will do', async () => {
    const laptop = await device();
    const ben = await openPerson(room, { email: 'ben@example.com' });
    const bens = await device({}, ben);
    const [passkey] = await room.passkeys.list(ada.account.id);
    const options = await room.provePasskey.requestOptions({ account: ada.account, binding });

    expect(options.allowCredentials).toEqual([
      { id: passkey?.id, type: 'public-key', transports: ['internal', 'hybrid'] },
    ]);
    expect(await prove(bens.get(options), { account: ada.account })).toEqual(refused('owner'));

    // Asked for by name, a device need not say whose it is (WebAuthn section 7.2 step 6).
    const again = await room.provePasskey.requestOptions({ account: ada.account, binding });
    expect(await prove(laptop.get(again, { userHandle: undefined }), { account: ada.account })).toMatchObject({
      account: { id: ada.account.id },
    });
  });

  test.each<[string, string, Lies]>([
    ['for another site', 'not_verified', { origin: 'https://evil.example' }],
    ['for a page below the site', 'not_verified', { origin: 'https://evil.id.example.com' }],
    ['for the site without TLS', 'not_verified', { origin: 'http://id.example.com' }],
    ['for another RP id', 'not_verified', { rpId: 'evil.example' }],
    ['without verifying the user', 'not_verified', { userVerified: false }],
    ['without anybody there', 'not_verified', { userPresent: false }],
    ['in another ceremony', 'not_verified', { type: 'webauthn.create' }],
    ['by another key', 'not_verified', { otherKey: true }],
    ['by a device-bound key that says it is synced', 'not_verified', { synced: true }],
    ['inside another site’s page', 'unreadable', { crossOrigin: true }],
    ['inside a page that says whose', 'unreadable', { topOrigin: 'https://evil.example' }],
    ['over a challenge that is made up', 'challenge', { challenge: 'A'.repeat(72) }],
    ['over an empty challenge', 'unreadable', { challenge: '' }],
    ['by an unknown passkey', 'unknown', { id: 'A'.repeat(43) }],
    ['saying that it is somebody else’s', 'owner', { userHandle: Buffer.from('somebody-else').toString('base64url') }],
    ['without saying whose it is', 'owner', { userHandle: undefined }],
  ])('S100: refuses one made %s', async (_what, reason, lies) => {
    const laptop = await device();

    expect(await signIn(laptop, lies)).toEqual(refused(reason));
    const { rows } = await room.records.events.list('time', 'all', { descending: true });
    expect(rows.find(({ kind }) => kind === 'passkey.refused')).toMatchObject({ details: { reason } });
    expect(await signIn(laptop)).toMatchObject({ account: { id: ada.account.id } });
  });

  test('S100: a challenge works once, whatever came of it, for five minutes and in one browser', async () => {
    const laptop = await device();
    const first = await room.provePasskey.requestOptions({ binding });
    expect(await prove(laptop.get(first))).toMatchObject({ proven: 'device-passkey' });
    expect(await prove(laptop.get(first))).toEqual(refused('challenge'));

    const failed = await room.provePasskey.requestOptions({ binding });
    expect(await prove(laptop.get(failed, { otherKey: true }))).toEqual(refused('not_verified'));
    expect(await prove(laptop.get(failed))).toEqual(refused('challenge'));

    const elsewhere = await room.provePasskey.requestOptions({ binding });
    expect(await prove(laptop.get(elsewhere), { binding: 'sign-in-2' })).toEqual(refused('challenge'));
    expect(await prove(laptop.get(elsewhere))).toMatchObject({ proven: 'device-passkey' });

    const late = await room.provePasskey.requestOptions({ binding });
    room.clock.advance(299_999);
    expect(await prove(laptop.get(late), { binding: 'sign-in-2' })).toEqual(refused('challenge'));
    room.clock.advance(1);
    expect(await prove(laptop.get(late))).toEqual(refused('challenge'));
  });

  test('S100: a challenge for adding one is none for signing in, nor the other way round', async () => {
    const laptop = await device();
    const { challenge } = await room.passkeys.creationOptions(ada.account, binding);

    expect(await signIn(laptop, { challenge })).toEqual(refused('challenge'));
  });

  test('S100: a challenge with one bit or its end changed is not ours', async () => {
    const laptop = await device();
    const { challenge } = await room.provePasskey.requestOptions({ binding });
    const bytes = Buffer.from(challenge, 'base64url');

    for (const at of [0, 15, 16, 21, 22, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(await signIn(laptop, { challenge: changed.toString('base64url') })).toEqual(refused('challenge'));
    }
    expect(await signIn(laptop, { challenge: `${challenge}A` })).toEqual(refused('challenge'));
    expect(await signIn(laptop, { challenge })).toMatchObject({ proven: 'device-passkey' });
  });

  test('S100: opening the page stores nothing', async () => {
    const written: unknown[] = [];
    const create = room.records.used.create.bind(room.records.used);
    room.records.used.create = (row) => {
      written.push(row);
      return create(row);
    };

    for (let opened = 0; opened < 20; opened += 1) await room.provePasskey.requestOptions({ binding });
    expect(written).toEqual([]);
    await signIn(await device());
    expect(written).toHaveLength(2);
  });
});

describe('S100: the counter', () => {
  test('must rise where the device counts; what does not is refused, and flagged', async () => {
    const laptop = await device();
    expect(await signIn(laptop, { counter: 5 })).toMatchObject({ passkey: { counter: 5 } });

    for (const counter of [5, 4, 1, 0]) expect(await signIn(laptop, { counter })).toEqual(refused('counter'));
    const { events } = await room.events.read(ada.account);
    expect(
      events.filter(({ kind }) => kind === 'passkey.counter_regressed').map(({ details }) => details),
    ).toContainEqual({
      stored: 5,
      counted: 4,
    });
    expect(await room.told()).toContain(`passkey.counter_regressed Laptop ${ada.account.id}`);
    expect(await signIn(laptop, { counter: 6 })).toMatchObject({ proven: 'device-passkey' });
  });

  test('is nothing where the device does not count', async () => {
    const phone = await device({ synced: true });

    for (let uses = 0; uses < 3; uses += 1) {
      expect(await signIn(phone)).toMatchObject({ passkey: { counter: 0 } });
    }
  });
});

describe('nobody signs in', () => {
  test('with a passkey that was removed', async () => {
    const laptop = await device();
    const [{ id } = { id: '' }] = await room.passkeys.list(ada.account.id);
    await room.passkeys.remove(ada.account, id, ada.by);

    expect(await signIn(laptop)).toEqual(refused('unknown'));
  });

  test('with one that its account does not hold (a crash while it was added or removed)', async () => {
    const laptop = await device();
    await room.records.factors.update(ada.account.id, (old) => ({ ...old, passkeys: [] }));

    expect(await signIn(laptop)).toEqual(refused('unknown'));
  });

  test('S30: at an account that is locked or gone', async () => {
    const laptop = await device();
    await room.locking.lock(ada.account.id, { reason: 'Lost' }, ada.by);
    // Whoever has proved that it is theirs is told.
    expect(await signIn(laptop)).toMatchObject({ shut: { id: ada.account.id } });

    await room.accounts.delete(ada.account.id, ada.by);
    expect(await signIn(laptop)).toEqual(refused('unknown'));
    expect(await room.records.passkeys.count('account', ada.account.id)).toBe(0);
  });

  test('with what no browser sends', async () => {
    for (const response of ['', 'null', '{"id":"a"}', JSON.stringify({ id: { $ne: null } }), 'x'.repeat(1_000_000)]) {
      expect(await prove(response)).toEqual(refused('unreadable'));
    }
  });
});

test('fifty uses of one answer at once: one signs in', async () => {
  const laptop = await device();
  const response = laptop.get(await room.provePasskey.requestOptions({ binding }));
  const outcomes = await fifty(() => prove(response));
  const values = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

  expect(values.filter((one) => 'account' in one)).toHaveLength(1);
  expect(values.filter((one) => 'refused' in one && one.refused === 'challenge')).toHaveLength(49);
});
