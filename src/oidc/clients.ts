import Provider from 'oidc-provider';
import type { Client as LibraryClient, ClientMetadata as LibraryMetadata, KoaContextWithOIDC } from 'oidc-provider';

import type { Client, ClientSecret } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import { sha256 } from '../domain/ids.ts';
import { sameText } from '../storage/sealing.ts';
import type { ClientChanges } from './client-changes.ts';
import { noteClientUse } from './client-use.ts';
import type { OidcDeps } from './deps.ts';
import { metadataOf } from './client-metadata.ts';
import type { UnitOfWork, Units } from './request.ts';
import { reaching } from './unavailable.ts';

/**
 * Clients as the library sees them, made once for each version of a client's row: the library would check and rebuild
 * one for every request.
 */

/**
 * How long a client is believed to be as it was read, in milliseconds, whatever happens: a change is in force within 5 s
 * on every node. For longer only where nobody has changed any.
 */
const believedFor = 3_000;

const mostKept = 20_000;

export interface Clients {
  /** The row behind what the library finds; a disabled one too. */
  find(id: string): Promise<Client | undefined>;
}

export interface ClientsDeps extends Pick<OidcDeps, 'clientUses'> {
  units: Units;
  clock: Clock;
  changes: Pick<ClientChanges, 'noneSince'>;
}

type ClientClass = Provider['Client'];

/** Takes the place of the library's own look-up and comparison of secrets in this provider. */
export function attachClients(provider: Provider, deps: ClientsDeps): Clients {
  const rows = new WeakMap<LibraryClient, Client>();
  const kept = new Map<string, { client: LibraryClient; row: Client; readAt: number }>();
  const { units, clock, changes, clientUses } = deps;

  async function read(unit: UnitOfWork, id: string): Promise<LibraryClient | undefined> {
    const readAt = unit.known('clients', id) ? unit.startedAt : clock.now();
    const row = await unit.get('clients', id);
    const before = kept.get(id);
    kept.delete(id);

    if (!row) return undefined;

    const client = before && isSame(before.row, row) ? before.client : await newClient(row);

    // The least lately read goes first.
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '');

    kept.set(id, { client, row, readAt });
    rows.set(client, row);

    return client;
  }

  async function newClient(row: Client): Promise<LibraryClient> {
    const Client = provider.Client as unknown as new (metadata: LibraryMetadata) => LibraryClient;
    const metadata = metadataOf(row);

    // OpenID Connect Core 1.0 section 8.1: the sector's own list has to name every redirect URI (S57).
    if (metadata.sector_identifier_uri !== undefined) await provider.Client.validate(metadata);

    return new Client(metadata);
  }

  async function known(id: string): Promise<LibraryClient | undefined> {
    const before = kept.get(id);

    return before && isBelieved(before.readAt) ? before.client : reaching(units, (unit) => read(unit, id));
  }

  async function anew(row: Client | undefined): Promise<Client | undefined> {
    const client = row && (await reaching(units, (unit) => read(unit, row.id)));
    const now = client && rows.get(client);

    return now?.disabled === false ? now : undefined;
  }

  function isBelieved(readAt: number): boolean {
    return Math.abs(clock.now() - readAt) < believedFor || changes.noneSince(readAt);
  }

  async function find(id: unknown): Promise<LibraryClient | undefined> {
    const client = typeof id === 'string' && id !== '' ? await known(id) : undefined;

    return client && rows.get(client)?.disabled === true && isAtWork() ? undefined : client;
  }

  const model = provider.Client as unknown as { find: typeof find; prototype: object };
  const exactly = (provider.Client as ClientClass & { prototype: LibraryClient }).prototype
    .postLogoutRedirectUriAllowed;

  model.find = find;

  Object.assign(model.prototype, {
    /** A secret may be newer than what is believed of the client: before one is refused it is looked up. */
    async compareClientSecret(this: LibraryClient, presented: string): Promise<boolean> {
      const row = rows.get(this);
      const secret = secretOf(row, presented, clock.now()) ?? secretOf(await anew(row), presented, clock.now());
      if (row && secret) noteClientUse({ units, clientUses }, row.id, secret.id);

      return secret !== undefined;
    },

    postLogoutRedirectUriAllowed(this: LibraryClient, uri: string): boolean {
      return exactly.call(this, uri) || (isBareOrigin(uri) && exactly.call(this, withOrWithoutSlash(uri)));
    },
  });

  return {
    async find(id) {
      const client = await known(id);

      return client && rows.get(client);
    },
  };
}

/** One may have been removed and made anew under the same id. */
function isSame(a: Client, b: Client): boolean {
  return a.version === b.version && a.createdAt === b.createdAt;
}

/** A disabled client is found where nothing is given out: signing out, and being told of it. */
function isAtWork(): boolean {
  const route = (Provider.ctx as KoaContextWithOIDC | undefined)?.oidc.route;

  return route !== undefined && !route.startsWith('end_session');
}

/** Every secret is compared, whichever fits: an old one works as long as it overlaps with the new. */
function secretOf(client: Client | undefined, presented: string, now: number): ClientSecret | undefined {
  const hash = sha256(presented);
  let found: ClientSecret | undefined;

  for (const secret of client?.secrets ?? []) {
    const valid = secret.expiresAt === undefined || secret.expiresAt > now;

    if (sameText(secret.hash, hash) && valid) found = secret;
  }

  return found;
}

/** RFC 3986 section 6.2.3: an origin with and without its slash is the same place; anything longer is compared exactly. */
function isBareOrigin(uri: string): boolean {
  const origin = URL.parse(uri)?.origin;

  return origin !== undefined && (uri === origin || uri === `${origin}/`);
}

function withOrWithoutSlash(uri: string): string {
  return uri.endsWith('/') ? uri.slice(0, -1) : `${uri}/`;
}
