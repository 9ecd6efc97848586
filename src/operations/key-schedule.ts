import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import {
  readSchedule,
  scheduleSetting,
  type ScheduledKey,
  type SigningAlgorithm,
  type SigningKey,
} from '../domain/signing-key.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { makeKey } from './new-signing-key.ts';

/**
 * The schedule of the signing keys in the store. The key pairs that a change names are stored before it, and what it no
 * longer names is removed after it, so a crash leaves nothing but rows that nobody asks for.
 */
export interface KeySchedule {
  /** Undefined: the first start is still to come. */
  load(): Promise<ScheduledKey[] | undefined>;
  /** `change` is as pure as an update asks for; answering the very schedule it was given writes nothing. */
  change(change: (old: ScheduledKey[]) => ScheduledKey[]): Promise<void>;
  /** The first schedule. False: there is one. */
  begin(schedule: readonly ScheduledKey[]): Promise<boolean>;
  /** New key pairs, stored; nobody uses them before the schedule names them. */
  make(algorithms: readonly SigningAlgorithm[]): Promise<SigningKey[]>;
  forget(kids: Iterable<string>): Promise<void>;
}

export interface KeyScheduleDeps {
  records: Pick<Records, 'signingKeys' | 'settings'>;
  sealing: Pick<Sealing, 'seal'>;
  clock: Clock;
}

/** Release 0.1 only said which keys sign. Nothing it signed could live longer than a day. */
type Former = Partial<Record<SigningAlgorithm, string>>;
const formerLife = 86_400;

export function createKeySchedule({ records, sealing, clock }: KeyScheduleDeps): KeySchedule {
  const { settings, signingKeys } = records;

  async function fromFormer(former: Former): Promise<ScheduledKey[]> {
    const rows = await Promise.all(Object.values(former).map((kid) => signingKeys.get(kid)));

    return rows.flatMap((row) => {
      return row ? [{ kid: row.id, alg: row.alg, from: row.createdAt, life: formerLife }] : [];
    });
  }

  async function upgrade(former: Former): Promise<void> {
    const value = valueOf(await fromFormer(former));
    const updatedAt = clock.now();

    await settings.update(scheduleSetting, (row) => (isFormer(row.value) ? { ...row, value, updatedAt } : row));
  }

  return {
    async load() {
      const setting = await settings.get(scheduleSetting);
      if (!setting) return undefined;
      if (!isFormer(setting.value)) return readSchedule(setting.value);

      await upgrade(setting.value);
      return this.load();
    },

    async change(change) {
      const updatedAt = clock.now();

      await settings.update(scheduleSetting, (row) => {
        const old = readSchedule(row.value);
        const schedule = change(old);

        return schedule === old ? row : { ...row, value: valueOf(schedule), updatedAt };
      });
    },

    async begin(schedule) {
      try {
        await settings.create({ id: scheduleSetting, value: valueOf(schedule), updatedAt: clock.now() });

        return true;
      } catch (error) {
        if (error instanceof Conflict) return false;
        throw error;
      }
    },

    async make(algorithms) {
      const made = await Promise.all(algorithms.map((alg) => makeKey(alg, clock.now(), sealing)));
      for (const key of made) await signingKeys.create(key);

      return made;
    },

    async forget(kids) {
      for (const kid of kids) await signingKeys.remove(kid);
    },
  };
}

function valueOf(schedule: readonly ScheduledKey[]): Json {
  return { keys: [...schedule] };
}

function isFormer(value: Json): value is Former {
  return typeof value === 'object' && value !== null && !('keys' in value);
}
