import { errors } from 'oidc-provider';
import type { AdapterPayload } from 'oidc-provider';

import type { Clock } from '../../domain/clock.ts';
import type { RefreshFamily } from '../../domain/grant.ts';
import { newId, newSecret, sha256 } from '../../domain/ids.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper } from './keeper.ts';
import { alive, atRest, awake, isRevocation, rootsOf, withIssued } from './keeper.ts';
import { narrowed, scopesOf } from './narrowing.ts';

/**
 * Refresh tokens: one document for all rotations of one (RFC 9700 section 4.14.2). Taking a token and recording its
 * successor is a single conditional update, so that of many in parallel one succeeds (S28) and a crash leaves no half
 * state. It decides about all that the request writes, and nothing is answered before it is known.
 */

const familyIdLength = 22;
const tokenLength = 65;

/** How many earlier tokens of a family are told from nonsense. */
const longestMemory = 20;

/** Until then an exchanged token that comes again belongs to the same burst of requests: it fails, quietly. */
const burst = 2_000;

/** Until then it is the retry of an app that never got its answer: it gets another successor, and the unseen one dies. */
const retryWindow = 10_000;

/** A new token's value: the id of its family and a secret. A successor stays in its family. */
export function newRefreshToken(unit: UnitOfWork | undefined): string {
  return (unit?.notes.rotation?.familyId ?? newId()) + newSecret();
}

export interface RefreshTokenDeps {
  clock: Clock;
  /** Seconds from the first token of a family on, however often it is used (S29). */
  absoluteLife: number;
}

export function refreshTokens({ clock, absoluteLife }: RefreshTokenDeps): Keeper {
  return {
    async find(unit, value) {
      // Introspection and revocation look for every kind of token: most are told apart without asking the store.
      const family = value.length === tokenLength && (await unit.get('refreshFamilies', familyIdOf(value)));
      if (!family) return undefined;

      const state = stateOf(family, sha256(value), unit.startedAt);
      if (state === 'unknown' || state === 'late') return undefined;

      // Whatever it hangs on: it can be ended.
      if (isRevocation()) return awake(family.payload, value);

      const living = await alive(unit, rootsOf(family.payload));
      // Going on while the person is away may have been taken back, and nothing else (OpenID Connect Core 1.0 section 11).
      if (!living?.grant || !scopesOf(living.grant).has('offline_access')) return undefined;

      const found = awake(narrowed(family.payload, living.grant), value);

      if (state !== 'reused') return found;

      // The library revokes the grant of what it is told was consumed.
      unit.notes.reused = { kind: 'token.reuse_detected', accountId: family.accountId };
      return { ...found, consumed: Math.floor(family.rotatedAt / 1000) };
    },

    /** Only remembers what is meant: the successor takes the place, on condition that nobody else did. */
    async consume(unit, value) {
      const family = await unit.get('refreshFamilies', familyIdOf(value));
      if (!family) throw gone();

      unit.notes.rotation = { familyId: family.id, presented: sha256(value), expected: family.current };
    },

    async upsert(unit, value, { payload, ttl }) {
      const { rotation } = unit.notes;
      const now = clock.now();
      const next = {
        current: sha256(value),
        payload: atRest(payload),
        ...(unit.origin && { ip: unit.origin.ip }),
        lastUsedAt: now,
        expiresAt: now + ttl * 1000,
      };

      if (rotation?.familyId !== familyIdOf(value)) {
        unit.write({ in: 'refreshFamilies', create: firstOf(familyIdOf(value), payload, { ...next, createdAt: now }) });
        return;
      }

      delete unit.notes.rotation;

      const change = (old: RefreshFamily): RefreshFamily => {
        if (old.current !== rotation.expected) throw new errors.InvalidGrant('refresh token already exchanged');

        const renewed = {
          ...old,
          ...next,
          previous: previousOf(old, rotation.presented),
          rotatedAt: now,
          expiresAt: Math.min(next.expiresAt, old.createdAt + absoluteLife * 1000),
        };

        return withIssued(renewed, unit);
      };

      unit.write(
        { in: 'refreshFamilies', update: rotation.familyId, change, decides: true },
        {
          sent: (row) => {
            if (!row) throw gone();
          },
        },
      );
    },

    /**
     * The library ends the grant with it, and that is what counts: a family that went before its grant would leave
     * nothing to go by to whoever asks again after a crash.
     */
    async destroy() {},
  };
}

function gone(): Error {
  return new errors.InvalidGrant('refresh token not found');
}

type State = 'current' | 'retried' | 'late' | 'reused' | 'unknown';

function stateOf(family: RefreshFamily, hash: string, arrivedAt: number): State {
  if (family.current === hash) return 'current';

  const place = family.previous.indexOf(hash);
  if (place === -1) return 'unknown';

  const age = arrivedAt - family.rotatedAt;
  if (place > 0 || age > retryWindow) return 'reused';

  return age < burst ? 'late' : 'retried';
}

/**
 * Newest first. After a retry the one that was presented again stays in front, and the successor that its owner never
 * saw comes behind it: should somebody have it after all, using it is reuse.
 */
function previousOf(old: RefreshFamily, presented: string): string[] {
  const others = old.previous.filter((hash) => hash !== presented);
  const behind = old.current === presented ? others : [old.current, ...others];

  return [presented, ...behind].slice(0, longestMemory);
}

function firstOf(
  id: string,
  payload: AdapterPayload,
  state: Pick<RefreshFamily, 'current' | 'payload' | 'ip' | 'createdAt' | 'lastUsedAt' | 'expiresAt'>,
): RefreshFamily {
  return {
    id,
    grantId: payload.grantId ?? '',
    accountId: payload.accountId ?? '',
    clientId: payload.clientId ?? '',
    ...(payload.sessionUid !== undefined && { sessionUid: payload.sessionUid }),
    previous: [],
    rotatedAt: 0,
    ...state,
  };
}

function familyIdOf(value: string): string {
  return value.slice(0, familyIdLength);
}
