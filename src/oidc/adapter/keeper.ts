import Provider from 'oidc-provider';
import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';

import type { Account } from '../../domain/account.ts';
import type { Client } from '../../domain/client.ts';
import type { Grant } from '../../domain/grant.ts';
import { sha256 } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import type { UnitOfWork } from '../request.ts';

/** How one kind of thing is kept. Times to live are in seconds. */
export interface Keeper {
  find(unit: UnitOfWork, id: string): Promise<AdapterPayload | undefined>;
  upsert(unit: UnitOfWork, id: string, what: { payload: AdapterPayload; ttl: number }): Promise<void>;
  destroy(unit: UnitOfWork, id: string): Promise<void>;
  consume?(unit: UnitOfWork, id: string): Promise<void>;
  findByUid?(unit: UnitOfWork, uid: string): Promise<AdapterPayload | undefined>;
}

/** Marks the id of what was found by another name than its secret: what follows is the hash. */
const hashed = '#';

export function idOfHash(hash: string): string {
  return hashed + hash;
}

/** The hash under which an id is kept. Only for what we handed out ourselves: a browser must not bring a hash (`find`). */
export function hashOf(id: string): string {
  return id.startsWith(hashed) ? id.slice(hashed.length) : sha256(id);
}

export type Payload = Record<string, Json>;

/** A document as it rests: the id that proves something is not in it. */
export function atRest({ jti: _, ...payload }: AdapterPayload): Payload {
  return JSON.parse(JSON.stringify(payload)) as Payload;
}

export function awake(payload: Json, id: string): AdapterPayload {
  return { ...(payload as AdapterPayload), jti: id };
}

/** Whether what is looked for is only going to be ended (RFC 7009). */
export function isRevocation(): boolean {
  return (Provider.ctx as KoaContextWithOIDC | undefined)?.oidc.route === 'revocation';
}

/** With the token that this request has issued by the time that it is written, should nobody be able to call that back. */
export function withIssued<T extends { accessTokensUntil?: number }>(row: T, { notes }: UnitOfWork): T {
  const { accessTokensUntil: until } = notes;

  return until === undefined ? row : { ...row, accessTokensUntil: Math.max(row.accessTokensUntil ?? 0, until) };
}

/** What a token hangs on. */
export interface Roots {
  clientId: string;
  grantId?: string;
  accountId?: string;
  /** Only where the token ends with the session. */
  sessionUid?: string;
}

export function rootsOf(payload: Payload): Roots {
  const { clientId, grantId, accountId, sessionUid, expiresWithSession } = payload as AdapterPayload;

  return {
    clientId: clientId ?? '',
    ...(grantId !== undefined && { grantId }),
    ...(accountId !== undefined && { accountId }),
    ...(expiresWithSession === true && sessionUid !== undefined && { sessionUid }),
  };
}

export interface Alive {
  client: Client;
  grant?: Grant;
  account?: Account;
}

/**
 * Everything that a token hangs on, read at once, or undefined when any of it is gone: this is what makes revoking
 * immediate (S22, S30, S31).
 */
export async function alive(unit: UnitOfWork, roots: Roots): Promise<Alive | undefined> {
  const [client, grant, account, session] = await Promise.all([
    unit.get('clients', roots.clientId),
    roots.grantId === undefined ? undefined : unit.get('grants', roots.grantId),
    roots.accountId === undefined ? undefined : unit.get('accounts', roots.accountId),
    roots.sessionUid === undefined ? undefined : unit.get('sessions', roots.sessionUid),
  ]);

  if (client === undefined || client.disabled) return undefined;
  if (roots.grantId !== undefined && grant === undefined) return undefined;
  if (roots.accountId !== undefined && account?.status !== 'active') return undefined;
  if (roots.sessionUid !== undefined && session === undefined) return undefined;

  return { client, ...(grant && { grant }), ...(account && { account }) };
}
