import type { Config } from '../config/schema.ts';
import type { Clock } from '../domain/clock.ts';
import { handover, isKnown, keysAt, type KeyAt, type ScheduledKey } from '../domain/signing-key.ts';
import type { Events } from '../events/writer.ts';
import { everyRow, type Records } from '../storage/records.ts';
import type { KeySchedule } from './key-schedule.ts';

/**
 * What has to be done about keys from time to time and changes nothing that anybody sees: the schedule says by itself
 * what signs and what is published. Safe to repeat, also by several at once.
 */
export interface KeyUpkeepDeps {
  config: Pick<Config, 'session'>;
  schedule: KeySchedule;
  records: Pick<Records, 'signingKeys'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/** Milliseconds beyond the handover, so that no node misses the private half, whatever it was busy with. */
const beforeDestroying = 60_000;

/** How long a row that stands in no schedule may be about to be put there, in milliseconds. */
const draftLife = 3_600_000;

const by = { actor: 'server' };

export function createKeyUpkeep({ config, schedule, records: { signingKeys }, events, clock }: KeyUpkeepDeps) {
  /** The private halves of what signs no more. */
  async function destroy(keys: readonly KeyAt[], now: number): Promise<void> {
    for (const { kid, alg, until } of keys) {
      if (until === undefined || until + handover * 1000 + beforeDestroying > now) continue;

      let destroyed = false;
      await signingKeys.update(kid, (row) => {
        const { sealed, ...rest } = row;
        destroyed = sealed !== undefined;

        return destroyed ? rest : row;
      });

      if (destroyed) await events.write('keys.retired', { ...by, details: { kid, alg } });
    }
  }

  /** What nothing hangs on any more. */
  async function forgetOver(keys: readonly KeyAt[], now: number): Promise<void> {
    const session = config.session.absolute;
    const over = new Set(keys.filter((key) => !isKnown(key, { now, session })).map(({ kid }) => kid));
    if (over.size === 0) return;

    let gone: ScheduledKey[] = [];
    await schedule.change((old) => {
      gone = old.filter(({ kid }) => over.has(kid));

      return gone.length === 0 ? old : old.filter(({ kid }) => !over.has(kid));
    });

    await schedule.forget(gone.map(({ kid }) => kid));
    for (const { kid, alg } of gone) await events.write('keys.removed', { ...by, details: { kid, alg } });
  }

  /** Rows of a change that never came to its end. */
  async function forgetDrafts(now: number): Promise<void> {
    const old: string[] = [];

    for await (const { id, createdAt } of everyRow((page) => signingKeys.list('created', 'all', page))) {
      if (createdAt + draftLife <= now) old.push(id);
    }

    // Read after the rows: one that is this old and still has no place in it never gets one.
    const scheduled = new Set((await schedule.load())?.map(({ kid }) => kid));
    await schedule.forget(old.filter((id) => !scheduled.has(id)));
  }

  return async (): Promise<void> => {
    const now = clock.now();
    const keys = keysAt((await schedule.load()) ?? [], now);

    await destroy(keys, now);
    await forgetOver(keys, now);
    await forgetDrafts(now);
  };
}
