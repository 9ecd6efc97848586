import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { resolveSettings, settings } from '../../src/config/schema.ts';
import type { Account } from '../../src/domain/account.ts';
import type { Client, ClientMetadata } from '../../src/domain/client.ts';
import { consoleClientId } from '../../src/domain/client.ts';
import { sha256 } from '../../src/domain/ids.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { startTellingApps } from '../../src/jobs/telling-apps.ts';
import type { Oidc } from '../../src/oidc/provider.ts';
import { createOidc } from '../../src/oidc/provider.ts';
import { createUnits } from '../../src/oidc/units.ts';
import { createConsents } from '../../src/operations/consents.ts';
import { createEndings, type Endings } from '../../src/operations/endings.ts';
import { createLogoutDelivery } from '../../src/operations/logout-delivery.ts';
import { createLogoutNotices } from '../../src/operations/logout-notices.ts';
import { createSigningKeys, type SigningKeys } from '../../src/operations/signing-keys.ts';
import { ephemeraBackends, recordsBackends } from '../../src/storage/backends.ts';
import type { Ephemera } from '../../src/storage/ephemera.ts';
import type { Records } from '../../src/storage/records.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { createBell } from '../../src/storage/waking.ts';
import { emptyFolder } from '../storage/places.ts';
import type { Browser } from './browser.ts';
import { createBrowser } from './browser.ts';
import { appOf, createPages } from './stand-ins.ts';

/**
 * The protocol room on SQLite and a port of its own, with pages that answer JSON instead of HTML: what the flow tests
 * look at is which step comes, not how it is drawn.
 */
export interface World {
  origin: string;
  records: Records;
  ephemera: Ephemera;
  clock: Clock;
  oidc: Oidc;
  endings: Endings;
  signingKeys: SigningKeys;
  /** Kinds of the security events that were written. */
  events: string[];
  errors: unknown[];
  /** Moves our clock on, in seconds; the library's own stays. */
  wait(seconds: number): void;
  /** From here on our clock moves by `wait` alone: what happens at once does so on a busy machine too. */
  freeze(): void;
  browser(): Browser;
  addClient(id: string, metadata: Partial<ClientMetadata>, of?: Partial<Client>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Signs the cookies. */
export const cookieKey = 'k'.repeat(40);

/** The secret of every confidential client here. */
export const secret = 'a'.repeat(43);

/** `between`: stands between the protocol and each store; the test's own `records` and `ephemera` are the stores. */
export async function openWorld(
  given: Parameters<typeof settings.parse>[0] = {},
  between: <T extends object>(store: T) => T = (store) => store,
): Promise<World> {
  await using opened = new AsyncDisposableStack();

  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = opened.use(await emptyFolder());
  const config = resolveSettings(settings.parse({ ...(given as object), issuer: origin, data: folder.path }));

  let offset = 0;
  let stopped: number | undefined;
  const clock = { now: () => (stopped ?? Date.now()) + offset };
  const place = { clock, data: folder.path, server: false };
  const records = opened.use(await only(recordsBackends).openRecords({}, place));
  const ephemera = opened.use(await only(ephemeraBackends).openEphemera({}, place));

  const cookieKeys = [cookieKey];
  const events: string[] = [];
  const errors: unknown[] = [];
  const pages = createPages();

  const writer = { write: async (kind: string) => void events.push(kind) };
  const sealing = createSealing({
    encryptionKeys: [{ id: 'k', key: Buffer.alloc(32, 7) }],
    hashKey: Buffer.alloc(32, 8),
  });
  const signingKeys = createSigningKeys({ config, records, sealing, clock, events: writer });
  await signingKeys.ensure();
  const bell = createBell();
  const notices = createLogoutNotices({ records: between(records), clock, wake: bell.ring });
  const endings = createEndings({ records: between(records), events: writer, notices });

  const onError = (error: unknown) => void errors.push(error);
  const units = createUnits({ records: between(records), ephemera: between(ephemera), clock, onError });
  opened.defer(() => units.settled());

  const oidc: Oidc = opened.use(
    await createOidc({
      config,
      secrets: { cookieKeys, pairwiseSalt: 'salt' },
      records: between(records),
      ephemera: between(ephemera),
      units,
      sealing,
      clock,
      events: writer,
      consents: createConsents({ records: between(records), events: writer, clock }),
      endings,
      logoutNotices: notices,
      clientUses: { due: () => undefined },
      apiKeys: { look: async () => undefined, used: async () => undefined },
      pages,
      originOf: () => ({ ip: '192.0.2.1', userAgent: 'test', requestId: 'r1' }),
      browserOf: () => 'one for all',
      onRefused: () => undefined,
      onError,
    }),
  );

  opened.use(
    startTellingApps({
      delivery: createLogoutDelivery({ records, clock, tell: oidc.tellApp }),
      events: writer,
      onWake: bell.listen,
      failed: onError,
      told: () => undefined,
    }),
  );

  const answer = appOf(config, oidc, { cookieKeys, pages, errors }).callback();
  server.on('request', (request, response) => void answer(request, response));

  const addClient: World['addClient'] = (id, metadata, of = {}) =>
    records.clients.create({
      id,
      metadata: { client_name: id, redirect_uris: [`https://${id}.example/cb`], ...metadata },
      secrets: [{ id: 's', hash: sha256(secret), createdAt: 0 }],
      disabled: false,
      version: 1,
      createdAt: 0,
      updatedAt: 0,
      ...of,
    });

  await addClient(consoleClientId, {
    redirect_uris: [`${origin}/account/signed-in`],
    grant_types: [],
    response_types: ['none'],
    token_endpoint_auth_method: 'none',
    first_party: true,
    scope: 'openid',
  });
  for (const id of ['ana', 'bob']) await records.accounts.create(accountOf(id));

  const running = opened.move();

  return {
    origin,
    records,
    ephemera,
    clock,
    oidc,
    endings,
    signingKeys,
    events,
    errors,
    wait: (seconds) => void (offset += seconds * 1000),
    freeze: () => void (stopped ??= Date.now()),
    browser: () => createBrowser(origin),
    addClient,
    async [Symbol.asyncDispose]() {
      await running.disposeAsync();
    },
  };
}

function accountOf(id: string): Account {
  return {
    id,
    email: `${id}@example.com`,
    emailKey: `${id}@example.com`,
    emailVerified: true,
    displayName: id,
    firstName: id,
    lastName: 'Lindqvist',
    task: '',
    locale: 'en',
    claims: {},
    roles: [],
    status: 'active',
    eventKey: '',
    createdAt: 0,
    updatedAt: 0,
  };
}

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error('no backend');

  return first;
}
