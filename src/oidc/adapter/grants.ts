import Provider from 'oidc-provider';
import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';

import { allowanceIn, allowanceOf, type GrantFields } from '../../domain/allowance.ts';
import type { Clock } from '../../domain/clock.ts';
import { holding } from '../../domain/device-grant.ts';
import { consentId, type Grant } from '../../domain/grant.ts';
import type { Records } from '../../storage/records.ts';
import type { Inside } from '../deps.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper } from './keeper.ts';
import { atRest, awake } from './keeper.ts';

export interface GrantDeps extends Pick<Inside, 'clientOf'> {
  records: Pick<Records, 'consents' | 'grants' | 'refreshFamilies' | 'sessions'>;
  clock: Clock;
}

/** What a session lets a client do. Its id proves nothing and is kept as it is. */
export function grants({ records, clock, clientOf }: GrantDeps): Keeper {
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
      const client = await clientOf(payload.clientId ?? '');

      // Whoever takes a consent back takes every grant along that is there: this one is not there yet.
      if (!client?.metadata.first_party) lookAgain(unit, () => followConsent({ records, clock }, id, payload));

      // One that was read in this request is changed, never made anew: it may have been revoked meanwhile.
      if (await unit.known('grants', id)) {
        unit.write({ in: 'grants', update: id, change: (old) => ({ ...old, payload: atRest(payload), expiresAt }) });
        return;
      }

      const sessionUid = sessionAtHand();
      if (sessionUid !== undefined) lookAgain(unit, () => followSession(id, sessionUid));

      const row: Grant = {
        id,
        accountId: payload.accountId ?? '',
        clientId: payload.clientId ?? '',
        ...(sessionUid !== undefined && { sessionUid }),
        payload: atRest(payload),
        consumed: [],
        createdAt: now,
        lastUsedAt: now,
        expiresAt,
      };

      unit.write({ in: 'grants', create: row });
    },

    /** What came of it is dead with it; its refresh families are only in the way then. */
    async destroy(unit, id) {
      unit.write({ in: 'grants', remove: id });
      unit.afterwards(() => records.refreshFamilies.removeAll('grant', id));
    },
  };
}

/** Where the consent was narrowed or removed meanwhile, the grant was written from what it was before. */
export async function followConsent(
  { records, clock }: { records: Pick<Records, 'consents' | 'grants'>; clock: Clock },
  id: string,
  { accountId = '', clientId = '', ...payload }: AdapterPayload,
): Promise<void> {
  const consent = await records.consents.get(consentId(accountId, clientId));
  if (consent === undefined) return void (await records.grants.remove(id));

  const allowance = allowanceOf(consent);
  if (JSON.stringify(allowanceIn(payload as GrantFields)) === JSON.stringify(allowance)) return;

  await records.grants.update(id, (old) => holding(old, allowance, clock.now()));
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
