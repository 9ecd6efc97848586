import Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { Clock } from '../../domain/clock.ts';
import type { Records } from '../../storage/records.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper } from './keeper.ts';
import { atRest, awake } from './keeper.ts';

export interface GrantDeps {
  records: Pick<Records, 'grants' | 'refreshFamilies' | 'sessions'>;
  clock: Clock;
}

/** What a session lets a client do. Its id proves nothing and is kept as it is. */
export function grants({ records, clock }: GrantDeps): Keeper {
  /** Whoever ended the session took every grant along that was there: this one was not there yet. */
  async function followSession(id: string, sessionUid: string): Promise<void> {
    if ((await records.sessions.get(sessionUid)) === undefined) await records.grants.remove(id);
  }

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
      if (sessionUid !== undefined) lookAgain(unit, () => followSession(id, sessionUid));

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

function lookAgain({ notes }: UnitOfWork, look: () => Promise<void>): void {
  const { lookAgain: before } = notes;

  notes.lookAgain = async () => void (await Promise.all([before?.(), look()]));
}
