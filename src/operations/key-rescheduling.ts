import type { Config } from '../config/schema.ts';
import type { Clock } from '../domain/clock.ts';
import { handover, keysAt, type KeyAt, type ScheduledKey } from '../domain/signing-key.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import type { KeySchedule } from './key-schedule.ts';
import { problem, refused, type By, type Problem, type Result } from './problems.ts';

/** Moves the moment at which a key that waits takes over. The one before it signs until then. */
export interface ReschedulingDeps {
  config: Pick<Config, 'keys'>;
  schedule: KeySchedule;
  records: Pick<Records, 'signingKeys'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

/**
 * Changes when a key that waits begins to sign (`from`, in milliseconds), to no earlier than apps have had time to fetch it.
 * `was`: since when it was to sign when this was decided; `changed`: it is another time by now. Undefined: no such key.
 */
export type Reschedule = (
  kid: string,
  to: { from: number; was: number },
  by: By,
) => Promise<Result<KeyAt> | 'changed' | undefined>;

/** How far ahead, in days: what nobody remembers by then is no plan. */
const furthest = 366;

export function createRescheduling(deps: ReschedulingDeps): Reschedule {
  const { config, schedule, records, events, clock } = deps;

  /** What is against it, as the schedule is now. */
  function against(key: ScheduledKey, from: number, publishedAt: number, isWaiting: boolean): Problem[] {
    const now = clock.now();
    // A node may be about to sign with it.
    if (!isWaiting || key.from <= now + handover * 1000) return [problem('', 'problem.keyLate', { kid: key.kid })];

    const earliest = Math.max(publishedAt + config.keys.publish_before * 1000, now + 2 * handover * 1000);
    if (from < earliest) return [problem('signsFrom', 'problem.keyEarly', { from: new Date(earliest).toISOString() })];

    return from > now + furthest * 86_400_000 ? [problem('signsFrom', 'problem.keyFar', { days: furthest })] : [];
  }

  return async (kid, { from, was }, by) => {
    const row = await records.signingKeys.get(kid);
    if (!row) return undefined;

    let found: ScheduledKey | undefined;
    let problems: Problem[] = [];
    await schedule.change((old) => {
      const key = keysAt(old, clock.now()).find((one) => one.kid === kid);
      found = key;
      problems = key ? against(key, from, row.createdAt, key.state === 'next') : [];
      if (!key || key.from !== was || problems.length > 0) return old;

      return old.map((one) => (one.kid === kid ? { ...one, from } : one));
    });

    if (!found) return undefined;
    if (found.from !== was) return 'changed';
    if (problems.length > 0) return refused(...problems);

    const changes = { signsFrom: { before: was, after: from } };
    if (from !== was) await events.write('keys.rescheduled', { ...by, details: { kid, alg: row.alg, changes } });

    const key = keysAt((await schedule.load()) ?? [], clock.now()).find((one) => one.kid === kid);

    return key && { ok: true, value: key };
  };
}
