import Provider from 'oidc-provider';
import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';

import type { DeviceSession } from '../../domain/device-session.ts';
import { sha256 } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import type { Write } from '../../storage/records.ts';
import { readGrantAhead } from '../ahead.ts';
import type { Inside } from '../deps.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper, Payload } from './keeper.ts';
import { atRest, awake, hashOf, idOfHash } from './keeper.ts';

/** How exactly the last access is kept, in milliseconds: a session is not written for less. */
const minute = 60_000;

/**
 * Device sessions: one row a uid, found by the present value of its cookie alone (S104). The library saves the whole
 * session at the end of every request; here only what this request changed goes into the row as it is by then, so that
 * two tabs don't undo each other, and a session that was ended meanwhile stays ended.
 */
export function sessions({ clock, clientOf }: Pick<Inside, 'clock' | 'clientOf'>): Keeper {
  return {
    async find(unit, id) {
      const row = await unit.findSession(sha256(id));
      if (!row) return undefined;

      readGrantAhead({ unit, clientOf }, row, Provider.ctx as KoaContextWithOIDC | undefined);

      return (await ofActiveAccount(unit, row)) ? take(unit, row, id) : undefined;
    },

    async findByUid(unit, uid) {
      const row = await unit.get('sessions', uid);

      return row && (await ofActiveAccount(unit, row)) ? take(unit, row, idOfHash(row.cookieHash)) : undefined;
    },

    async upsert(unit, id, { payload, ttl }) {
      const now = clock.now();
      const next: Next = {
        payload: atRest(payload),
        cookieHash: hashOf(id),
        expiresAt: now + ttl * 1000,
        lastAccessedAt: now - (now % minute),
        userAgent: unit.origin?.userAgent,
        ip: unit.origin?.ip,
      };

      const uid = uidOf(payload);
      const base = unit.notes.sessions.get(uid);

      if (base === undefined) {
        unit.write({ in: 'sessions', create: newRow(next, now) }, { key: workOn(uid) });
        return;
      }

      const change = changeFor(base, next);
      delete unit.notes.cookie;

      if (change === undefined) {
        // The browser has this very cookie.
        unit.notes.cookie = 'unchanged';
        return;
      }

      const keep: Write = { in: 'sessions', update: uid, change, seen: base };

      unit.write(keep, {
        key: workOn(uid),
        sent: (row) => {
          if ((row as DeviceSession | undefined)?.cookieHash !== next.cookieHash) unit.notes.cookie = 'lost';
        },
      });
      unit.learn('sessions', uid, change(base));
    },

    async destroy(unit, id) {
      const row = await unit.findSession(hashOf(id));
      if (!row) return;

      unit.write({ in: 'sessions', remove: row.id }, { key: workOn(row.id) });
    },
  };
}

interface Next {
  payload: Payload;
  cookieHash: string;
  expiresAt: number;
  lastAccessedAt: number;
  userAgent: string | undefined;
  ip: string | undefined;
}

function uidOf(payload: AdapterPayload): string {
  if (payload.uid === undefined) throw new TypeError('a session without a uid');

  return payload.uid;
}

async function ofActiveAccount(unit: UnitOfWork, row: DeviceSession): Promise<boolean> {
  if (row.accountId === undefined) return true;

  return (await unit.get('accounts', row.accountId))?.status === 'active';
}

function take(unit: UnitOfWork, row: DeviceSession, id: string): AdapterPayload {
  if (!unit.notes.sessions.has(row.id)) unit.notes.sessions.set(row.id, row);

  // The library writes into what it is given; what it was is needed to tell what has changed.
  // It is JSON, and copied as such in a quarter of the time that structuredClone takes.
  return awake(JSON.parse(JSON.stringify(row.payload)) as Payload, id);
}

/** A new id comes as the removal of the old one, then a save: under one name, only the save is left. */
function workOn(uid: string): string {
  return `session ${uid}`;
}

function newRow(next: Next, now: number): DeviceSession {
  return {
    ...factsOf(next.payload),
    id: uidOf(next.payload),
    cookieHash: next.cookieHash,
    payload: next.payload,
    userAgent: next.userAgent ?? '',
    ip: next.ip ?? '',
    createdAt: now,
    lastAccessedAt: next.lastAccessedAt,
    expiresAt: next.expiresAt,
  };
}

/**
 * What this request changed, put into the row as it is by then. Where another request took the cookie further first,
 * its cookie is the one that counts.
 */
function changeFor(base: DeviceSession, next: Next): ((old: DeviceSession) => DeviceSession) | undefined {
  const changes = changesBetween(base.payload, next.payload);

  if (changes.size === 0 && !moved(base, next)) return undefined;

  return ({ accountId: _, signedInAt: __, ...old }) => {
    const payload = withChanges(old.payload, changes);

    return {
      ...old,
      ...factsOf(payload),
      cookieHash: old.cookieHash === base.cookieHash ? next.cookieHash : old.cookieHash,
      payload: { ...payload, exp: next.payload['exp'] ?? null },
      userAgent: next.userAgent ?? old.userAgent,
      ip: next.ip ?? old.ip,
      lastAccessedAt: Math.max(old.lastAccessedAt, next.lastAccessedAt),
      expiresAt: next.expiresAt,
    };
  };
}

function moved(base: DeviceSession, next: Next): boolean {
  return (
    next.cookieHash !== base.cookieHash ||
    next.lastAccessedAt > base.lastAccessedAt ||
    (next.userAgent ?? base.userAgent) !== base.userAgent ||
    (next.ip ?? base.ip) !== base.ip
  );
}

function factsOf(payload: Payload): Pick<DeviceSession, 'accountId' | 'amr' | 'signedInAt'> {
  const { accountId, amr, loginTs } = payload as AdapterPayload;

  return {
    ...(accountId !== undefined && { accountId }),
    ...(loginTs !== undefined && { signedInAt: loginTs * 1000 }),
    amr: amr ?? [],
  };
}

/** Paths of one or two names with their new values; undefined: gone. Clients' entries are told apart. */
type Changes = Map<string, { path: [string] | [string, string]; value: Json | undefined }>;

/** They are new at every save and say nothing. */
const restless = new Set(['exp', 'iat']);

function changesBetween(before: Payload, after: Payload): Changes {
  const changes: Changes = new Map();

  for (const name of namesIn(before, after)) {
    if (restless.has(name)) continue;

    if (name === 'authorizations') {
      const [old, now] = [objectIn(before, name), objectIn(after, name)];

      for (const clientId of namesIn(old, now)) {
        if (!same(old[clientId], now[clientId])) {
          changes.set(`${name} ${clientId}`, { path: [name, clientId], value: now[clientId] });
        }
      }
    } else if (!same(before[name], after[name])) {
      changes.set(name, { path: [name], value: after[name] });
    }
  }

  return changes;
}

function withChanges(payload: Payload, changes: Changes): Payload {
  const result: Record<string, Json | undefined> = { ...payload };

  for (const { path, value } of changes.values()) {
    const [name, inner] = path;

    result[name] = inner === undefined ? value : { ...objectIn(result, name), [inner]: value };
  }

  return JSON.parse(JSON.stringify(result)) as Payload;
}

function namesIn(...objects: object[]): Set<string> {
  return new Set(objects.flatMap((object) => Object.keys(object)));
}

function objectIn(payload: Record<string, Json | undefined>, name: string): Record<string, Json | undefined> {
  const value = payload[name];

  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
