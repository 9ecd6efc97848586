import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Attempts, Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';

/**
 * Counts that end by themselves: so many of something in so long, and no more, however many ask at once. Records,
 * because they protect money and people's mailboxes: losing the cache must not give anybody a fresh start.
 */
export interface Shares {
  /** Takes one, where there is one left: how many are taken now; undefined: none was left. */
  take(key: string, share: Share): Promise<number | undefined>;
  giveBack(key: string): Promise<void>;
  taken(key: string): Promise<number>;
}

export interface Share {
  most: number;
  /** Seconds from the first one on. */
  within: number;
}

export interface SharesDeps {
  records: Pick<Records, 'attempts'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
}

export function createShares({ records: { attempts }, sealing, clock }: SharesDeps): Shares {
  /** Hashed under the operator's key: the store is no list of whom somebody tried. */
  const idOf = (key: string): string => sealing.keyedHash('share', key);

  return {
    async take(key, { most, within }) {
      const id = idOf(key);

      for (;;) {
        const now = clock.now();
        let before = 0;
        const row = await attempts.update(id, (old) => {
          before = old.failures;

          return before >= most ? old : { ...old, failures: before + 1, lastAt: now };
        });

        if (row) return before >= most ? undefined : row.failures;

        const first: Attempts = { id, failures: 0, lastAt: now, expiresAt: now + within * 1000 };

        try {
          await attempts.create(first);
        } catch (error) {
          // Somebody else was quicker: there is a row now.
          if (!(error instanceof Conflict)) throw error;
        }
      }
    },

    async giveBack(key) {
      await attempts.update(idOf(key), (old) => ({ ...old, failures: Math.max(0, old.failures - 1) }));
    },

    taken: async (key) => (await attempts.get(idOf(key)))?.failures ?? 0,
  };
}
