import type { Client, ClientMetadata, ClientSecret } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict, Invalid } from '../domain/errors.ts';
import { newId, newSecret, sha256 } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { Page, PageRequest, Records, Write } from '../storage/records.ts';
import type { MetadataRules } from './client-consistency.ts';
import { changesOf } from './client-changes.ts';
import { clientKinds, readClientMetadata, type ClientKind } from './client-metadata.ts';
import { outgoing, usesSecret, workingSecrets } from './client-secrets.ts';
import type { ClientUses } from './client-uses.ts';
import { hold, type Condition, type Only } from './conditions.ts';
import type { Endings } from './endings.ts';
import type { Happening } from './happenings.ts';
import { problem, problemText, refused, type By, type Result } from './problems.ts';

export { clientKinds, type ClientKind };

/** Somebody else has changed it since: `version` is not that of now. */
export type ChangedMeanwhile = 'changed';

/** `once` names a request: sent twice it does the thing once. */
export interface Once {
  once?: string | undefined;
}

export interface Registered {
  client: Client;
  /** Only here, never again (S44). Absent when the client has none of its own or keeps the one it has. */
  secret?: string;
}

/**
 * What can be done to clients. `metadata` is RFC 7591 metadata plus ours (domain/client.ts), unchecked: from a file, a
 * form or the network. What is printed of a client: client-document.ts. Where `only` does not hold, Unmet is thrown.
 */
export interface Clients {
  /** `kind` fills in what the metadata leaves out. `id`: for clients of our own. Throws Conflict when the id is taken. */
  create(
    metadata: unknown,
    by: By,
    options?: { kind?: ClientKind | undefined; id?: string | undefined },
  ): Promise<Result<Registered>>;
  /**
   * For clients of our own, at each start: makes the client or brings its metadata up to date, also when raced. The
   * secret is there only for the one call that made it. A disabled one stays so. Throws Invalid.
   */
  ensure(id: string, metadata: unknown): Promise<Registered>;
  /** In the order of their registration. */
  list(page?: PageRequest): Promise<Page<Client>>;
  show(id: string): Promise<Client | undefined>;
  /**
   * Replaces all metadata; a secret stays while it is used. With `version` only where that is the client's. Undefined: no
   * such client.
   */
  update(
    id: string,
    metadata: unknown,
    by: By,
    options?: { version?: number | undefined } & Only<Client>,
  ): Promise<Result<Registered> | ChangedMeanwhile | undefined>;
  disable(id: string, by: By, options?: Only<Client>): Promise<Client | undefined>;
  enable(id: string, by: By, options?: Only<Client>): Promise<Client | undefined>;
  /** Its consents, grants and refresh tokens go first. Whether there was one. */
  delete(id: string, by: By): Promise<boolean>;
  /**
   * `overlap` in seconds: how long the older secrets still work; 0 ends them at once. Undefined: no such client, or one
   * without secrets. Throws Conflict where this very request made one before, and Invalid for an overlap that is negative or longer than 90 days.
   */
  rotateSecret(id: string, overlap: number, by: By, options?: Once & Only<Client>): Promise<Registered | undefined>;
  /** Ends an older secret now. The newest stays: it can only be replaced. Undefined: no such client or secret. */
  removeSecret(id: string, secretId: string, by: By): Promise<Result<Client> | undefined>;
}

export interface ClientsDeps extends MetadataRules {
  records: Records;
  endings: Pick<Endings, 'client'>;
  uses: Pick<ClientUses, 'remove'>;
  events: Events;
  clock: Clock;
}

/** What becomes of a client, and how it is told. */
interface Reshaping {
  fields: Partial<Pick<Client, 'metadata' | 'secrets' | 'disabled'>>;
  told: Pick<Happening, 'kind' | 'details'>;
}

const longestOverlap = 90 * 86_400;

export function createClients(deps: ClientsDeps): Clients {
  const { records, endings, uses, events, clock } = deps;

  function newClientSecret(id = newId()): { kept: ClientSecret; secret: string } {
    const secret = newSecret();

    return { kept: { id, hash: sha256(secret), createdAt: clock.now() }, secret };
  }

  async function insert(id: string, metadata: ClientMetadata, by: By): Promise<Registered> {
    const { kept, secret } = newClientSecret();
    const withSecret = usesSecret(metadata);
    const now = clock.now();
    const client: Client = {
      id,
      metadata,
      secrets: withSecret ? [kept] : [],
      disabled: false,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };

    const told = await telling({ kind: 'client.created', details: { name: metadata.client_name } }, id, by);
    await records.write([{ in: 'clients', create: client, decides: true }, ...told]);

    return withSecret ? { client, secret } : { client };
  }

  async function telling({ kind, ...what }: Reshaping['told'], clientId: string, by: By): Promise<Write[]> {
    const told: Write[] = [];

    // The pair of kind and details is one of the catalogue's, which the compiler can't follow through a union.
    await events.write(kind, { ...by, clientId, ...what } as never, (create) => told.push({ in: 'events', create }));

    return told;
  }

  /**
   * The change of a client and the event that tells of it, in one step (S113). `made` says what becomes of it as it is now, or
   * undefined: nothing; it is asked anew where somebody else was faster. Answers the client as it is then.
   */
  async function reshape(
    id: string,
    by: By,
    made: (old: Client) => Reshaping | undefined,
  ): Promise<Client | undefined> {
    for (;;) {
      const old = await records.clients.get(id);
      const shape = old && made(old);
      if (!shape) return old;

      const client = { ...old, ...shape.fields, version: old.version + 1, updatedAt: clock.now() };
      const change = (now: Client): Client => (now.version === old.version ? client : now);
      const told = await telling(shape.told, id, by);

      if (await records.write([{ in: 'clients', update: id, change, decides: true }, ...told])) return client;
    }
  }

  /** Writes nothing when nothing differs. */
  async function replace(id: string, metadata: ClientMetadata, by: By): Promise<Registered | undefined>;
  async function replace(
    id: string,
    metadata: ClientMetadata,
    by: By,
    options: { version?: number | undefined } & Only<Client>,
  ): Promise<Registered | ChangedMeanwhile | undefined>;
  async function replace(
    id: string,
    metadata: ClientMetadata,
    by: By,
    { version, only }: { version?: number | undefined } & Only<Client> = {},
  ) {
    const { kept, secret } = newClientSecret();
    let isAnother = false;

    const client = await reshape(id, by, (old) => {
      hold(only, old);
      isAnother = version !== undefined && version !== old.version;
      const changes = isAnother ? {} : changesOf(old.metadata, metadata);
      if (Object.keys(changes).length === 0) return undefined;

      const secrets = usesSecret(metadata) ? (old.secrets.length > 0 ? old.secrets : [kept]) : [];
      return { fields: { metadata, secrets }, told: { kind: 'client.updated', details: { changes } } };
    });

    if (!client) return undefined;
    if (isAnother) return 'changed';

    return client.secrets.some((one) => one.id === kept.id) ? { client, secret } : { client };
  }

  async function setDisabled(
    id: string,
    disabled: boolean,
    by: By,
    only?: Condition<Client>,
  ): Promise<Client | undefined> {
    const told = { kind: disabled ? 'client.disabled' : 'client.enabled' } as const;

    return reshape(id, by, (old) => {
      hold(only, old);

      return old.disabled === disabled ? undefined : { fields: { disabled }, told };
    });
  }

  return {
    async create(metadata, by, { kind, id } = {}) {
      const parsed = readClientMetadata(metadata, deps, kind);

      return parsed.ok ? { ok: true, value: await insert(id ?? newId(), parsed.value, by) } : parsed;
    },

    async ensure(id, metadata) {
      const by = { actor: 'command-line' };
      const parsed = readClientMetadata(metadata, deps);
      if (!parsed.ok) throw new Invalid(`client ${id}: ${parsed.problems.map(problemText).join(' ')}`);

      const there = await replace(id, parsed.value, by);
      if (there) return there;

      try {
        return await insert(id, parsed.value, by);
      } catch (error) {
        // Made by another process since: the same client, unless it was removed again in between.
        const made = error instanceof Conflict ? await replace(id, parsed.value, by) : undefined;
        if (!made) throw error;

        return made;
      }
    },

    list: (page) => records.clients.list('created', 'all', page),
    show: (id) => records.clients.get(id),

    async update(id, metadata, by, options = {}) {
      const parsed = readClientMetadata(metadata, deps);
      if (!parsed.ok) return parsed;
      const value = await replace(id, parsed.value, by, options);

      return value === 'changed' ? value : value && { ok: true, value };
    },

    disable: (id, by, { only } = {}) => setDisabled(id, true, by, only),
    enable: (id, by, { only } = {}) => setDisabled(id, false, by, only),

    async delete(id, by) {
      // Disabled first, so that nothing new begins while the rest goes; the client itself last, because its tokens must
      // be refused, not unexplained.
      const client = await setDisabled(id, true, by);
      if (!client) return false;

      await endings.client(id);
      const details = { name: client.metadata.client_name };
      const told = await telling({ kind: 'client.deleted', details }, id, by);
      const removed = await records.write([{ in: 'clients', remove: id, decides: true }, ...told]);

      // What began in the same instant as the client was disabled.
      await endings.client(id);
      await uses.remove(id);

      return removed;
    },

    async rotateSecret(id, overlap, by, { once, only } = {}) {
      if (!Number.isInteger(overlap) || overlap < 0 || overlap > longestOverlap) {
        throw new Invalid(`an overlap is 0 to ${longestOverlap} seconds`);
      }

      const { kept, secret } = newClientSecret(once === undefined ? newId() : sha256(`${id} ${once}`).slice(0, 22));
      const now = clock.now();
      const client = await reshape(id, by, (old) => {
        if (old.secrets.length === 0 || old.secrets.some((one) => one.id === kept.id)) return undefined;

        hold(only, old);
        const secrets = [kept, ...outgoing(old.secrets, now, overlap)];
        return { fields: { secrets }, told: { kind: 'client.secret_rotated', details: { overlap } } };
      });

      const made = client?.secrets.find((one) => one.id === kept.id);
      if (!client || !made) return undefined;
      if (made.hash !== kept.hash) throw new Conflict('id');

      return { client, secret };
    },

    async removeSecret(id, secretId, by) {
      let doomed: ClientSecret | undefined;
      let isNewest = false;

      const client = await reshape(id, by, (old) => {
        const working = workingSecrets(old, clock.now());
        doomed = working.find((one) => one.id === secretId);
        isNewest = doomed !== undefined && doomed === working[0];
        if (!doomed || isNewest) return undefined;

        const secrets = old.secrets.filter((one) => one.id !== secretId);
        return { fields: { secrets }, told: { kind: 'client.secret_removed', details: { secret: secretId } } };
      });

      if (!client || !doomed) return undefined;
      if (isNewest) return refused(problem('', 'problem.clientSecretNewest'));

      return { ok: true, value: client };
    },
  };
}
