import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import type { Events } from '../events/writer.ts';
import { epochSetting, type Epoch } from '../storage/epoch.ts';
import type { CollectionName } from '../storage/records.ts';
import { BackupRefused } from '../storage/refusals.ts';
import type { BackupProgress } from './backup.ts';
import type { BackupSecrets } from './backup-file.ts';
import type { BackupRead, Reading } from './backup-lines.ts';
import { claimSide } from './move-lease.ts';
import { putOf, writeOver, type AnyRow } from './move-rows.ts';
import { checkEmpty, type Side } from './move-sides.ts';
import { restored } from './restore-rows.ts';
import { admit, changeStanding, type Standing } from './standing.ts';

/**
 * Puts a backup into an empty store, which opens when all of it is there and a new epoch has begun (`storage/epoch.ts`).
 * Until then neither a server nor a command goes on with it; what was ended by anything is begun again with the same file.
 */
export interface RestoreDeps {
  target: Side;
  /** Read before, from beginning to end: it holds. */
  checked: BackupRead;
  /** Reads the same backup once more. */
  read: (reading: Reading) => Promise<BackupRead>;
  secrets: BackupSecrets;
  clock: Clock;
  /** Of the target. */
  events: Pick<Events, 'write'>;
  told: (progress: BackupProgress) => void;
  wait: (milliseconds: number) => Promise<void>;
}

export interface Restored {
  /** Rows that came back, of so many in the backup. */
  rows: number;
  of: number;
  /** Rows that stayed away, by collection: ended, used or withdrawn since, as far as anybody knows. */
  ended: Record<string, number>;
  /** Whether an earlier attempt had begun it. */
  resumed: boolean;
}

/** Rows written at once. */
const batch = 1000;

/** Throws BackupRefused, MoveRefused where the target is in use, and Unavailable: called again, it goes on. */
export async function restore(deps: RestoreDeps): Promise<Restored> {
  const { target, checked, secrets, clock, told, wait } = deps;

  await using lease = await claimSide(target, {
    clock,
    wait: async (milliseconds) => {
      if (milliseconds <= 0) return;

      told({ doing: 'waiting', rows: 0 });
      await wait(milliseconds);
    },
  });

  const resumed = await markTarget(deps);
  const at = clock.now();
  const ended: Record<string, number> = {};
  let rows = 0;
  let waiting: { name: CollectionName; rows: AnyRow[] } | undefined;

  async function flush(): Promise<void> {
    if (!waiting) return;

    const { name, rows: some } = waiting;
    waiting = undefined;
    await lease.keep();
    await writeOver(
      target.records,
      some.map((row) => putOf(name, row)),
    );
  }

  const read = await deps.read({
    secrets,
    told: (read, collection) => told({ doing: 'restoring', rows: read, of: checked.rows, collection }),
    async rows(name, some) {
      const coming = some.flatMap((row) => restored(name, row, at) ?? []);
      const left = some.length - coming.length;

      rows += coming.length;
      if (left > 0) ended[name] = (ended[name] ?? 0) + left;
      if (waiting && waiting.name !== name) await flush();

      waiting = { name, rows: [...(waiting?.rows ?? []), ...coming] };
      if (waiting.rows.length >= batch) await flush();
    },
  });
  await flush();

  if (read.sha256 !== checked.sha256) throw new BackupRefused('The backup was changed while it was read.');

  await open(deps, { rows, ended });

  return { rows, of: checked.rows, ended, resumed };
}

/** From here on nobody goes on with it but who has the same backup. Answers whether somebody had begun before. */
async function markTarget({ target, checked, clock }: RestoreDeps): Promise<boolean> {
  const { records, label } = target;
  const since = clock.now();
  let resumed = false;

  const check = async (): Promise<void> => (resumed ? undefined : checkEmpty(target));

  const look = (old: Standing): Standing => {
    if (old.state === 'restoring') {
      if (old.file !== checked.sha256) {
        throw new BackupRefused(
          `${label} holds a part of another backup (of ${old.madeAt}): restore that one again, or name an empty place.`,
        );
      }

      resumed = true;
      return old;
    }

    resumed = false;
    admit(old);
    return old;
  };

  await changeStanding(records, clock, look);
  await check();
  await changeStanding(records, clock, (old) =>
    look(old).state === 'restoring'
      ? old
      : { state: 'restoring', since, file: checked.sha256, madeAt: checked.header.madeAt },
  );
  // Nobody who came in between two looks has written anything.
  await check();

  return resumed;
}

async function open(
  { target, checked, clock, events }: RestoreDeps,
  { rows, ended }: Pick<Restored, 'rows' | 'ended'>,
): Promise<void> {
  const epoch: Epoch = { id: newId(), since: clock.now() };

  await target.records.write([
    { in: 'settings', put: { id: epochSetting, value: { ...epoch } satisfies Json, updatedAt: clock.now() } },
  ]);
  await events.write('store.restored', {
    actor: 'command-line',
    details: { madeAt: checked.header.madeAt, backup: checked.sha256, rows, ended },
  });
  await changeStanding(target.records, clock, (old) => (old.state === 'restoring' ? { state: 'open' } : old));
}
