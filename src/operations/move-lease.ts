import type { Clock } from '../domain/clock.ts';
import { Conflict, Unavailable } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Records } from '../storage/records.ts';
import { MoveRefused } from '../storage/refusals.ts';

/** Only one copies into a store, or restores into it: whoever holds this record of it. */
export interface MoveLease extends AsyncDisposable {
  /** To be called all the while; renews it when it is time to. Throws MoveRefused when it is somebody else's by now. */
  keep(): Promise<void>;
}

export interface LeaseDeps {
  records: Pick<Records, 'leases'>;
  clock: Clock;
  wait: (milliseconds: number) => Promise<void>;
}

const id = 'move';
const life = 30_000;

/** Takes it; one whose holder died is waited for, at most 30 s. Throws MoveRefused when somebody holds it. */
async function claimMove(deps: LeaseDeps): Promise<MoveLease> {
  const { records, clock, wait } = deps;
  const holder = newId();
  let renewedAt = clock.now();

  if (!(await take(deps, holder))) {
    const before = await records.leases.get(id);
    await wait((before?.expiresAt ?? 0) - clock.now());
    renewedAt = clock.now();

    if (!(await take(deps, holder)))
      throw new MoveRefused('Another move or restore is copying into it: let that one end.', 75);
  }

  return {
    async keep() {
      const now = clock.now();
      if (now - renewedAt < life / 3) return;

      const row = await records.leases.update(id, (old) =>
        old.holder === holder ? { ...old, expiresAt: now + life } : old,
      );
      if (row?.holder !== holder) throw new MoveRefused('Another move has taken over: let that one end.', 75);

      renewedAt = now;
    },

    async [Symbol.asyncDispose]() {
      try {
        await records.leases.update(id, (old) => (old.holder === holder ? { ...old, expiresAt: 0 } : old));
      } catch (error) {
        // It runs out by itself, and what went wrong before is what the operator needs to read.
        if (!(error instanceof Unavailable)) throw error;
      }
    },
  };
}

/** One process has the whole of a target that is its alone: nobody else could copy into it. Throws as `claimMove`. */
export async function claimSide(
  { records, alone }: { records: Pick<Records, 'leases'>; alone: boolean },
  deps: Omit<LeaseDeps, 'records'>,
): Promise<MoveLease> {
  return alone ? unclaimed : await claimMove({ ...deps, records });
}

const unclaimed: MoveLease = { keep: async () => undefined, [Symbol.asyncDispose]: async () => undefined };

async function take({ records, clock }: LeaseDeps, holder: string): Promise<boolean> {
  try {
    await records.leases.create({ id, holder, expiresAt: clock.now() + life });

    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
}
