import type { Config } from '../config/schema.ts';
import { readPhoneNumber } from './phone-numbers.ts';
import type { TextAsk, TextCap, TextLimits } from './text-limits.ts';
import type { Way } from './ways.ts';

/**
 * Which numbers get text messages, and how many. The only place that makes a `TextNumber`, which is the only thing that
 * a text message can be composed for: no way leads around the countries and the caps (S99).
 */
export interface TextNumbers {
  /** Counts one message to the number (E.164) that this address (IP) asks for, or says why there is none. */
  allowText(asked: TextAsk): Promise<TextAdmission>;
  /** Whether numbers of a country (two letters of ISO 3166-1) get messages at all; unset: of any. Says nothing of caps. */
  canSendText(country?: string): boolean;
  /** Whether today's budget is used up: better not to offer what would be refused. */
  areTextsSpent(): Promise<boolean>;
}

export type TextAdmission =
  /** `giveBack`: for a message that was not written after all. */
  | { allowed: true; to: TextNumber; giveBack(): Promise<void> }
  /** `off`: not configured; `country`: not among those that the operator named, or no number of any. */
  | { allowed: false; reason: 'off' | 'country' }
  /** Seconds. */
  | { allowed: false; reason: TextCap; retryAfter: number };

/** A number that one message may go to. The private field keeps anything else of this shape from passing for one. */
export class TextNumber {
  readonly #number: string;

  private constructor(number: string) {
    this.#number = number;
  }

  /** For `allowText` alone. */
  static counted(number: string): TextNumber {
    return new TextNumber(number);
  }

  get number(): string {
    return this.#number;
  }
}

export interface TextNumbersDeps {
  limits: TextLimits;
  way: Way;
  countries: Config['messages']['sms']['countries'];
}

export function createTextNumbers({ limits, way, countries }: TextNumbersDeps): TextNumbers {
  // The outbox costs nothing: without a list, every country is tried out.
  const isOpen = (country: string): boolean =>
    countries.includes(country) || (way === 'outbox' && countries.length === 0);

  return {
    async allowText(asked) {
      const { number } = asked;
      if (way === 'none') return { allowed: false, reason: 'off' };

      const country = await countryOf(number);
      if (country === undefined || !isOpen(country)) return { allowed: false, reason: 'country' };

      const taken = await limits.take(asked);

      return typeof taken === 'string'
        ? { allowed: false, reason: taken, retryAfter: limits.untilReset() }
        : { allowed: true, to: TextNumber.counted(number), giveBack: taken.giveBack };
    },

    canSendText: (country) => way !== 'none' && (country === undefined || isOpen(country)),
    areTextsSpent: () => limits.isSpent(),
  };
}

/** Undefined for what is no number of any. */
async function countryOf(number: string): Promise<string | undefined> {
  return /^\+[1-9]\d{6,14}$/.test(number) ? (await readPhoneNumber(number))?.country : undefined;
}
