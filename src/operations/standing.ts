import type { Clock } from '../domain/clock.ts';
import { Conflict, InMaintenance } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import type { Records } from '../storage/records.ts';
import { MoveUnfinished, RestoreUnfinished, StoreMoved } from '../storage/refusals.ts';

/**
 * What a store may be used for just now: a setting of the store itself, which every node looks at again and again. It
 * is never copied to another store.
 */
export type Standing =
  | { state: 'open' }
  /** Times are in milliseconds. */
  | { state: 'maintenance'; since: number }
  /** What is here is being copied to another store. `move` is the same on both sides; `to` names the other in words. */
  | { state: 'moving'; since: number; move: string; to: string }
  | { state: 'moved'; at: number; move: string; to: string }
  /** What is here is a copy that is not finished, of the installation `source`. `at`: how far it has come. */
  | { state: 'arriving'; since: number; move: string; from: string; source: string; at?: Position }
  /** What is here came out of a backup, and not all of it. `file` is the SHA-256 that the backup ends with. */
  | { state: 'restoring'; since: number; file: string; madeAt: string };

/** The last row that was copied: everything up to it is there, and all of the collections before this one. */
export interface Position {
  collection: string;
  id: string;
}

export type SettingsOnly = Pick<Records, 'settings'>;

/** The setting that holds it; without one the store is open. */
export const standingSetting = 'standing';

const open: Standing = { state: 'open' };

export async function standingOf({ settings }: SettingsOnly): Promise<Standing> {
  const row = await settings.get(standingSetting);

  return row === undefined ? open : (row.value as unknown as Standing);
}

/** Makes of the standing what `change` makes of it, atomically; the very same: writes nothing. Throws what it throws. */
export async function changeStanding(
  { settings }: SettingsOnly,
  clock: Clock,
  change: (old: Standing) => Standing,
): Promise<Standing> {
  const updatedAt = clock.now();

  const row = await settings.update(standingSetting, (old) => {
    const before = old.value as unknown as Standing;
    const after = change(before);

    return after === before ? old : { ...old, value: after as unknown as Json, updatedAt };
  });
  if (row) return row.value as unknown as Standing;

  const first = change(open);
  if (first === open) return open;

  try {
    await settings.create({ id: standingSetting, value: first as unknown as Json, updatedAt });

    return first;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;

    return changeStanding({ settings }, clock, change);
  }
}

/** Throws MoveUnfinished, RestoreUnfinished or StoreMoved where neither a server nor a command may go on. */
export function admit(standing: Standing): void {
  if (standing.state === 'moving') throw new MoveUnfinished({ to: standing.to });
  if (standing.state === 'arriving') throw new MoveUnfinished({ from: standing.from });
  if (standing.state === 'restoring') throw new RestoreUnfinished(standing.madeAt);
  if (standing.state === 'moved') throw new StoreMoved(standing);
}

/** What a node knows of the standing. Disposing ends the looking. */
export interface StandingWatch extends Disposable {
  /** Why no request is answered now. */
  closed(): InMaintenance | undefined;
  /** From now on `hold` counts: what a start writes by itself is the operator's own doing. */
  begin(): void;
  /** For `holdWrites`. */
  hold(): Promise<void> | undefined;
}

export interface WatchOptions {
  /** As it was when the store was opened. */
  first: Standing;
  /** Milliseconds between two looks. */
  every?: number;
  /**
   * Milliseconds that a look is good for. Beyond, a write looks again first: a process that stood still writes nothing
   * into a store that was closed meanwhile.
   */
  lasts?: number;
  /** Told once each time the looking begins to fail. */
  failed(error: unknown): void;
}

/** A change shows within 5 s on every node. */
export const standingShows = 5_000;

export function watchStanding(records: SettingsOnly, options: WatchOptions): StandingWatch {
  const { first, every = 4_000, lasts = standingShows, failed } = options;
  let standing = first;
  let lookedAt = performance.now();
  let holding = false;
  let failing = false;
  let looking: Promise<void> | undefined;

  const closed = (): InMaintenance | undefined => (standing.state === 'open' ? undefined : new InMaintenance());

  /** One look at a time; it counts from when it was begun. */
  function look(): Promise<void> {
    const begun = performance.now();

    looking ??= standingOf(records)
      .then((found) => {
        standing = found;
        lookedAt = begun;
        failing = false;
      })
      .finally(() => {
        looking = undefined;
      });

    return looking;
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      // Once is enough: the store says so itself to everybody who asks.
      if (!failing) failed(error);
      failing = true;
    });
  }, every);

  timer.unref();

  async function lookFirst(): Promise<void> {
    await look();
    refuse();
  }

  function refuse(): void {
    const refusal = closed();
    if (refusal) throw refusal;
  }

  return {
    closed,

    begin() {
      holding = true;
    },

    hold() {
      if (!holding) return undefined;
      if (performance.now() - lookedAt > lasts) return lookFirst();

      const refusal = closed();

      return refusal && Promise.reject(refusal);
    },

    [Symbol.dispose]: () => clearInterval(timer),
  };
}
