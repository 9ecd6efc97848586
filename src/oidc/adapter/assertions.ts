import { errors } from 'oidc-provider';

import type { Clock } from '../../domain/clock.ts';
import { Conflict } from '../../domain/errors.ts';
import type { Records } from '../../storage/records.ts';
import type { Keeper } from './keeper.ts';

/**
 * Client assertions that were used (RFC 7523 section 3). The library looks, then saves; here saving is what decides, so
 * that one of many in parallel succeeds (S37).
 */
export function assertions({ records, clock }: { records: Pick<Records, 'used'>; clock: Clock }): Keeper {
  return {
    find: async () => undefined,

    async upsert(_unit, id, { ttl }) {
      try {
        await records.used.create({ id: `assertion ${id}`, expiresAt: clock.now() + ttl * 1000 });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;

        throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
      }
    },

    async destroy() {
      throw new TypeError('a used assertion stays used');
    },
  };
}
