import type { DeviceSession } from '../../src/domain/device-session.ts';
import type { Grant, RefreshFamily } from '../../src/domain/grant.ts';
import type { Json } from '../../src/domain/json.ts';
import { createEndings } from '../../src/operations/endings.ts';
import { createLogoutNotices } from '../../src/operations/logout-notices.ts';
import type { Records } from '../../src/storage/records.ts';
import { sample } from '../storage/rows.ts';
import { opened, type MakeStore } from '../storage/stores.ts';

/** What people have given to apps, and what ends it. */

export const ana = { id: 'ana', eventKey: '' };
export const operator = { actor: 'command-line', reason: 'account_disabled' };
const never = Date.UTC(2100, 0, 1);

export const grant = (id: string, of: Partial<Grant> = {}): Grant => ({
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

export const session = (id: string, of: Partial<DeviceSession> = {}): DeviceSession => ({
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

/** The payload of a session in which these clients were used. */
export const used = (...clientIds: string[]) => ({
  payload: { authorizations: Object.fromEntries(clientIds.map((id) => [id, { sid: `sid of ${id}` }])) },
});

export async function prepared(make: MakeStore<Records>) {
  const store = await opened(make);
  const { port: records, clock } = store;
  const written: string[] = [];
  let woken = 0;
  const notices = createLogoutNotices({ records, clock, wake: () => void (woken += 1) });
  const endings = createEndings({
    records,
    events: { write: async (kind, { account }) => void written.push(`${kind} ${JSON.stringify(account)}`) },
    notices,
  });
  const told = async () => (await records.logoutNotices.list('state', 'queued')).rows.map(({ id }) => id);

  return { ...store, records, told, woken: () => woken, written, endings };
}

/** Ana on two browsers with two apps, and Bob with one of them. The wiki wants to hear of endings, the other does not. */
export async function fill({ grants, refreshFamilies, sessions, consents, clients }: Records): Promise<void> {
  await clients.create(
    sample('clients', {
      id: 'wiki',
      metadata: { client_name: 'Wiki', backchannel_logout_uri: 'https://wiki.example/' },
    }),
  );
  await clients.create(sample('clients', { id: 'pay', metadata: { client_name: 'Payroll' } }));

  for (const row of [
    session('s1', used('wiki', 'pay')),
    session('s2', used('wiki')),
    session('s3', { accountId: 'bob', ...used('wiki') }),
  ]) {
    await sessions.create(row);
  }

  for (const row of [
    grant('g1'),
    grant('g2', { sessionUid: 's2' }),
    grant('g3', { clientId: 'pay' }),
    grant('g4', { accountId: 'bob', sessionUid: 's3' }),
  ]) {
    await grants.create(row);
  }

  await refreshFamilies.create({ ...family('f3', 'g3'), clientId: 'pay' });
  await refreshFamilies.create(family('f1', 'g1', { expiresWithSession: true }));
  for (const pair of [consent('ana', 'wiki'), consent('ana', 'pay'), consent('bob', 'wiki')])
    await consents.create(pair);
}

export async function left({ grants, refreshFamilies, sessions, consents }: Records): Promise<string> {
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
