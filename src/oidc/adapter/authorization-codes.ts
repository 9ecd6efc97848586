import type { Clock } from '../../domain/clock.ts';
import type { Grant } from '../../domain/grant.ts';
import { sha256 } from '../../domain/ids.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper, Payload } from './keeper.ts';
import { alive, atRest, awake, hashOf, rootsOf } from './keeper.ts';
import { redeem, replayed } from './redemption.ts';

const kind = 'AuthorizationCode';

/** What an app gets its first tokens for. The payload is ephemera; that it was redeemed is not (`redemption.ts`). */
export function authorizationCodes({ clock }: { clock: Clock }): Keeper {
  return {
    async find(unit, id) {
      const payload = await unit.recall(kind, sha256(id));
      if (payload === undefined) return undefined;

      const { grant } = (await alive(unit, rootsOf(payload as Payload))) ?? {};
      if (!grant) return undefined;

      const found = awake(payload, id);
      const consumed = replayed(unit, grant, { hash: sha256(id), now: clock.now() });

      return consumed === undefined ? found : { ...found, consumed };
    },

    async upsert(unit, id, { payload, ttl }) {
      unit.put(kind, hashOf(id), atRest(payload), ttl);
    },

    async destroy(unit, id) {
      unit.drop(kind, hashOf(id));
    },

    async consume(unit, id) {
      const hash = hashOf(id);

      redeem(unit, await grantOf(unit, hash), { hash, at: clock.now() });
    },
  };
}

async function grantOf(unit: UnitOfWork, hash: string): Promise<Grant | undefined> {
  const payload = await unit.recall(kind, hash);
  const { grantId } = payload === undefined ? {} : rootsOf(payload as Payload);

  return grantId === undefined ? undefined : unit.get('grants', grantId);
}
