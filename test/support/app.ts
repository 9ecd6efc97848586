import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startApp, type App, type AppOptions } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openSecrets } from '../../src/config/secrets.ts';
import type { Account } from '../../src/domain/account.ts';
import type { Oidc } from '../../src/oidc/provider.ts';
import type { ClientKind, Registered } from '../../src/operations/clients.ts';
import type { Result } from '../../src/operations/problems.ts';
import type { Services } from '../../src/services.ts';
import { openMailbox, type Mailbox } from './mailbox.ts';

/**
 * The whole of Gatehouse on a free port, with a data folder of its own, a clock that can be moved and the log in hand:
 *
 *     await using app = await startTestApp();
 *     const ana = await app.account({ email: 'ana@example.com' });
 *     const { client, secret } = await app.client('web', { redirect_uris: ['https://app.example.com/cb'] });
 *
 * Everything behind the door is real: the embedded database, argon2id (with parameters that cost nothing), the protocol.
 */
export interface TestApp {
  /** The issuer, without a slash at the end. */
  url: string;
  services: Services;
  oidc: Oidc;
  /** The data folder. */
  data: string;
  /** Goes on with real time, from wherever it was moved to. */
  clock: TestClock;
  /** Every line that was logged. */
  log: string[];
  /** The lines of an event, once there are so many of them. */
  logged(event: string, count?: number): Promise<Record<string, unknown>[]>;
  /** What was written to people in development mode, which sends nothing. */
  mail: Mailbox;
  texts: Mailbox;
  setupUrl: string | undefined;
  demoUrl: string | undefined;
  account(about?: Partial<NewAccount>): Promise<Account & { password: string }>;
  client(kind: ClientKind, metadata: Record<string, unknown>): Promise<Registered>;
  /** Stops and starts again on the same port and data, from then on with further variables. `meanwhile` it is stopped. */
  restart(env?: Record<string, string>, meanwhile?: () => Promise<void>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestClock {
  now(): number;
  /** Milliseconds. */
  advance(milliseconds: number): void;
}

export interface NewAccount {
  email: string;
  password: string;
  displayName: string;
  firstName: string;
  lastName: string;
  task: string;
  locale: string;
  emailVerified: boolean;
  claims: Record<string, unknown>;
  administrator: boolean;
}

export interface TestAppOptions {
  /** Further configuration, as YAML. */
  config?: string;
  /** Further variables (`GATEHOUSE_…`). */
  env?: Record<string, string>;
  /** Stands between the app and its stores (outage.ts). */
  aroundStores?: NonNullable<AppOptions['aroundStores']>;
  /** Several nodes go by one. */
  clock?: TestClock;
  /** Milliseconds between two looks at what administrators have set. */
  settingsEvery?: number;
}

export const goodPassword = 'quiet-marble-otter-47-lantern';

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  const port = await freePort();
  const { clock = movableClock() } = options;
  const log: string[] = [];
  const listening = new Set<() => void>();
  let config = await configFor(folder, { port, ...options });
  const start = () =>
    startApp({
      config,
      secrets: secretsOf(config),
      clock,
      writeLog(lines) {
        log.push(...lines.trimEnd().split('\n'));
        for (const listen of listening) listen();
      },
      ...(options.settingsEvery !== undefined && { settingsEvery: options.settingsEvery }),
      ...(options.aroundStores && { aroundStores: options.aroundStores }),
    });

  let app: App = await start().catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  const people = peopleIn(() => app.services);

  return {
    url: config.issuer,
    data: config.data,
    clock,
    log,
    get services() {
      return app.services;
    },
    mail: openMailbox('email', () => app.services),
    texts: openMailbox('sms', () => app.services),
    logged: (event, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const lines = log.map((line) => JSON.parse(line) as Record<string, unknown>);
          const found = lines.filter((line) => line['event'] === event);
          if (found.length < count) return;

          listening.delete(look);
          resolve(found);
        };

        listening.add(look);
        look();
      }),
    get oidc() {
      return app.oidc;
    },
    get setupUrl() {
      return app.setupUrl;
    },
    get demoUrl() {
      return app.demoUrl;
    },
    account: (about) => people.account(about),
    client: (kind, metadata) => people.client(kind, metadata),
    async restart(env, meanwhile) {
      await app[Symbol.asyncDispose]();
      await meanwhile?.();
      if (env) config = await configFor(folder, { port, ...options, env: { ...options.env, ...env } });
      app = await start();
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** Accounts and apps as the command line makes them. */
export function peopleIn(services: () => Pick<Services, 'accounts' | 'clients'>): Pick<TestApp, 'account' | 'client'> {
  const by = { actor: 'command-line' };
  let accounts = 0;

  return {
    async account(about = {}) {
      accounts += 1;
      const { password = goodPassword, administrator = false, ...rest } = about;
      const person = {
        email: `person${accounts}@example.com`,
        displayName: 'Ana Lind',
        firstName: 'Ana',
        lastName: 'Lind',
        emailVerified: true,
        ...rest,
      };
      const made = administrator
        ? await services().accounts.createAdministrator({ ...person, password }, by)
        : await services().accounts.create({ ...person, password }, by);

      return { ...valueOf(made), password };
    },
    client: async (kind, metadata) =>
      valueOf(await services().clients.create({ client_name: `Test ${kind}`, ...metadata }, by, { kind })),
  };
}

async function configFor(folder: string, { port, config, env = {} }: TestAppOptions & { port: number }) {
  const path = join(folder, 'gatehouse.yaml');
  await writeFile(path, config ?? '');

  const loaded = loadConfig({
    ...(config === undefined ? {} : { path }),
    env: {
      GATEHOUSE_ISSUER: `http://localhost:${port}`,
      GATEHOUSE_DATA: join(folder, 'data'),
      GATEHOUSE_DEMO_ENABLED: 'false',
      GATEHOUSE_DEMO_PORT: '0',
      GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '8',
      GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '1',
      ...env,
    },
  });

  if (loaded.problems) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));

  return loaded.config;
}

function secretsOf(config: Parameters<typeof openSecrets>[0]) {
  const opened = openSecrets(config);

  if (opened.problems) throw new Error(opened.problems.map(({ message }) => message).join('\n'));

  return opened.secrets;
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));

  return result.value;
}

export function movableClock(): TestClock {
  let ahead = 0;

  return {
    now: () => Date.now() + ahead,
    advance: (milliseconds) => {
      ahead += milliseconds;
    },
  };
}

/** The issuer holds the port, so it has to be known before anything listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));

  if (address === null || typeof address === 'string') throw new Error('no port');

  return address.port;
}
