import { apiKeyClientId } from '../domain/api-key.ts';
import { clientNameKey, consoleClientId, type Client, type ClientUse } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import { readCursor, writeCursor } from '../storage/cursor.ts';
import type { Page, Records } from '../storage/records.ts';
import { holdingsOf, type Holdings, type HoldingsDeps } from './client-holdings.ts';
import type { ClientRevocation } from './client-revocation.ts';
import { mostSecrets, secretsOf, workingSecrets, type SecretView } from './client-secrets.ts';
import type { ClientUses } from './client-uses.ts';
import type { ChangedMeanwhile, ClientKind, Clients, Once, Registered } from './clients.ts';
import type { Only } from './conditions.ts';
import { problem, refused, type By, type Result } from './problems.ts';

/**
 * What administrators see of clients and do to them, in the console and by programs. Our own clients are seen and left
 * alone: without them nobody could sign in to the console. Undefined stands for a client that there is not. Where `only`
 * does not hold, Unmet is thrown.
 */
export interface ClientAdministration {
  /** By name; the search is for how a name begins, or for a whole id. Throws Invalid for an unreadable `after`. */
  list(page?: {
    search?: string | undefined;
    after?: string | undefined;
    limit?: number | undefined;
  }): Promise<Page<ClientRow>>;
  find(id: string): Promise<ClientDetails | undefined>;
  /** `id`: so that a form which is sent twice makes one; throws Conflict where it is taken. */
  create(
    metadata: unknown,
    by: By,
    options?: { kind?: ClientKind | undefined; id?: string | undefined },
  ): Promise<Result<Registered>>;
  /** `version` as it was read: somebody else's change is never lost unseen. */
  update(
    id: string,
    metadata: unknown,
    by: By,
    options: { version: number } & Only<Client>,
  ): Promise<Result<Registered> | ChangedMeanwhile | undefined>;
  /** In force at once for tokens, within 5 s for what is new. */
  disable(id: string, by: By, options?: Only<Client>): Done<Client>;
  enable(id: string, by: By, options?: Only<Client>): Done<Client>;
  /** With all that it was given. */
  delete(id: string, by: By): Done<boolean>;
  /** `overlap` in seconds: how long older secrets still work, at most 90 days. */
  rotateSecret(id: string, overlap: number, by: By, options?: Once & Only<Client>): Done<Registered>;
  removeSecret(id: string, secretId: string, by: By): Done<Client>;
  /** What `revoke` would end. */
  impact(id: string): Promise<Holdings | undefined>;
  revoke(id: string, by: By, options?: { once?: string | undefined }): Done<{ receipt: string }>;
  receipts: ClientRevocation['list'];
  receipt: ClientRevocation['find'];
}

type Done<T> = Promise<Result<T> | undefined>;

export interface ClientRow {
  client: Client;
  isOurs: boolean;
  use?: ClientUse;
  /** Of so many grants at most (`isWhole`). */
  holdings: Holdings;
}

export interface ClientDetails extends ClientRow {
  secrets: SecretView[];
}

export interface ClientAdministrationDeps extends HoldingsDeps {
  records: HoldingsDeps['records'] & Pick<Records, 'clients'>;
  clients: Clients;
  uses: Pick<ClientUses, 'find'>;
  revocation: ClientRevocation;
  clock: Clock;
}

/** Rows of one page, unless told otherwise. */
const usual = 20;

/** How many grants are looked at for a row of the list, and for one client alone. */
const glance = 200;
const wholeLook = 5_000;

const longestOverlap = 90 * 86_400;

const ours: readonly string[] = [consoleClientId, apiKeyClientId];

export function createClientAdministration(deps: ClientAdministrationDeps): ClientAdministration {
  const { records, clients, uses, revocation, clock } = deps;

  async function rowOf(client: Client, looked: number): Promise<ClientRow> {
    const [use, holdings] = await Promise.all([uses.find(client.id), holdingsOf(deps, client, looked)]);

    return { client, isOurs: ours.includes(client.id), ...(use && { use }), holdings };
  }

  /** Some of those whose name begins so, in the order of the names. */
  async function named(search: string, after: string | undefined, most: number): Promise<Page<Client>> {
    const prefix = clientNameKey(search);
    // Of an address that was changed by hand at worst: it can only move within the list.
    if (after !== undefined) readCursor(after);

    const from = after ?? (prefix === '' ? undefined : writeCursor({ order: prefix, id: '' }));
    const { rows } = await records.clients.list('name', 'all', {
      limit: most + 1,
      ...(from !== undefined && { after: from }),
    });
    const found = rows.filter(({ metadata }) => clientNameKey(metadata.client_name).startsWith(prefix));
    const last = found[most - 1];

    return {
      rows: found.slice(0, most),
      ...(found.length > most &&
        last && { next: writeCursor({ order: clientNameKey(last.metadata.client_name), id: last.id }) }),
    };
  }

  /** Of a client that is not ours. */
  async function change<T>(id: string, run: () => Promise<Result<T> | undefined>): Promise<Result<T> | undefined> {
    return ours.includes(id) ? refused(problem('', 'problem.clientOurs')) : run();
  }

  async function done<T>(value: Promise<T | undefined>): Promise<Result<T> | undefined> {
    const made = await value;

    return made === undefined ? undefined : { ok: true, value: made };
  }

  return {
    async list({ search = '', after, limit = usual } = {}) {
      const sought = search.trim();
      const [byId, page] = await Promise.all([
        sought === '' || after !== undefined ? undefined : records.clients.get(sought),
        named(sought, after, limit),
      ]);
      const rows = [...(byId ? [byId] : []), ...page.rows.filter(({ id }) => id !== byId?.id)];

      return { ...page, rows: await Promise.all(rows.map((client) => rowOf(client, glance))) };
    },

    async find(id) {
      const client = await clients.show(id);
      if (!client) return undefined;

      const row = await rowOf(client, wholeLook);

      return { ...row, secrets: secretsOf(client, row.use, clock.now()) };
    },

    create: (metadata, by, options) => clients.create(metadata, by, options),

    async update(id, metadata, by, options) {
      return ours.includes(id) ? refused(problem('', 'problem.clientOurs')) : clients.update(id, metadata, by, options);
    },

    disable: (id, by, options) => change(id, () => done(clients.disable(id, by, options))),
    enable: (id, by, options) => change(id, () => done(clients.enable(id, by, options))),

    delete: (id, by) => change(id, () => done(clients.delete(id, by).then((isGone) => (isGone ? true : undefined)))),

    rotateSecret: (id, overlap, by, options) =>
      change(id, async () => {
        const client = await clients.show(id);
        if (!client) return undefined;
        if (!Number.isInteger(overlap) || overlap < 0 || overlap > longestOverlap) {
          return refused(problem('overlap', 'problem.clientOverlap', { days: longestOverlap / 86_400 }));
        }
        if (client.secrets.length === 0) return refused(problem('', 'problem.clientNoSecret'));
        if (overlap > 0 && workingSecrets(client, clock.now()).length >= mostSecrets) {
          return refused(problem('', 'problem.clientSecrets', { max: mostSecrets }));
        }

        return done(clients.rotateSecret(id, overlap, by, options));
      }),

    removeSecret: (id, secretId, by) => change(id, () => clients.removeSecret(id, secretId, by)),

    async impact(id) {
      const client = await clients.show(id);

      return client && holdingsOf(deps, client, wholeLook);
    },

    revoke: (id, by, options) =>
      change(id, async () => {
        const receipt = await revocation.revoke(id, by, options);

        return receipt && { ok: true, value: { receipt: receipt.id } };
      }),

    receipts: revocation.list,
    receipt: revocation.find,
  };
}
