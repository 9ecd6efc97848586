import { nameKey, type Account, type ClosedAccount, type FormerAddress } from '../domain/account.ts';
import type { ApiKey } from '../domain/api-key.ts';
import { clientNameKey, type Client, type ClientUse } from '../domain/client.ts';
import type { ClientReceipt } from '../domain/client-receipt.ts';
import type { AuditSegment } from '../domain/audit-segment.ts';
import type { DeviceCode } from '../domain/device-code.ts';
import { standsAlone } from '../domain/device-grant.ts';
import type { DeviceSession, KnownDevice } from '../domain/device-session.ts';
import type { Factors, Passkey, RememberedBrowser } from '../domain/factors.ts';
import type { Consent, Grant, RefreshFamily } from '../domain/grant.ts';
import type { KeyUse } from '../domain/key-use.ts';
import { sealedIn } from '../domain/managed-settings.ts';
import type { LogoutNotice } from '../domain/logout-notice.ts';
import type { Message } from '../domain/message.ts';
import type { Receipt } from '../domain/receipt.ts';
import { accountGroup, type SecurityEvent } from '../domain/security-event.ts';
import type { SigningKey } from '../domain/signing-key.ts';
import type { Tally } from '../domain/tally.ts';
import { deliveryGroup, type Webhook, type WebhookDelivery } from '../domain/webhook.ts';
import type { Attempts, Lease, OneTimeCode, OneTimeSecret, PasswordCredential, Setting, Used } from './rows.ts';

/**
 * What is kept, collection by collection: for each, what is unique, what is listed and what expires. A backend makes its tables or indexes of this; it knows no more of a row.
 */
export interface Shape<T extends { id: string }, Unique extends string = string, List extends string = string> {
  /** Values that no two rows may share; undefined: this row has none. */
  unique: Record<Unique, (row: T) => string | undefined>;
  /**
   * Lists by group; undefined: not in this list. One list has either numbers (finite) or strings for its order, strings
   * by code point (the order of their UTF-8 bytes, not JavaScript's `<`). Equal ones follow their ids, in that same way.
   */
  lists: Record<List, { group: (row: T) => string | undefined; order: (row: T) => number | string }>;
  /** Milliseconds from which on the row is absent for every method, swept or not; it may then be created anew. */
  expiresAt?: (row: T) => number | undefined;
  /** What of a row is sealed (`Sealing.seal`): who keeps the row elsewhere needs the keys that open it. */
  sealed?: (row: T) => readonly (string | undefined)[];
}

const shape =
  <T extends { id: string }>() =>
  <Unique extends string, List extends string>(of: Shape<T, Unique, List>): Shape<T, Unique, List> =>
    of;

const isTry = ({ kind }: SecurityEvent): boolean => /^(sign_in|second_factor)\.(failed|blocked)$/.test(kind);

function groupOfEvent({ accountId, group }: SecurityEvent): string | undefined {
  return accountId === undefined || group === undefined ? undefined : accountGroup(accountId, group);
}

const byCreation = { group: () => 'all', order: (row: { createdAt: number }) => row.createdAt };

export const shapes = {
  accounts: shape<Account>()({
    unique: { email: (row) => row.emailKey },
    lists: {
      created: byCreation,
      email: { group: () => 'all', order: (row) => row.emailKey },
      /** For whoever looks for somebody: what they are called, and their family name. */
      name: { group: ({ displayName }) => (displayName ? 'all' : undefined), order: (row) => nameKey(row.displayName) },
      lastName: { group: ({ lastName }) => (lastName ? 'all' : undefined), order: (row) => nameKey(row.lastName) },
      /** Whoever has a role, by the greatest. */
      administrators: {
        group: ({ roles }) => (roles.includes('admin') ? 'admin' : roles[0]),
        order: (row) => row.createdAt,
      },
      /** Those that do not open, and of these the ones that do by themselves some day first. */
      locked: {
        group: (row) => (row.lock ? 'all' : undefined),
        order: (row) => row.lock?.until ?? Number.MAX_SAFE_INTEGER,
      },
      /** With more to do. */
      closing: {
        group: (row) => (row.status === 'closing' ? 'all' : undefined),
        order: (row) => row.closing?.nextAt ?? 0,
      },
    },
    sealed: (row) => [row.eventKey],
  }),
  closedAccounts: shape<ClosedAccount>()({
    unique: {},
    lists: {
      /** Of which something may have come in while they went. */
      look: { group: (row) => (row.lookAt === undefined ? undefined : 'all'), order: (row) => row.lookAt ?? 0 },
    },
  }),
  formerAddresses: shape<FormerAddress>()({
    unique: {},
    lists: { account: { group: (row) => row.accountId, order: (row) => row.expiresAt } },
    expiresAt: (row) => row.expiresAt,
  }),
  passwords: shape<PasswordCredential>()({ unique: {}, lists: {} }),
  clients: shape<Client>()({
    unique: {},
    lists: {
      created: byCreation,
      name: { group: () => 'all', order: ({ metadata }) => clientNameKey(metadata.client_name) },
      /** Those with an older secret beside the newest: a few among very many. */
      rotating: { group: ({ secrets }) => (secrets.length > 1 ? 'all' : undefined), order: (row) => row.createdAt },
      /** Those that stand on everybody's Applications page: a few among very many. */
      portals: { group: ({ metadata }) => (metadata.portal ? 'all' : undefined), order: (row) => row.createdAt },
    },
  }),
  clientUses: shape<ClientUse>()({ unique: {}, lists: {} }),
  clientReceipts: shape<ClientReceipt>()({
    unique: {},
    lists: { client: { group: (row) => row.clientId, order: (row) => row.at } },
    expiresAt: (row) => row.expiresAt,
  }),
  consents: shape<Consent>()({
    unique: {},
    lists: {
      account: { group: (row) => row.accountId, order: (row) => row.lastUsedAt },
      client: { group: (row) => row.clientId, order: (row) => row.grantedAt },
    },
  }),
  grants: shape<Grant>()({
    unique: {},
    lists: {
      account: { group: (row) => row.accountId, order: (row) => row.createdAt },
      client: { group: (row) => row.clientId, order: (row) => row.createdAt },
      session: { group: (row) => row.sessionUid, order: (row) => row.createdAt },
      /** What devices hold that no refresh token tells of: a few among very many grants. */
      device: { group: (row) => (standsAlone(row) ? row.accountId : undefined), order: (row) => row.createdAt },
    },
    expiresAt: (row) => row.expiresAt,
  }),
  deviceCodes: shape<DeviceCode>()({
    unique: { userCode: (row) => row.userCode },
    lists: {},
    expiresAt: (row) => row.expiresAt,
  }),
  refreshFamilies: shape<RefreshFamily>()({
    unique: {},
    lists: {
      grant: { group: (row) => row.grantId, order: (row) => row.createdAt },
      account: { group: (row) => row.accountId, order: (row) => row.createdAt },
      client: { group: (row) => row.clientId, order: (row) => row.createdAt },
      session: { group: (row) => row.sessionUid, order: (row) => row.createdAt },
    },
    expiresAt: (row) => row.expiresAt,
  }),
  sessions: shape<DeviceSession>()({
    unique: { cookie: (row) => row.cookieHash },
    lists: { account: { group: (row) => row.accountId, order: (row) => row.createdAt }, created: byCreation },
    expiresAt: (row) => row.expiresAt,
  }),
  knownDevices: shape<KnownDevice>()({
    unique: {},
    lists: { account: { group: (row) => row.accountId, order: (row) => row.lastSeenAt } },
    expiresAt: (row) => row.expiresAt,
  }),
  events: shape<SecurityEvent>()({
    unique: {},
    lists: {
      time: { group: () => 'all', order: (row) => row.at },
      account: { group: (row) => row.accountId, order: (row) => row.at },
      /** A few of one group may lie among very many of another. */
      group: { group: groupOfEvent, order: (row) => row.at },
      /** Tries to get into an account that failed or were blocked: a few among very many events. */
      tries: { group: (row) => (isTry(row) ? row.accountId : undefined), order: (row) => row.at },
      client: { group: (row) => row.clientId, order: (row) => row.at },
      actor: { group: (row) => row.actor, order: (row) => row.at },
      kind: { group: (row) => row.kind, order: (row) => row.at },
    },
    sealed: (row) => [row.personal],
  }),
  auditSegments: shape<AuditSegment>()({
    unique: {},
    lists: { number: { group: () => 'all', order: (row) => row.number } },
  }),
  tallies: shape<Tally>()({
    unique: {},
    lists: { time: { group: () => 'all', order: (row) => row.at } },
    expiresAt: (row) => row.expiresAt,
  }),
  signingKeys: shape<SigningKey>()({ unique: {}, lists: { created: byCreation }, sealed: (row) => [row.sealed] }),
  keyUses: shape<KeyUse>()({ unique: {}, lists: {} }),
  settings: shape<Setting>()({ unique: {}, lists: {}, sealed: (row) => [sealedIn(row)] }),
  attempts: shape<Attempts>()({ unique: {}, lists: {}, expiresAt: (row) => row.expiresAt }),
  oneTimeSecrets: shape<OneTimeSecret>()({
    unique: { hash: (row) => row.hash },
    lists: { account: { group: (row) => row.accountId, order: (row) => row.createdAt } },
    expiresAt: (row) => row.expiresAt,
    sealed: ({ data: { before } }) => [typeof before === 'string' ? before : undefined],
  }),
  codes: shape<OneTimeCode>()({
    unique: {},
    lists: { account: { group: (row) => row.accountId, order: (row) => row.worksUntil } },
    expiresAt: (row) => row.expiresAt,
  }),
  factors: shape<Factors>()({
    unique: {},
    lists: {},
    sealed: ({ authenticators, pending }) => [...authenticators.map(({ sealed }) => sealed), pending?.sealed],
  }),
  passkeys: shape<Passkey>()({
    unique: {},
    lists: { account: { group: (row) => row.accountId, order: (row) => row.createdAt } },
  }),
  rememberedBrowsers: shape<RememberedBrowser>()({
    unique: {},
    lists: { account: { group: (row) => row.accountId, order: (row) => row.createdAt } },
    expiresAt: (row) => row.expiresAt,
  }),
  used: shape<Used>()({ unique: {}, lists: {}, expiresAt: (row) => row.expiresAt }),
  leases: shape<Lease>()({ unique: {}, lists: {}, expiresAt: (row) => row.expiresAt }),
  messages: shape<Message>()({
    unique: {},
    lists: {
      state: { group: (row) => `${row.state} ${row.channel}`, order: (row) => row.nextAt },
      newest: { group: (row) => row.newestOf, order: (row) => row.createdAt },
      account: { group: (row) => row.accountId, order: (row) => row.createdAt },
    },
    expiresAt: (row) => row.expiresAt,
    sealed: (row) => [row.sealed],
  }),
  logoutNotices: shape<LogoutNotice>()({
    unique: {},
    lists: {
      state: { group: (row) => row.state, order: (row) => row.nextAt },
      /** What one app has still to hear of one person. */
      person: {
        group: (row) => (row.state === 'queued' ? `${row.clientId} ${row.accountId}` : undefined),
        order: (row) => row.createdAt,
      },
      /** What a receipt counts: a few among very many notices. */
      receipt: {
        group: ({ receipt, state }) => (receipt === undefined ? undefined : `${receipt} ${state}`),
        order: (row) => row.createdAt,
      },
    },
    expiresAt: (row) => row.expiresAt,
  }),
  receipts: shape<Receipt>()({
    unique: {},
    lists: { account: { group: (row) => row.accountId, order: (row) => row.at } },
    expiresAt: (row) => row.expiresAt,
    sealed: (row) => [row.sealed],
  }),
  webhooks: shape<Webhook>()({
    unique: {},
    lists: { created: byCreation },
    sealed: ({ secrets }) => secrets.map(({ sealed }) => sealed),
  }),
  webhookDeliveries: shape<WebhookDelivery>()({
    unique: {},
    lists: {
      state: { group: ({ state, webhookId }) => deliveryGroup(state, webhookId), order: (row) => row.nextAt },
      webhook: { group: (row) => row.webhookId, order: (row) => row.createdAt },
    },
    expiresAt: (row) => row.expiresAt,
  }),
  apiKeys: shape<ApiKey>()({
    unique: { hash: (row) => row.hash, slot: (row) => row.slot },
    lists: { account: { group: (row) => row.accountId, order: (row) => row.createdAt } },
    expiresAt: (row) => row.expiresAt,
  }),
};
