import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Records } from '../storage/records.ts';

/**
 * Who does what must be done once, however many nodes run. A lease is a record that names the work and its holder for a
 * while. It is renewed while the work goes on and given back at its end; a node that dies or is cut off lets it run out,
 * and another takes over.
 *
 * A lease cannot stop a process that stood still (a suspended machine, a long pause) from taking one more step before
 * it notices, nor does it see through clocks that differ: it saves double work, and what must never happen twice needs
 * a conditional write of its own besides. Nodes' clocks may differ by half of the shortest lease.
 */
export interface Leases {
  /**
   * Does `work` unless somebody holds the lease `id`, also in this very process; answers whether it was done here. The
   * lease lasts `seconds` and is renewed three times in that while. `work` has to end soon after its signal aborts, whose
   * reason is a LeaseLost. Throws what `work` throws, and LeaseLost after it where the lease did not last to its end.
   */
  holding(id: string, life: { seconds: number }, work: (lost: AbortSignal) => Promise<void>): Promise<boolean>;
}

export interface LeaseDeps {
  records: Pick<Records, 'leases'>;
  clock: Clock;
  /** The node: a new random name for each process, so that none takes itself for the one before it. */
  holder?: string;
}

/** Somebody else may be doing the work by now. `cause`: what kept it from being renewed. */
export class LeaseLost extends Error {
  constructor(id: string, options?: ErrorOptions) {
    super(`the lease of ${id} was lost`, options);
    this.name = 'LeaseLost';
  }
}

export function createLeases({ records: { leases }, clock, holder = newId() }: LeaseDeps): Leases {
  /** False: somebody else's. */
  async function claim(id: string, mine: string, life: number): Promise<boolean> {
    try {
      await leases.create({ id, holder: mine, expiresAt: clock.now() + life });

      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  /** False: it ran out, or is another's. */
  async function renew(id: string, mine: string, life: number): Promise<boolean> {
    const expiresAt = clock.now() + life;
    const row = await leases.update(id, (old) => (old.holder === mine ? { ...old, expiresAt } : old));

    return row?.holder === mine;
  }

  /** Over from now on for every clock, and thus anybody's. */
  async function release(id: string, mine: string): Promise<void> {
    await leases.update(id, (old) => (old.holder === mine ? { ...old, expiresAt: 0 } : old));
  }

  /** Renews until it is disposed of or the lease is lost. Disposing waits for a renewal under way. */
  function keep(
    id: string,
    mine: string,
    { life, since }: { life: number; since: number },
  ): AsyncDisposable & { lost: AbortSignal } {
    const lost = new AbortController();
    let renewal: Promise<void> | undefined;
    let hindrance: unknown;

    const lose = () => lost.abort(new LeaseLost(id, hindrance === undefined ? {} : { cause: hindrance }));
    // A store that does not answer must not keep the holder from noticing that its time is up.
    let end = timer(lose, since + life - performance.now());

    const pulse = setInterval(() => {
      const begun = performance.now();

      renewal ??= renew(id, mine, life)
        .then(
          (still) => {
            clearTimeout(end);
            if (still) end = timer(lose, begun + life - performance.now());
            else lose();
          },
          (error: unknown) => {
            hindrance = error;
          },
        )
        .finally(() => {
          renewal = undefined;
        });
    }, life / 3);

    pulse.unref();
    lost.signal.addEventListener('abort', () => clearInterval(pulse), { once: true });

    return {
      lost: lost.signal,
      [Symbol.asyncDispose]: async () => {
        clearInterval(pulse);
        await renewal;
        clearTimeout(end);
      },
    };
  }

  return {
    async holding(id, { seconds }, work) {
      const mine = `${holder} ${newId()}`;
      const life = seconds * 1000;
      const since = performance.now();

      if (!(await claim(id, mine, life))) return false;

      const kept = keep(id, mine, { life, since });

      try {
        await work(kept.lost);
      } catch (error) {
        if (!isEcho(error, kept.lost)) throw error;
      } finally {
        await kept[Symbol.asyncDispose]();
        if (!kept.lost.aborted) await release(id, mine);
      }

      kept.lost.throwIfAborted();

      return true;
    },
  };
}

function timer(done: () => void, milliseconds: number): NodeJS.Timeout {
  return setTimeout(done, milliseconds).unref();
}

/** What is thrown only because the lease was lost. */
function isEcho(error: unknown, lost: AbortSignal): boolean {
  return lost.aborted && (error === lost.reason || (error instanceof Error && error.name === 'AbortError'));
}
