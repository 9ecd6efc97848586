import { sha256 } from '../../domain/ids.ts';
import type { Keeper, Payload } from './keeper.ts';
import { atRest, awake, hashOf } from './keeper.ts';

const kind = 'Interaction';

/** The steps of an authorization request that a person is in the middle of. */
export function interactions(): Keeper {
  return {
    async find(unit, id) {
      const payload = await unit.recall(kind, sha256(id));

      return payload === undefined ? undefined : awake(payload, id);
    },

    async upsert(unit, id, { payload, ttl }) {
      unit.put(kind, hashOf(id), withoutCookie(atRest(payload)), ttl);
    },

    async destroy(unit, id) {
      unit.drop(kind, hashOf(id));
    },
  };
}

/** The library stores the browser's session id in the clear and never reads it. */
function withoutCookie(payload: Payload): Payload {
  const session = payload['session'];
  if (typeof session !== 'object' || session === null || Array.isArray(session)) return payload;

  const { cookie: _, ...rest } = session;
  return { ...payload, session: rest };
}
