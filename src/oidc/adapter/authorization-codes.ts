import { errors } from 'oidc-provider';

import type { Clock } from '../../domain/clock.ts';
import type { Grant } from '../../domain/grant.ts';
import { sha256 } from '../../domain/ids.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper, Payload } from './keeper.ts';
import { alive, atRest, awake, hashOf, rootsOf, withIssued } from './keeper.ts';

const kind = 'AuthorizationCode';

/**
 * How long after its redemption a code that comes again is taken for the same request twice (a double submit, fifty in
 * parallel), which fails and hurts nobody. Later it is a replay: the grant is revoked (RFC 6749 section 4.1.2, S7).
 */
const raceWindow = 5_000;

/** How long a grant remembers its redeemed codes. */
const remembered = 600_000;

/**
 * A code's payload may be lost; that it was redeemed may not, so that is recorded in the grant's own document, on
 * condition that it is not there yet: one of many in parallel succeeds (S8).
 */
export function authorizationCodes({ clock }: { clock: Clock }): Keeper {
  return {
    async find(unit, id) {
      const payload = await unit.recall(kind, sha256(id));
      if (payload === undefined) return undefined;

      const { grant } = (await alive(unit, rootsOf(payload as Payload))) ?? {};
      if (!grant) return undefined;

      const redeemed = grant.consumed.find(({ hash }) => hash === sha256(id));
      const found = awake(payload, id);

      if (!redeemed || clock.now() - redeemed.at <= raceWindow) return found;

      // The library revokes what it is told was consumed, and asks `consume` about the rest.
      unit.notes.reused = { kind: 'code.replayed', accountId: grant.accountId };
      return { ...found, consumed: Math.floor(redeemed.at / 1000) };
    },

    async upsert(unit, id, { payload, ttl }) {
      unit.put(kind, hashOf(id), atRest(payload), ttl);
    },

    async destroy(unit, id) {
      unit.drop(kind, hashOf(id));
    },

    /** Decides about all that this request writes: it goes with it, and nothing is answered before it is known. */
    async consume(unit, id) {
      const hash = hashOf(id);
      const grant = await grantOf(unit, hash);
      if (!grant) throw gone();

      const at = clock.now();
      const change = (old: Grant) => withIssued(redeem(old, hash, at), unit);
      change(grant);

      unit.write(
        { in: 'grants', update: grant.id, change, decides: true },
        {
          sent: (row) => {
            if (!row) throw gone();
          },
        },
      );
    },
  };
}

async function grantOf(unit: UnitOfWork, hash: string): Promise<Grant | undefined> {
  const payload = await unit.recall(kind, hash);
  const { grantId } = payload === undefined ? {} : rootsOf(payload as Payload);

  return grantId === undefined ? undefined : unit.get('grants', grantId);
}

function gone(): Error {
  return new errors.InvalidGrant('grant not found');
}

function redeem(old: Grant, hash: string, at: number): Grant {
  if (old.consumed.some((code) => code.hash === hash)) {
    throw new errors.InvalidGrant('authorization code already redeemed');
  }

  const recent = old.consumed.filter((code) => at - code.at < remembered);

  return { ...old, consumed: [...recent, { hash, at }], lastUsedAt: at };
}
