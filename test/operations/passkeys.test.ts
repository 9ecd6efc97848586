import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { openRoom, type Room } from '../credentials/room.ts';
import { softwareAuthenticator, type Lies } from '../support/authenticator.ts';
import { keyOf, openPerson, type Person } from './person.ts';

let room: Room;
let ada: Person;

beforeEach(async () => {
  room = await openRoom();
  ada = await openPerson(room);
});

afterEach(() => room[Symbol.asyncDispose]());

const binding = 'session-1';
const options = (whose = ada, where = binding) => room.passkeys.creationOptions(whose.account, where);

async function add(
  device = softwareAuthenticator(),
  { lies = {}, whose = ada, name = 'Laptop' }: { lies?: Lies; whose?: Person; name?: string } = {},
) {
  const response = device.create(await options(whose), lies);

  return room.passkeys.add(whose.account, { response, name, binding }, whose.by);
}

describe('adding a passkey', () => {
  test('asks for one that is found without a name and verifies its user', async () => {
    const asked = await options();

    expect(asked).toMatchObject({
      rp: { id: 'id.example.com', name: 'Gatehouse' },
      user: { name: 'ada@example.com', displayName: 'Ada' },
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      timeout: 300_000,
    });
    expect(Buffer.from(asked.user.id, 'base64url').toString()).toBe(ada.account.id);
    expect(asked.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257]);
    // S100: 128 random bits and our mark.
    expect(Buffer.from(asked.challenge, 'base64url').length).toBeGreaterThanOrEqual(16);
    expect((await options()).challenge).not.toBe(asked.challenge);
  });

  test('keeps what it is, and is a factor from then on', async () => {
    const added = await add(softwareAuthenticator({ synced: true }), { name: ' Phone ' });
    const [passkey] = await room.passkeys.list(ada.account.id);

    expect(added).toEqual({ ok: true, value: { recoveryCodes: expect.any(Array), passkey } });
    expect(passkey).toEqual({
      id: expect.stringMatching(/^[\w-]{43}$/),
      accountId: ada.account.id,
      name: 'Phone',
      publicKey: expect.any(String),
      counter: 0,
      synced: true,
      backedUp: true,
      transports: ['internal', 'hybrid'],
      aaguid: '00000000-0000-0000-0000-000000000000',
      createdAt: room.clock.now(),
    });
    // A passkey alone does not make the password ask for more.
    expect(await room.twoFactor.show(ada.account)).toMatchObject({ isOn: false, methods: ['passkey'] });
    expect(await ada.kinds()).toContain('passkey.added');
  });

  test('names those that are there, so that no device makes a second one', async () => {
    await add();
    const [passkey] = await room.passkeys.list(ada.account.id);

    expect((await options()).excludeCredentials).toEqual([
      { id: passkey?.id, type: 'public-key', transports: ['internal', 'hybrid'] },
    ]);
  });

  test.each<[string, string, Lies]>([
    ['another site’s', 'not_verified', { origin: 'https://evil.example' }],
    ['the site’s without TLS', 'not_verified', { origin: 'http://id.example.com' }],
    ['another RP id’s', 'not_verified', { rpId: 'evil.example' }],
    ['of a user who was not verified', 'not_verified', { userVerified: false }],
    ['of a user who was not there', 'not_verified', { userPresent: false }],
    ['another ceremony’s', 'not_verified', { type: 'webauthn.get' }],
    ['inside another site’s page', 'unreadable', { crossOrigin: true }],
    ['inside a page that says whose', 'unreadable', { crossOrigin: true, topOrigin: 'https://evil.example' }],
    ['with a challenge that is made up', 'challenge', { challenge: 'A'.repeat(72) }],
    ['with an attestation that nobody asked for', 'attestation', { format: 'fido-u2f' }],
    ['with certificates', 'attestation', { format: 'packed', statement: new Map([['x5c', Buffer.from('x')]]) }],
  ])('S100: refuses one that is %s', async (_what, reason, lies) => {
    const key = reason === 'challenge' ? 'passkeyLate' : 'passkeyNotMade';
    expect(keyOf(await add(softwareAuthenticator(), { lies }))).toBe(`response problem.${key}`);
    expect(await room.passkeys.list(ada.account.id)).toEqual([]);

    const { events } = await room.events.read(ada.account);
    expect(events[0]).toMatchObject({ kind: 'passkey.refused', details: { reason } });
  });

  test('S100: a challenge works once, for five minutes, for this session and account', async () => {
    const device = softwareAuthenticator();
    const asked = await options();
    const given = { response: device.create(asked), name: 'Laptop', binding };
    const ben = await openPerson(room, { email: 'ben@example.com' });
    const problem = 'response problem.passkeyLate';

    expect(keyOf(await room.passkeys.add(ben.account, given, ben.by))).toBe(problem);
    expect(keyOf(await room.passkeys.add(ada.account, { ...given, binding: 'session-2' }, ada.by))).toBe(problem);
    expect(await room.passkeys.add(ada.account, given, ada.by)).toMatchObject({ ok: true });
    expect(keyOf(await room.passkeys.add(ada.account, { ...given, response: device.create(asked) }, ada.by))).toBe(
      problem,
    );

    const late = await options();
    room.clock.advance(300_000);
    expect(keyOf(await room.passkeys.add(ada.account, { ...given, response: device.create(late) }, ada.by))).toBe(
      problem,
    );
  });

  test('S100: one credential is one account’s alone', async () => {
    const ben = await openPerson(room, { email: 'ben@example.com' });
    await add();
    const [passkey] = await room.passkeys.list(ada.account.id);
    const lies = { id: passkey?.id ?? '' };

    expect(keyOf(await add(softwareAuthenticator(), { lies, whose: ben }))).toBe('response problem.passkeyTaken');
    expect(await room.passkeys.list(ben.account.id)).toEqual([]);
    expect(await room.passkeys.list(ada.account.id)).toEqual([passkey]);
  });

  test.each(['', '{}', 'null', '[]', '{"id":', JSON.stringify({ id: 1 }), 'x'.repeat(1_000_000)])(
    'what no browser sends is refused: %#',
    async (response) => {
      const added = await room.passkeys.add(ada.account, { response, name: 'Laptop', binding }, ada.by);

      expect(keyOf(added)).toBe('response problem.passkeyNotMade');
    },
  );

  test.each([
    ['', 'name problem.required'],
    ['x'.repeat(41), 'name problem.tooLong'],
  ])('a name is needed: %j', async (name, problem) => {
    const device = softwareAuthenticator();
    const given = { response: device.create(await options()), binding };

    expect(keyOf(await room.passkeys.add(ada.account, { ...given, name }, ada.by))).toBe(problem);
    // Nor did that use the challenge up.
    expect(await room.passkeys.add(ada.account, { ...given, name: 'Laptop' }, ada.by)).toMatchObject({ ok: true });
  });

  test('twenty are the most', async () => {
    const device = softwareAuthenticator();
    for (let count = 0; count < 20; count += 1) expect(await add(device)).toMatchObject({ ok: true });

    expect(keyOf(await add(device))).toBe('problem.tooManyPasskeys');
    expect(await room.records.passkeys.count('account', ada.account.id)).toBe(20);
  });
});

describe('a passkey', () => {
  test('is renamed by its owner alone', async () => {
    const ben = await openPerson(room, { email: 'ben@example.com' });
    await add();
    const [{ id } = { id: '' }] = await room.passkeys.list(ada.account.id);

    expect(keyOf(await room.passkeys.rename(ben.account, id, 'Mine', ben.by))).toBe('problem.notEnrolled');
    expect(keyOf(await room.passkeys.rename(ada.account, id, ' ', ada.by))).toBe('name problem.required');
    expect(await room.passkeys.rename(ada.account, id, 'Key', ada.by)).toMatchObject({ ok: true });
    expect(await room.passkeys.rename(ada.account, id, 'Key', ada.by)).toMatchObject({ ok: true });
    expect(await room.passkeys.list(ada.account.id)).toMatchObject([{ name: 'Key' }]);
    expect((await ada.kinds()).filter((kind) => kind === 'passkey.renamed')).toHaveLength(1);
  });

  test('S101: is removed by its owner alone, with its row, and the recovery codes that stood in for it', async () => {
    const ben = await openPerson(room, { email: 'ben@example.com' });
    await add();
    const [{ id } = { id: '' }] = await room.passkeys.list(ada.account.id);

    expect(keyOf(await room.passkeys.remove(ben.account, id, ben.by))).toBe('problem.notEnrolled');
    expect(await room.passkeys.remove(ada.account, id, ada.by)).toMatchObject({ ok: true });
    expect(keyOf(await room.passkeys.remove(ada.account, id, ada.by))).toBe('problem.notEnrolled');
    expect(await room.records.passkeys.get(id)).toBeUndefined();
    expect(await room.twoFactor.show(ada.account)).not.toHaveProperty('recoveryCodes');
    expect((await room.told()).filter((text) => text === `passkey.removed Laptop ${ada.account.id}`)).toHaveLength(1);
  });

  test('stays where it is the last way in', async () => {
    const key = await openPerson(room, { email: 'key@example.com', password: false });
    const device = softwareAuthenticator();
    await add(device, { whose: key });
    const [{ id } = { id: '' }] = await room.passkeys.list(key.account.id);

    expect(keyOf(await room.passkeys.remove(key.account, id, key.by))).toBe('problem.lastWayIn');
    await add(device, { whose: key });
    expect(await room.passkeys.remove(key.account, id, key.by)).toMatchObject({ ok: true });
  });

  test('S102: stays where it is an administrator’s last strong factor', async () => {
    const root = await openPerson(room, { email: 'root@example.com', admin: true });
    await add(softwareAuthenticator(), { whose: root });
    await room.twoFactor.add(root.account, 'email', root.by);
    const [{ id } = { id: '' }] = await room.passkeys.list(root.account.id);

    expect(await room.secondFactor.ask(root.account)).toMatchObject({ needsStrong: true, methods: ['passkey'] });
    expect(keyOf(await room.passkeys.remove(root.account, id, root.by))).toBe('problem.lastStrongFactor');
  });

  test('stays when two-factor is switched off', async () => {
    await add();
    await room.twoFactor.add(ada.account, 'email', ada.by);
    await room.twoFactor.switchOff(ada.account, ada.by);

    expect(await room.twoFactor.show(ada.account)).toMatchObject({
      isOn: false,
      methods: ['passkey'],
      preferred: 'passkey',
      recoveryCodes: { left: 10 },
    });
  });

  test('whose row is there but which its account does not hold is no passkey (a crash half-way)', async () => {
    await add();
    const [passkey] = await room.passkeys.list(ada.account.id);
    await room.records.factors.update(ada.account.id, (old) => ({ ...old, passkeys: [] }));

    expect(passkey).toBeDefined();
    expect(await room.passkeys.list(ada.account.id)).toEqual([]);
    expect(keyOf(await room.passkeys.rename(ada.account, passkey?.id ?? '', 'Key', ada.by))).toBe(
      'problem.notEnrolled',
    );
  });
});
