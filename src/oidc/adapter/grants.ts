import Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { Clock } from '../../domain/clock.ts';
import type { Records } from '../../storage/records.ts';
import type { Keeper } from './keeper.ts';
import { atRest, awake } from './keeper.ts';

/** What a session lets a client do. Its id proves nothing and is kept as it is. */
export function grants({ records, clock }: { records: Pick<Records, 'refreshFamilies'>; clock: Clock }): Keeper {
  return {
    async find(unit, id) {
      const row = await unit.get('grants', id);

      return row && awake(row.payload, id);
    },

    async upsert(unit, id, { payload, ttl }) {
      const now = clock.now();
      const expiresAt = now + ttl * 1000;

      // One that was read in this request is changed, never made anew: it may have been revoked meanwhile.
      if (await unit.known('grants', id)) {
        unit.write({ in: 'grants', update: id, change: (old) => ({ ...old, payload: atRest(payload), expiresAt }) });
        return;
      }

      const sessionUid = sessionAtHand();

      unit.write({
        in: 'grants',
        create: {
          id,
          accountId: payload.accountId ?? '',
          clientId: payload.clientId ?? '',
          ...(sessionUid !== undefined && { sessionUid }),
          payload: atRest(payload),
          consumed: [],
          createdAt: now,
          lastUsedAt: now,
          expiresAt,
        },
      });
    },

    /** What came of it is dead with it; its refresh families are only in the way then. */
    async destroy(unit, id) {
      unit.write({ in: 'grants', remove: id });
      unit.afterwards(() => records.refreshFamilies.removeAll('grant', id));
    },
  };
}

/** Grants are made inside an authorization request, which has its session at hand, stored or not yet. */
function sessionAtHand(): string | undefined {
  const context = Provider.ctx as KoaContextWithOIDC | undefined;

  return context?.oidc.session?.uid;
}
