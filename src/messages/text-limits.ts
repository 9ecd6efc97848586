import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Records } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';

/**
 * What keeps text messages from costing a fortune (S99): caps for a number, an IP address, a block of numbers and a day,
 * counted as records before anything is queued. Exact however many ask at once: a count is a conditional update.
 */
export interface TextLimits {
  /** Counts one message everywhere, or nowhere and says which cap is reached. */
  take(asked: { number: string; ip: string }): Promise<TextCap | undefined>;
  /** Whether today's budget is used up. */
  isSpent(): Promise<boolean>;
  /** Seconds until the counts begin anew. */
  untilReset(): number;
}

export type TextCap = 'number' | 'address' | 'prefix' | 'day';

export interface TextLimitsDeps {
  records: Pick<Records, 'attempts'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
  /** Messages until midnight UTC. */
  caps: { per_number: number; per_address: number; per_prefix: number; per_day: number };
  /** Called once a day at most, on the node whose message was the last one. */
  onSpent: () => Promise<void>;
}

interface Counter {
  cap: TextCap;
  id: string;
  most: number;
}

const day = 86_400_000;
/** Digits at the end of a number that whoever rents a block of numbers has to themselves. */
const blockDigits = 4;

export function createTextLimits({ records, sealing, clock, caps, onSpent }: TextLimitsDeps): TextLimits {
  const { attempts } = records;
  const today = (): number => Math.floor(clock.now() / day);
  const endOfToday = (): number => (today() + 1) * day;

  /** Hashed under the operator's key: the store is no list of numbers that somebody tried. */
  function counter(cap: TextCap, value: string, most: number): Counter {
    return { cap, most, id: sealing.keyedHash(`texts:${cap}`, `${today()} ${value}`) };
  }

  const wholeDay = (): Counter => counter('day', '', caps.per_day);

  /** What the count is now, or undefined where there was no room. */
  async function add({ id, most }: Counter): Promise<number | undefined> {
    for (;;) {
      let full = false;
      const row = await attempts.update(id, (old) => {
        full = old.failures >= most;

        return full ? old : { ...old, failures: old.failures + 1, lastAt: clock.now() };
      });

      if (row) return full ? undefined : row.failures;

      try {
        await attempts.create({ id, failures: 0, lastAt: clock.now(), expiresAt: endOfToday() });
      } catch (error) {
        // Somebody else was quicker: there is a row now.
        if (!(error instanceof Conflict)) throw error;
      }
    }
  }

  async function giveBack({ id }: Counter): Promise<void> {
    await attempts.update(id, (old) => ({ ...old, failures: Math.max(0, old.failures - 1) }));
  }

  return {
    async take({ number, ip }) {
      const counters = [
        counter('number', number, caps.per_number),
        counter('address', networkOf(ip), caps.per_address),
        counter('prefix', number.slice(0, -blockDigits), caps.per_prefix),
        wholeDay(),
      ];
      const taken: Counter[] = [];

      for (const one of counters) {
        const count = await add(one);

        if (count === undefined) {
          await Promise.all(taken.map(giveBack));
          return one.cap;
        }

        taken.push(one);
        if (one.cap === 'day' && count === one.most) await onSpent();
      }

      return undefined;
    },

    async isSpent() {
      const { id, most } = wholeDay();

      return ((await attempts.get(id))?.failures ?? 0) >= most;
    },

    untilReset: () => Math.ceil((endOfToday() - clock.now()) / 1000),
  };
}
