import { describe, expect, test } from '@jest/globals';

import type { DeviceSession } from '../../src/domain/device-session.ts';
import type { Grant, RefreshFamily } from '../../src/domain/grant.ts';
import type { Json } from '../../src/domain/json.ts';
import { createEndings } from '../../src/operations/endings.ts';
import { recordsBackends } from '../../src/storage/backends.ts';
import type { Records } from '../../src/storage/records.ts';
import { opened, recordsStore } from '../storage/stores.ts';

const [backend] = recordsBackends;
if (backend === undefined) throw new Error('no backend keeps records');

const ana = { id: 'ana', eventKey: '' };
const operator = { actor: 'command-line', reason: 'account_disabled' };
const never = Date.UTC(2100, 0, 1);

const grant = (id: string, of: Partial<Grant> = {}): Grant => ({
  id,
  accountId: 'ana',
  clientId: 'wiki',
  sessionUid: 's1',
  payload: {},
  consumed: [],
  createdAt: 1,
  lastUsedAt: 1,
  expiresAt: never,
  ...of,
});

const family = (id: string, grantId: string, payload: Record<string, Json> = {}): RefreshFamily => ({
  id,
  grantId,
  accountId: 'ana',
  clientId: 'wiki',
  current: id,
  previous: [],
  rotatedAt: 0,
  payload,
  createdAt: 1,
  lastUsedAt: 1,
  expiresAt: never,
});

const session = (id: string, of: Partial<DeviceSession> = {}): DeviceSession => ({
  id,
  cookieHash: `hash of ${id}`,
  accountId: 'ana',
  payload: {},
  userAgent: '',
  ip: '',
  amr: ['pwd'],
  createdAt: 1,
  lastAccessedAt: 1,
  expiresAt: never,
  ...of,
});

const consent = (accountId: string, clientId: string) => ({
  id: `${accountId} ${clientId}`,
  accountId,
  clientId,
  scopes: ['openid'],
  claims: [],
  rejectedScopes: [],
  rejectedClaims: [],
  resources: {},
  grantedAt: 1,
  lastUsedAt: 1,
});

async function prepared() {
  const store = await opened(recordsStore(backend as NonNullable<typeof backend>));
  const told: string[] = [];
  const written: string[] = [];
  const endings = createEndings({
    records: store.port,
    events: { write: async (kind, { account }) => void written.push(`${kind} ${JSON.stringify(account)}`) },
    tell: ({ id }) => void told.push(id),
  });

  return { ...store, records: store.port, told, written, endings };
}

/** Ana on two browsers with two apps, and Bob with one of them. */
async function fill({ grants, refreshFamilies, sessions, consents }: Records): Promise<void> {
  for (const row of [session('s1'), session('s2'), session('s3', { accountId: 'bob' })]) await sessions.create(row);

  for (const row of [
    grant('g1'),
    grant('g2', { sessionUid: 's2' }),
    grant('g3', { clientId: 'pay' }),
    grant('g4', { accountId: 'bob', sessionUid: 's3' }),
  ]) {
    await grants.create(row);
  }

  await refreshFamilies.create(family('f3', 'g3'));
  await refreshFamilies.create(family('f1', 'g1', { expiresWithSession: true }));
  for (const pair of [consent('ana', 'wiki'), consent('ana', 'pay'), consent('bob', 'wiki')])
    await consents.create(pair);
}

async function left({ grants, refreshFamilies, sessions, consents }: Records): Promise<string> {
  const of = (rows: { id: string }[]) => rows.map(({ id }) => id);
  const lists = await Promise.all([
    grants.list('client', 'wiki'),
    grants.list('client', 'pay'),
    refreshFamilies.list('account', 'ana'),
    sessions.list('account', 'ana'),
    consents.list('account', 'ana'),
  ]);

  return lists.flatMap(({ rows }) => of(rows)).join(', ');
}

describe('ending what was given', () => {
  test('S108: a session, with its grants and without what was meant to outlive it', async () => {
    await using at = await prepared();
    await fill(at.records);

    await at.endings.session('s1', { offline: false });

    expect(await left(at.records)).toBe('g2, g4, g3, f3, s2, ana pay, ana wiki');
    expect(at.told).toEqual(['s1']);
  });

  test('S108: a session with everything that it gave', async () => {
    await using at = await prepared();
    await fill(at.records);

    await at.endings.session('s1', { offline: true });

    expect(await left(at.records)).toBe('g2, g4, s2, ana pay, ana wiki');
  });

  test('a grant whose offline code was not redeemed yet outlives its session too', async () => {
    await using at = await prepared();
    await at.records.grants.create(grant('g1'));
    await at.records.sessions.create(
      session('s1', { payload: { authorizations: { wiki: { grantId: 'g1', persistsLogout: true } } } }),
    );

    await at.endings.session('s1', { offline: false });

    expect(await left(at.records)).toBe('g1');
  });

  test('S22: an application of one account, in every browser', async () => {
    await using at = await prepared();
    await fill(at.records);

    await at.endings.application('ana', 'wiki');

    expect(await left(at.records)).toBe('g4, g3, f3, s1, s2, ana pay');
  });

  test('a client, whoever used it', async () => {
    await using at = await prepared();
    await fill(at.records);

    await at.endings.client('wiki');

    expect(await left(at.records)).toBe('g3, s1, s2, ana pay');
    expect(await at.records.consents.get('bob wiki')).toBeUndefined();
  });

  test('an account, and nobody else', async () => {
    await using at = await prepared();
    await fill(at.records);

    await at.endings.account(ana, operator);

    expect(await left(at.records)).toBe('g4, ana pay, ana wiki');
    expect(at.told.toSorted()).toEqual(['s1', 's2']);
    expect(at.written).toEqual(Array(2).fill(`session.ended ${JSON.stringify(ana)}`));
    expect(await at.records.sessions.get('s3')).toBeDefined();
  });

  test('S70: every session of an account but one', async () => {
    await using at = await prepared();
    await fill(at.records);
    await at.records.grants.create(grant('g5', { sessionUid: 'over already' }));

    for (let round = 0; round < 2; round += 1) await at.endings.otherSessions(ana, 's1', operator);

    expect(await left(at.records)).toBe('g1, g4, g3, f1, f3, s1, ana pay, ana wiki');
    expect(at.told).toEqual(['s2']);
    expect(at.written).toHaveLength(1);
  });

  test('all of it can be repeated', async () => {
    await using at = await prepared();
    await fill(at.records);

    for (let round = 0; round < 2; round += 1) {
      await at.endings.session('s1', { offline: false });
      await at.endings.application('ana', 'wiki');
      await at.endings.client('wiki');
      await at.endings.account(ana, operator);
    }

    expect(await left(at.records)).toBe('ana pay');
    expect(at.told.toSorted()).toEqual(['s1', 's2']);
  });

  test('more grants than one page of a list holds', async () => {
    await using at = await prepared();
    for (let n = 0; n < 450; n += 1) await at.records.grants.create(grant(`g${n}`, { createdAt: n }));

    await at.endings.application('ana', 'wiki');

    expect(await at.records.grants.count('account', 'ana')).toBe(0);
  });
});
