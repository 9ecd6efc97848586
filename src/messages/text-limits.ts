import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import type { Shares } from './shares.ts';

/**
 * What keeps text messages from costing a fortune (S99): caps for a number, an IP address, a block of numbers and a day,
 * counted before anything is queued, and exact however many ask at once.
 */
export interface TextLimits {
  /** Counts one message everywhere, or nowhere and says which cap is reached. */
  take(asked: TextAsk): Promise<TextCap | { giveBack(): Promise<void> }>;
  /** Whether today's budget is used up. */
  isSpent(): Promise<boolean>;
  /** Seconds until the counts begin anew. */
  untilReset(): number;
}

export interface TextAsk {
  /** E.164. */
  number: string;
  ip: string;
  /**
   * The message proves a number that anybody can have typed: a number has a share of its own for these, so that nobody
   * who types a stranger's number uses up what its owner signs in with.
   */
  isUnproved?: boolean;
}

export type TextCap = 'number' | 'address' | 'prefix' | 'day';

export interface TextLimitsDeps {
  shares: Shares;
  clock: Clock;
  /** Messages until midnight UTC. */
  caps: { per_number: number; per_address: number; per_prefix: number; per_day: number };
  /** Called once a day at most, on the node whose message was the last one. */
  onSpent: () => Promise<void>;
}

interface Counter {
  cap: TextCap;
  key: string;
  most: number;
}

const day = 86_400_000;
/** Digits at the end of a number that whoever rents a block of numbers has to themselves. */
const blockDigits = 4;

export function createTextLimits({ shares, clock, caps, onSpent }: TextLimitsDeps): TextLimits {
  const untilReset = (): number => Math.ceil((day - (clock.now() % day)) / 1000);
  const counter = (cap: TextCap, most: number, value = ''): Counter => ({
    cap,
    most,
    key: `texts ${Math.floor(clock.now() / day)} ${cap} ${value}`,
  });

  return {
    async take({ number, ip, isUnproved = false }) {
      const counters = [
        counter('number', caps.per_number, isUnproved ? `unproved ${number}` : number),
        counter('address', caps.per_address, networkOf(ip)),
        counter('prefix', caps.per_prefix, number.slice(0, -blockDigits)),
        counter('day', caps.per_day),
      ];
      const taken: Counter[] = [];
      const giveBack = async (): Promise<void> => {
        await Promise.all(taken.map(({ key }) => shares.giveBack(key)));
      };

      for (const one of counters) {
        const count = await shares.take(one.key, { most: one.most, within: untilReset() });

        if (count === undefined) {
          await giveBack();
          return one.cap;
        }

        taken.push(one);
        if (one.cap === 'day' && count === one.most) await onSpent();
      }

      return { giveBack };
    },

    isSpent: async () => (await shares.taken(counter('day', caps.per_day).key)) >= caps.per_day,
    untilReset,
  };
}
