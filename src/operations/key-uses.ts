import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { keyUseId, type KeyUse, type KeyUseKind } from '../domain/key-use.ts';
import type { Records } from '../storage/records.ts';

/** Counts in memory what keys are used for, and writes it down now and then: what a crash loses is a minute's counts. */
export interface KeyUses {
  note(kind: KeyUseKind, name: string): void;
  /** From when on it is known whether a key is used. */
  begin(kind: KeyUseKind, names: readonly string[]): Promise<void>;
  of(kind: KeyUseKind, names: readonly string[]): Promise<ReadonlyMap<string, KeyUse>>;
  /** Writes down what was counted since. Throws what storage does, and then counts on. */
  flush(): Promise<void>;
  /** Of keys that are no more. */
  forget(kind: KeyUseKind, names: readonly string[]): Promise<void>;
}

export interface KeyUsesDeps {
  records: Pick<Records, 'keyUses'>;
  clock: Clock;
}

interface Counted {
  count: number;
  lastAt: number;
}

export function createKeyUses({ records: { keyUses }, clock }: KeyUsesDeps): KeyUses {
  let counted = new Map<string, Counted>();

  function add(id: string, { count, lastAt }: Counted): void {
    const so = counted.get(id);
    counted.set(id, { count: (so?.count ?? 0) + count, lastAt: Math.max(so?.lastAt ?? 0, lastAt) });
  }

  async function write(id: string, more: Counted): Promise<void> {
    const updated = await keyUses.update(id, (old) => ({
      ...old,
      count: old.count + more.count,
      lastAt: Math.max(old.lastAt ?? 0, more.lastAt),
    }));

    if (!updated && !(await create({ id, ...more, since: more.lastAt }))) await write(id, more);
  }

  /** False: another node was faster. */
  async function create(row: KeyUse): Promise<boolean> {
    try {
      await keyUses.create(row);

      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  return {
    note(kind, name) {
      const id = keyUseId(kind, name);
      const so = counted.get(id);
      const lastAt = clock.now();

      if (so) {
        so.count += 1;
        so.lastAt = lastAt;
      } else counted.set(id, { count: 1, lastAt });
    },

    async begin(kind, names) {
      for (const name of names) {
        const id = keyUseId(kind, name);
        if ((await keyUses.get(id)) === undefined) await create({ id, count: 0, since: clock.now() });
      }
    },

    async of(kind, names) {
      const rows = await Promise.all(names.map((name) => keyUses.get(keyUseId(kind, name))));

      return new Map(names.flatMap((name, at) => (rows[at] ? [[name, rows[at]] as const] : [])));
    },

    async flush() {
      const taken = [...counted];
      counted = new Map();

      for (const [at, [id, more]] of taken.entries()) {
        try {
          await write(id, more);
        } catch (error) {
          for (const [left, of] of taken.slice(at)) add(left, of);
          throw error;
        }
      }
    },

    async forget(kind, names) {
      for (const name of names) await keyUses.remove(keyUseId(kind, name));
    },
  };
}
