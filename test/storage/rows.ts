import { auditSamples } from './rows-audit.ts';
import { webhookSamples } from './rows-webhooks.ts';
import type { CollectionName, Page, Records, Row } from '../../src/storage/records.ts';

export { noTexts, oddTexts } from './odd-texts.ts';

/** One ordinary row of every collection, to be changed by the test that needs another. Times count from 2026-01-01. */
export const start = Date.UTC(2026, 0, 1);
export const hour = 3_600_000;

export type Samples = { [Name in CollectionName]: Row<Name> };

export const samples: Samples = {
  accounts: {
    id: 'account-1',
    email: 'Ada@Example.org',
    emailKey: 'ada@example.org',
    emailVerified: true,
    displayName: 'Ada',
    firstName: 'Ada',
    lastName: 'Lovelace',
    task: '',
    locale: 'en',
    claims: {},
    roles: ['admin'],
    status: 'closing',
    lock: { at: start, reason: 'lost', until: start + hour },
    closing: { at: start, until: start + hour, nextAt: start + hour },
    eventKey: 'sealed',
    createdAt: start,
    updatedAt: start,
  },
  formerAddresses: { id: 'ada@old.example.org', accountId: 'account-1', expiresAt: start + hour },
  passwords: { id: 'account-1', accountId: 'account-1', hash: '$argon2id$', changedAt: start },
  clients: {
    id: 'client-1',
    metadata: { client_name: 'App', first_party: true, portal: true },
    secrets: [
      { id: 'secret-2', hash: 'hash-2', createdAt: start },
      { id: 'secret-1', hash: 'hash-1', createdAt: start, expiresAt: start + hour },
    ],
    disabled: false,
    version: 1,
    createdAt: start,
    updatedAt: start,
  },
  clientUses: { id: 'client-1', lastUsedAt: start, secrets: { 'secret-1': start } },
  clientReceipts: {
    id: 'receipt-1',
    clientId: 'client-1',
    name: 'App',
    actor: 'account-2',
    at: start,
    people: 1,
    sessions: 1,
    grants: 1,
    refreshTokens: 1,
    notices: 1,
    expiresAt: start + hour,
  },
  consents: {
    id: 'account-1 client-1',
    accountId: 'account-1',
    clientId: 'client-1',
    scopes: ['openid'],
    claims: [],
    rejectedScopes: [],
    rejectedClaims: [],
    resources: {},
    grantedAt: start,
    lastUsedAt: start,
  },
  grants: {
    id: 'grant-1',
    accountId: 'account-1',
    clientId: 'client-1',
    sessionUid: 'session-1',
    device: {
      ip: '192.0.2.1',
      userAgent: 'Television',
      scope: 'openid',
      refreshes: false,
      lasts: 600,
      tokenLasts: 600,
    },
    payload: {},
    consumed: [],
    createdAt: start,
    lastUsedAt: start,
    expiresAt: start + hour,
  },
  refreshFamilies: {
    id: 'family-1',
    grantId: 'grant-1',
    accountId: 'account-1',
    clientId: 'client-1',
    sessionUid: 'session-1',
    current: 'hash-1',
    previous: [],
    rotatedAt: 0,
    payload: {},
    createdAt: start,
    lastUsedAt: start,
    expiresAt: start + hour,
  },
  sessions: {
    id: 'session-1',
    cookieHash: 'cookie-1',
    accountId: 'account-1',
    payload: {},
    userAgent: 'Browser',
    ip: '192.0.2.1',
    amr: ['pwd'],
    createdAt: start,
    lastAccessedAt: start,
    expiresAt: start + hour,
  },
  knownDevices: { id: 'device-1', accountId: 'account-1', lastSeenAt: start, expiresAt: start + hour },
  events: {
    id: 'event-1',
    kind: 'sign_in.failed',
    group: 'sign-ins',
    at: start,
    accountId: 'account-1',
    clientId: 'client-1',
    actor: 'account-1',
    details: {},
  },
  signingKeys: { id: 'key-1', alg: 'ES256', publicJwk: {}, sealed: 'sealed', createdAt: start },
  settings: { id: 'setting-1', value: 'x', updatedAt: start },
  attempts: { id: 'attempts-1', failures: 0, lastAt: start, expiresAt: start + hour },
  oneTimeSecrets: {
    id: 'secret-1',
    purpose: 'setup',
    hash: 'hash-1',
    accountId: 'account-1',
    data: {},
    createdAt: start,
    expiresAt: start + hour,
  },
  codes: {
    id: 'second-factor:email account-1',
    accountId: 'account-1',
    purpose: 'second-factor:email',
    hash: 'hash-1',
    binding: 'binding-1',
    data: {},
    tries: 0,
    sentAt: [start],
    worksUntil: start + 600_000,
    expiresAt: start + hour,
  },
  factors: {
    id: 'account-1',
    version: 1,
    authenticators: [],
    email: { addedAt: start },
    passkeys: ['passkey-1'],
    preferred: 'email',
    recovery: { madeAt: start, hashes: ['hash-1'] },
    changedAt: start,
  },
  passkeys: {
    id: 'passkey-1',
    accountId: 'account-1',
    name: 'Laptop',
    publicKey: 'key-1',
    counter: 0,
    synced: true,
    backedUp: true,
    transports: ['internal'],
    aaguid: '00000000-0000-0000-0000-000000000000',
    createdAt: start,
  },
  rememberedBrowsers: {
    id: 'hash-1',
    accountId: 'account-1',
    userAgent: 'Browser',
    provedAt: start,
    createdAt: start,
    lastUsedAt: start,
    expiresAt: start + hour,
  },
  used: { id: 'used-1', expiresAt: start + hour },
  leases: { id: 'lease-1', holder: 'node-1', expiresAt: start + hour },
  messages: {
    id: 'message-1',
    channel: 'email',
    template: 'password-changed',
    locale: 'en',
    accountId: 'account-1',
    newestOf: 'key-1',
    sealed: 'sealed',
    state: 'queued',
    attempts: 0,
    nextAt: start,
    createdAt: start,
    expiresAt: start + hour,
  },
  logoutNotices: {
    id: 'session-1 client-1 sid-1',
    clientId: 'client-1',
    sessionUid: 'session-1',
    sid: 'sid-1',
    accountId: 'account-1',
    receipt: 'receipt-1',
    state: 'queued',
    attempts: 0,
    nextAt: start,
    createdAt: start,
    expiresAt: start + hour,
  },
  deviceCodes: {
    id: 'hash-1',
    userCode: 'hash-2',
    clientId: 'client-1',
    wanted: { scopes: ['openid'], claims: [], resources: {} },
    payload: {},
    ip: '192.0.2.1',
    userAgent: 'Television',
    createdAt: start,
    worksUntil: start + 600_000,
    expiresAt: start + hour,
  },
  receipts: {
    id: 'receipt-1',
    accountId: 'account-1',
    at: start,
    reason: 'device',
    sealed: 'sealed',
    applications: [{ clientId: 'client-1', name: 'App', grants: 1, refreshTokens: 1 }],
    notices: [{ id: 'session-1 client-1 sid-1', clientId: 'client-1' }],
    expiresAt: start + hour,
  },
  apiKeys: {
    id: 'api-key-1',
    accountId: 'account-1',
    hash: 'hash-1',
    slot: 'account-1 1',
    name: 'Backup',
    prefix: 'gthk_abcdef',
    audience: 'https://id.example.org/api/account/v1',
    scopes: ['profile:read'],
    createdAt: start,
    expiresAt: start + hour,
  },
  ...webhookSamples,
  ...auditSamples,
  tallies: {
    id: '2026-11-24T12:00:00.000Z',
    at: start,
    counts: { signIns: 3, failures: 1, tokens: 7, sessions: 2 },
    expiresAt: start + hour,
  },
  closedAccounts: { id: 'account-2', closedAt: start, lookAt: start + hour },
};

/** An ordinary row of a collection with what the test says differently. */
export function sample<Name extends CollectionName>(name: Name, differently: Partial<Row<Name>> = {}): Row<Name> {
  return { ...samples[name], ...differently };
}

/** Adds to the list `account` of consents, whose order is `lastUsedAt`. */
export async function addConsent(records: Records, id: string, lastUsedAt: number): Promise<void> {
  await records.consents.create(sample('consents', { id, lastUsedAt }));
}

export function idsOf(page: Page<{ id: string }>): string[] {
  return page.rows.map((row) => row.id);
}

/** Fifty of something at once, each knowing its number. */
export function fifty<T>(work: (number: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: 50 }, (_, number) => work(number)));
}

export function succeeded<T>(results: PromiseSettledResult<T>[]): T[] {
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

export function failed(results: PromiseSettledResult<unknown>[]): unknown[] {
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}
