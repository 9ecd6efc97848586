import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { openSecrets } from '../src/config/secrets.ts';
import { systemClock } from '../src/domain/clock.ts';
import type { ClientKind } from '../src/operations/clients.ts';
import type { Result } from '../src/operations/problems.ts';
import { openServices, type Services } from '../src/services.ts';
import { emailOf, fillHouse } from '../test/support/house.ts';
import { openPair, type Pair } from '../test/support/storage.ts';
import { freePort } from './ports.ts';
import { start, type Server } from './process.ts';
import { discoveryPath } from './relying-party.ts';
import { apis, apiScope, inspectorId, redirectUri, type Credentials, type Person, type Target } from './target.ts';

/** Gatehouse as it ships: its defaults, its embedded database on a disk, 200 people, and the clients of the units. */
export interface Wanted {
  /** So many machine clients more, all alike: for what a great number of clients costs. */
  manyMachines?: number;
  /** Other stores than the embedded ones, started as the tests start them. */
  pair?: Pair;
  /** So many people, each signed in somewhere, instead of the 200. */
  accounts?: number;
}

export interface Prepared extends AsyncDisposable {
  config: Config;
  manyMachines: Credentials[];
  /** Starts `gatehouse start` on the data, with these options for Node. */
  start(nodeOptions?: readonly string[]): Promise<Target>;
}

const by = { actor: 'command-line' };
const people = 200;
const mostWhoSignIn = 1000;
const password = 'quiet-marble-otter-47-lantern';
const gatehouse = fileURLToPath(new URL('../src/cli/gatehouse.js', import.meta.url));

export async function prepareGatehouse({
  manyMachines: many = 0,
  pair = 'sqlite',
  accounts,
}: Wanted = {}): Promise<Prepared> {
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  const { env } = opening.use(await openPair(pair));
  const path = join(folder, 'gatehouse.yaml');
  const port = await freePort();
  // JSON is YAML.
  await writeFile(path, JSON.stringify(settings(port, join(folder, 'data'))));
  await mkdir(join(folder, 'data'), { mode: 0o700 });

  const loaded = loadConfig({ path, env });
  if (loaded.problems) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));

  const { config } = loaded;
  const filled = await fill(config, { many, accounts });
  const places = opening.move();

  return {
    config,
    manyMachines: filled.manyMachines,
    async start(nodeOptions = []) {
      const server: Server = await start({
        // As `npm start` has it.
        args: ['--max-semi-space-size=8', ...nodeOptions, gatehouse, 'start', '--config', path],
        env,
        readyAt: `${config.issuer}${discoveryPath}`,
      });

      return {
        name: 'Gatehouse',
        issuer: config.issuer,
        server,
        clients: filled.clients,
        people: filled.people,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => places.disposeAsync(),
  };
}

/** What a deployment has to say, and what a load of one address needs; everything else is the default. */
function settings(port: number, data: string) {
  const api = { scopes: [{ name: apiScope }] };

  return {
    issuer: `http://127.0.0.1:${port}`,
    data,
    demo: { enabled: false },
    // All of the load comes from one address.
    limits: { requests: { authorizations: 1_000_000, sign_ins: 1_000_000, api: 1_000_000 } },
    resources: [
      { ...api, identifier: apis.RS256, name: 'Signed with RSA', signing_algorithm: 'RS256' },
      { ...api, identifier: apis.ES256, name: 'Signed with a curve', signing_algorithm: 'ES256' },
      { ...api, identifier: apis.opaque, name: 'Opaque', format: 'opaque', introspected_by: [inspectorId] },
    ],
  };
}

async function fill(config: Config, { many, accounts }: { many: number; accounts: number | undefined }) {
  await using services = await openServicesOf(config);
  const machine = (id: string) =>
    register(services, { id, kind: 'machine', metadata: { resources: [apis.RS256, apis.ES256] } });
  const app = (id: string, algorithm: string) =>
    register(services, {
      id,
      kind: 'web',
      metadata: {
        redirect_uris: [redirectUri],
        scope: 'openid profile email offline_access',
        id_token_signed_response_alg: algorithm,
        resources: [apis.opaque],
        first_party: true,
      },
    });

  const clients = {
    machine: await machine('bench-machine'),
    RS256: await app('bench-rs256', 'RS256'),
    ES256: await app('bench-es256', 'ES256'),
    inspector: await register(services, { id: inspectorId, kind: 'machine', metadata: { resources: [apis.opaque] } }),
  };
  const manyMachines: Credentials[] = [];

  for (let index = 0; index < many; index += 1) manyMachines.push(await machine(`bench-machine-${index}`));

  return {
    clients,
    manyMachines,
    people: accounts === undefined ? await populate(services) : await populateWith(accounts, services),
  };
}

export async function openServicesOf(config: Config): Promise<Services> {
  const { secrets, problems } = openSecrets(config);
  if (problems) throw new Error(problems.map(({ message }) => message).join('\n'));

  return openServices({
    config,
    secrets,
    clock: systemClock,
    server: false,
    onError: (error) => {
      throw error;
    },
  });
}

interface NewClient {
  id: string;
  kind: ClientKind;
  metadata: Record<string, unknown>;
}

async function register({ clients }: Services, { id, kind, metadata }: NewClient): Promise<Credentials> {
  const { secret } = valueOf(await clients.create({ client_name: id, ...metadata }, by, { kind, id }));
  if (secret === undefined) throw new Error(`${id} has no secret`);

  return { id, secret };
}

async function populate({ accounts }: Services): Promise<Person[]> {
  return Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const email = `person${index}@bench.example`;
      const names = { firstName: 'Ana', lastName: `Lind ${index}`, displayName: `Ana Lind ${index}` };
      valueOf(await accounts.create({ email, password, emailVerified: true, ...names }, by));

      return { email, password };
    }),
  );
}

/** Written past every rule, with one hash for all: a million people who choose a password take ten hours. */
async function populateWith(accounts: number, { records, sealing, passwords }: Services): Promise<Person[]> {
  const hash = await passwords.hash(password);
  await fillHouse(records, { accounts, sealing, now: Date.now(), hash, only: ['accounts', 'passwords', 'sessions'] });

  // Those who sign in live far from one another.
  const far = Math.max(1, Math.floor(accounts / mostWhoSignIn));
  return Array.from({ length: Math.min(accounts, mostWhoSignIn) }, (_, index) => ({
    email: emailOf(index * far),
    password,
  }));
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));

  return result.value;
}
