import type { Client } from '../domain/client.ts';
import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/json.ts';
import type { Events } from '../events/writer.ts';
import type { Page, PageRequest, Records } from '../storage/records.ts';
import type { By, Result } from './problems.ts';

export interface Registered {
  client: Client;
  /** Only here, never again (S44). Absent when the client has none of its own or keeps the one it has. */
  secret?: string;
}

export type ClientKind = 'web' | 'spa' | 'native' | 'machine';

/** `metadata` is RFC 7591 metadata plus ours (domain/client.ts), unchecked: from a file, a form or the network. */
export interface Clients {
  /** `kind` fills in what the metadata leaves out. `id`: for clients of our own; Conflict when taken. */
  create(metadata: unknown, by: By, options?: { kind?: ClientKind | undefined; id?: string | undefined }): Promise<Result<Registered>>;
  /** Idempotent, also when raced; the secret is there only for the one call that made the client. Throws Invalid. */
  ensure(id: string, metadata: unknown): Promise<Registered>;
  list(page?: PageRequest): Promise<Page<Client>>;
  show(id: string): Promise<Client | undefined>;
  /** Replaces all metadata; secrets stay. Undefined: no such client. */
  update(id: string, metadata: unknown, by: By): Promise<Result<Registered> | undefined>;
  disable(id: string, by: By): Promise<Client | undefined>;
  enable(id: string, by: By): Promise<Client | undefined>;
  /** Its consents, grants and refresh tokens go first. Whether there was one. */
  delete(id: string, by: By): Promise<boolean>;
  /** `overlap` in seconds: how long the older secrets still work. Undefined: no such client, or one without secrets. */
  rotateSecret(id: string, overlap: number, by: By): Promise<Registered | undefined>;
}

export interface ClientsDeps {
  records: Records;
  events: Events;
  clock: Clock;
  /** Development lets web clients use http on loopback. */
  mode: 'development' | 'production';
  /** `config.resources` */
  resources: readonly { identifier: string; scopes: readonly { name: string }[] }[];
}

export declare function createClients(deps: ClientsDeps): Clients;

/** RFC 7591 section 3.2.1: what `client create` and `client show` print. No hash, and a secret only if handed in. */
export declare function clientDocument(client: Client, secret?: string): Record<string, Json>;
