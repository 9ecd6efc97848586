import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { sha256 } from '../../src/domain/ids.ts';
import { createClientUses } from '../../src/operations/client-uses.ts';
import { clientDocument } from '../../src/operations/client-document.ts';
import { createClients, type Clients } from '../../src/operations/clients.ts';
import type { By } from '../../src/operations/problems.ts';
import { fifty, openRoom, type Room } from '../credentials/room.ts';
import { giveAccess } from './access.ts';

let room: Room;
let clients: Clients;

beforeEach(async () => {
  room = await openRoom();
  clients = createClients({
    ...room,
    uses: createClientUses(room),
    mode: 'production',
    resources: [],
    introspectable: [],
  });
});

afterEach(() => room[Symbol.asyncDispose]());

const operator: By = { actor: 'command-line' };
const wiki = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] };
const publicWiki = { ...wiki, token_endpoint_auth_method: 'none' };

const make = async (metadata: object = wiki) => {
  const made = await clients.create(metadata, operator);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));

  return made.value;
};

const kinds = async () => (await room.records.events.list('time', 'all')).rows.map(({ kind }) => kind);

describe('S44: secrets of clients', () => {
  test('have 256 bits, of letters, digits, - and _, and are shown once', async () => {
    const { client, secret } = await make();

    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await make()).secret).not.toBe(secret);
    expect(clientDocument(client, secret)).toMatchObject({
      client_id: client.id,
      client_secret: secret,
      client_secret_expires_at: 0,
      client_id_issued_at: client.createdAt / 1000,
      client_name: 'Wiki',
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(clientDocument(client)).not.toHaveProperty('client_secret');
  });

  test('are stored as a hash, and neither secret nor hash is told again', async () => {
    const { client, secret = '' } = await make();
    const stored = await room.records.clients.get(client.id);

    expect(stored?.secrets.map(({ hash }) => hash)).toEqual([sha256(secret)]);
    expect(JSON.stringify(stored)).not.toContain(secret);

    const shown = await clients.show(client.id);
    const told = JSON.stringify([shown && clientDocument(shown), (await room.records.events.list('time', 'all')).rows]);
    expect(told).not.toContain(secret);
    expect(told).not.toContain(sha256(secret));
  });

  test.each([
    publicWiki,
    { ...wiki, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://wiki.example.net/jwks' },
  ])('are not made for clients that have none: %j', async (metadata) => {
    const { client, secret } = await make(metadata);

    expect(secret).toBeUndefined();
    expect(client.secrets).toEqual([]);
    await expect(clients.rotateSecret(client.id, 0, operator)).resolves.toBeUndefined();
  });

  test('are rotated with an overlap, after which the old one is dead', async () => {
    const { client, secret: first = '' } = await make();
    const rotated = await clients.rotateSecret(client.id, 3600, operator);
    const now = room.clock.now();

    expect(rotated?.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(rotated?.client.version).toBe(2);
    expect(rotated?.client.secrets).toEqual([
      { id: expect.any(String), hash: sha256(rotated?.secret ?? ''), createdAt: now },
      { id: expect.any(String), hash: sha256(first), createdAt: now, expiresAt: now + 3_600_000 },
    ]);

    room.clock.advance(60_000);
    const again = await clients.rotateSecret(client.id, 86_400, operator);
    expect(again?.client.secrets.map(({ expiresAt }) => expiresAt)).toEqual([
      undefined,
      now + 60_000 + 86_400_000,
      now + 3_600_000,
    ]);

    const atOnce = await clients.rotateSecret(client.id, 0, operator);
    expect(atOnce?.client.secrets.map(({ hash }) => hash)).toEqual([sha256(atOnce?.secret ?? '')]);
    await expect(clients.rotateSecret(client.id, -1, operator)).rejects.toMatchObject({ code: 'invalid' });
    await expect(clients.rotateSecret('nobody', 0, operator)).resolves.toBeUndefined();
  });
});

describe('registering, showing and listing', () => {
  test('refused metadata makes nothing', async () => {
    const refused = await clients.create({ ...wiki, redirect_uris: ['http://wiki.example.net/cb'] }, operator);

    expect(refused).toEqual({
      ok: false,
      problems: [{ path: 'redirect_uris[0]', key: 'problem.uriHttp', values: {} }],
    });
    await expect(clients.list()).resolves.toMatchObject({ rows: [] });
  });

  test('clients are listed in the order of their registration', async () => {
    for (const client_name of ['One', 'Two', 'Three']) {
      await make({ ...wiki, client_name });
      room.clock.advance(1);
    }

    const first = await clients.list({ limit: 2 });
    const second = await clients.list({ limit: 2, ...(first.next && { after: first.next }) });
    expect([...first.rows, ...second.rows].map(({ metadata }) => metadata.client_name)).toEqual([
      'One',
      'Two',
      'Three',
    ]);
  });

  test('an id of our own can be taken once', async () => {
    await expect(clients.create(wiki, operator, { id: 'wiki' })).resolves.toMatchObject({ ok: true });
    await expect(clients.create(wiki, operator, { id: 'wiki' })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('S113: everything that is done to a client is an event', async () => {
    const { client } = await make();
    const steps = [
      () => clients.update(client.id, { ...wiki, client_name: 'Wiki 2' }, operator),
      () => clients.rotateSecret(client.id, 60, operator),
      () => clients.disable(client.id, operator),
      () => clients.enable(client.id, operator),
    ];

    for (const step of steps) {
      room.clock.advance(1);
      await step();
    }

    expect(await kinds()).toEqual([
      'client.created',
      'client.updated',
      'client.secret_rotated',
      'client.disabled',
      'client.enabled',
    ]);
    expect((await room.records.events.list('time', 'all')).rows[1]).toMatchObject({
      actor: 'command-line',
      clientId: client.id,
      details: { changes: { client_name: { before: 'Wiki', after: 'Wiki 2' } } },
    });
  });
});

describe('changing', () => {
  test('replaces the metadata and keeps the secret', async () => {
    const { client } = await make({ ...wiki, logo_uri: 'https://wiki.example.net/logo.png' });
    const changed = await clients.update(client.id, { ...wiki, client_name: 'Wiki 2' }, operator);

    expect(changed).toMatchObject({ ok: true, value: { client: { version: 2, secrets: client.secrets } } });
    if (changed === 'changed' || !changed?.ok) throw new Error('not changed');
    const { client: after, ...more } = changed.value;
    expect([after.metadata, more]).toEqual([expect.not.objectContaining({ logo_uri: expect.anything() }), {}]);
  });

  test('gives a client a secret when it begins to need one, and takes it when it ends', async () => {
    const { client } = await make(publicWiki);
    const withSecret = await clients.update(client.id, wiki, operator);
    expect(withSecret).toMatchObject({ ok: true, value: { secret: expect.any(String), client: { secrets: [{}] } } });

    const without = await clients.update(client.id, publicWiki, operator);
    expect(without).toMatchObject({ ok: true, value: { client: { secrets: [] } } });
  });

  test('by two at once who have read the same version: one does, and the other is told', async () => {
    const { client } = await make();
    const tries = await fifty((at) =>
      clients.update(client.id, { ...wiki, client_name: `Wiki ${at}` }, operator, { version: 1 }),
    );

    const answers = tries.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));
    expect(answers.filter((one) => one === 'changed')).toHaveLength(49);
    expect((await clients.show(client.id))?.version).toBe(2);
    expect((await kinds()).filter((kind) => kind === 'client.updated')).toHaveLength(1);
  });

  test('to what is there already writes nothing; of nobody is undefined', async () => {
    const { client } = await make();

    await expect(clients.update(client.id, wiki, operator)).resolves.toMatchObject({
      value: { client: { version: 1 } },
    });
    await expect(clients.update('nobody', wiki, operator)).resolves.toBeUndefined();
  });

  test('disabling and enabling raise the version that caches go by', async () => {
    const { client } = await make();

    await expect(clients.disable(client.id, operator)).resolves.toMatchObject({ disabled: true, version: 2 });
    await expect(clients.enable(client.id, operator)).resolves.toMatchObject({ disabled: false, version: 3 });
    await expect(clients.disable('nobody', operator)).resolves.toBeUndefined();
  });

  test('deleting takes grants, refresh tokens and consents of this client and no other', async () => {
    const { client } = await make();
    await giveAccess(room.records, { accountId: 'a', clientId: client.id });
    await giveAccess(room.records, { accountId: 'a', clientId: 'other' });

    await expect(clients.delete(client.id, operator)).resolves.toBe(true);
    await expect(clients.delete(client.id, operator)).resolves.toBe(false);
    await expect(clients.show(client.id)).resolves.toBeUndefined();

    for (const collection of ['grants', 'refreshFamilies', 'consents'] as const) {
      await expect(room.records[collection].count('client', client.id)).resolves.toBe(0);
      await expect(room.records[collection].count('client', 'other')).resolves.toBe(1);
    }
  });
});

describe('clients of our own', () => {
  test('of 50 that make one at once each gets the same, and one its secret', async () => {
    const results = await fifty(() => clients.ensure('demo', wiki));
    const made = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));

    expect(made).toHaveLength(50);
    expect(made.filter(({ secret }) => secret !== undefined)).toHaveLength(1);
    expect(new Set(made.map(({ client }) => client.secrets[0]?.hash)).size).toBe(1);
    expect(await kinds()).toEqual(['client.created']);
  });

  test('are brought up to date, stay disabled and keep their secret', async () => {
    const { client } = await clients.ensure('demo', wiki);
    await clients.disable('demo', operator);
    const redirect_uris = ['https://wiki.example.net/new'];

    const ensured = await clients.ensure('demo', { ...wiki, redirect_uris });
    expect(ensured.secret).toBeUndefined();
    expect(ensured.client).toMatchObject({
      disabled: true,
      version: 3,
      metadata: { redirect_uris },
      secrets: client.secrets,
    });
    await expect(clients.ensure('demo', { ...wiki, redirect_uris })).resolves.toMatchObject({ client: { version: 3 } });
  });

  test('with metadata that breaks a rule are a mistake of ours', async () => {
    await expect(clients.ensure('demo', { ...wiki, redirect_uris: [] })).rejects.toThrow(
      'client demo: redirect_uris: An app that',
    );
  });
});

test('S113: a change and the event that tells of it are one step', async () => {
  const { client } = await make();
  // Events that are written by themselves get lost here.
  room.records.events.create = () => Promise.reject(new Error('the power went'));

  await make();
  await clients.update(client.id, { ...wiki, client_name: 'Other' }, operator);
  await clients.rotateSecret(client.id, 60, operator);
  const [, older] = (await clients.show(client.id))?.secrets ?? [];
  await clients.removeSecret(client.id, older?.id ?? '', operator);
  await clients.disable(client.id, operator);
  await clients.enable(client.id, operator);
  await clients.delete(client.id, operator);

  expect((await kinds()).toSorted()).toEqual([
    'client.created',
    'client.created',
    'client.deleted',
    'client.disabled',
    'client.disabled',
    'client.enabled',
    'client.secret_removed',
    'client.secret_rotated',
    'client.updated',
  ]);
});
