import type { Clock } from '../domain/clock.ts';
import type { Records } from '../storage/records.ts';

/** Events are kept for so long and then removed, whomever they are about. */
export interface Retention {
  /** Removes at most `limit` of those that are too old, the oldest first; answers how many. Safe to repeat. */
  sweep(limit: number): Promise<number>;
}

export interface RetentionDeps {
  records: Pick<Records, 'events' | 'write'>;
  clock: Clock;
  /** Seconds: `config.events.kept_for`. What holds is how long it is now, not when the event was written. */
  keptFor: number;
}

export function createRetention({ records, clock, keptFor }: RetentionDeps): Retention {
  return {
    async sweep(limit) {
      const { rows } = await records.events.list('time', 'all', { limit });
      const old = rows.filter(({ at }) => at <= clock.now() - keptFor * 1000);

      await records.write(
        old.map(({ id }) => ({ in: 'events', remove: id })),
        { inOrder: false },
      );

      return old.length;
    },
  };
}
