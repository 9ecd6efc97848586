import { Unavailable } from '../domain/errors.ts';
import { createWaits, type Waits } from './waits.ts';

/**
 * What this process has under way at each counter of tries, and those who wait for it: for a count to be written, and for
 * what comes of a try that was counted.
 */
export interface TriesUnderWay {
  lookAt(ids: readonly string[]): Looking;
  readonly counts: Waits;
  readonly outcomes: Waits;
  /** What came of tries that were counted at these counters is known, or it is known that the store did not take it. */
  settle(ids: readonly string[], failure?: unknown): void;
}

/** One who is about to be counted. Nothing that was under way meanwhile is forgotten before they let go. */
export interface Looking {
  at(id: string): Readonly<Pick<Here, 'open' | 'writing'>>;
  /** So many of the failures that a row holds may be tries of this process that were open when it was read. */
  running(id: string): number;
  /** To write the counts. */
  setOut(): void;
  /** Of them, `counted` or not. Whoever waits for the same store fails with it. */
  arrived(outcome: { counted: boolean; failure?: unknown }): void;
  letGo(): void;
}

interface Here {
  /** Tries that were counted and whose outcome is open. */
  open: number;
  /** Tries on their way to the store. */
  writing: number;
  /** How many ever set out for it. */
  begun: number;
  looking: number;
}

export function createTriesUnderWay(): TriesUnderWay {
  const places = new Map<string, Here>();
  const [counts, outcomes] = [createWaits(), createWaits()];

  function forget(id: string, { open, looking }: Here): void {
    if (open === 0 && looking === 0) places.delete(id);
  }

  function placeOf(id: string): Here {
    const here = places.get(id) ?? { open: 0, writing: 0, begun: 0, looking: 0 };
    places.set(id, here);

    return here;
  }

  return {
    counts,
    outcomes,

    lookAt(ids) {
      const seen = new Map(
        ids.map((id) => {
          const here = placeOf(id);
          here.looking += 1;

          return [id, { here, before: here.open + here.writing - here.begun }] as const;
        }),
      );
      let own = 0;

      return {
        at: (id) => seen.get(id)?.here ?? { open: 0, writing: 0 },

        running(id) {
          const one = seen.get(id);

          return one ? one.before + one.here.begun - own : 0;
        },

        setOut() {
          own += 1;

          for (const { here } of seen.values()) {
            here.writing += 1;
            here.begun += 1;
          }
        },

        arrived({ counted, failure }) {
          for (const { here } of seen.values()) {
            here.writing -= 1;
            if (counted) here.open += 1;
          }

          for (const id of seen.keys()) {
            counts.happened(id, unavailable(failure));
            if (unavailable(failure)) outcomes.happened(id, unavailable(failure));
          }
        },

        letGo() {
          for (const [id, { here }] of seen) {
            here.looking -= 1;
            forget(id, here);
          }
        },
      };
    },

    settle(ids, failure) {
      for (const id of ids) {
        const here = placeOf(id);

        here.open -= 1;
        forget(id, here);
      }

      for (const id of ids) outcomes.happened(id, unavailable(failure));
    },
  };
}

function unavailable(failure: unknown): Unavailable | undefined {
  return failure instanceof Unavailable ? failure : undefined;
}
