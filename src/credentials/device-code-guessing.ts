import { networkOf } from '../domain/address.ts';
import type { Clock } from '../domain/clock.ts';
import { sha256 } from '../domain/ids.ts';
import type { Records, Write } from '../storage/records.ts';
import type { Sealing } from '../storage/sealing.ts';
import { createAttemptCounters, givenBack, type Counted, type Counter } from './attempt-counters.ts';

/**
 * How guessing the codes that devices show is slowed down (RFC 8628 section 5.1, S47). Whoever is signed in has a count of
 * their own; strangers are counted by browser, and all those of a network together. Beside it there is a large one for
 * everybody in a network: only from many wrong codes on does one of them slow down another. What was right never counts.
 * Exactly one of `right` and `wrong` must follow each admission.
 */
export interface DeviceCodeGuessing {
  /** Counts a try before it is looked up. `retryAfter` in seconds: it must not be looked up. */
  admit(by: Guesser): Promise<{ counted: readonly Counted[] } | { retryAfter: number }>;
  /** It was right, or nothing was found out: gives the count back. */
  right(counted: readonly Counted[]): Promise<void>;
  wrong(counted: readonly Counted[]): void;
}

export interface Guesser {
  ip: string;
  /** `visitor.deviceId` */
  deviceId: string;
  accountId?: string | undefined;
}

export interface DeviceCodeGuessingDeps {
  records: Pick<Records, 'attempts' | 'write'>;
  sealing: Pick<Sealing, 'keyedHash'>;
  clock: Clock;
  /** `config.limits.sign_in`; durations in seconds. */
  limits: { window: number; failures_per_address: number; first_wait: number; longest_wait: number };
}

/** Wrong codes before there is a wait. */
const mostWrong = 5;

export function createDeviceCodeGuessing(deps: DeviceCodeGuessingDeps): DeviceCodeGuessing {
  const { records, sealing, clock, limits } = deps;
  const counters = createAttemptCounters({ records, clock });

  function counter(reason: string, value: string, limit = mostWrong): Counter<string> {
    return {
      id: sealing.keyedHash(`attempts:device-code-${reason}`, value),
      reason,
      limit,
      wait: (failures) => Math.min(limits.longest_wait, limits.first_wait * 2 ** (failures - limit)),
      life: limits.window,
    };
  }

  return {
    async admit({ ip, deviceId, accountId }) {
      const network = networkOf(ip);
      const everybody = counter('network', network, limits.failures_per_address);
      const count = await counters.count(
        accountId === undefined
          ? [counter('browser', sha256(deviceId)), counter('address', network), everybody]
          : [counter('account', accountId), everybody],
      );

      return 'refused' in count ? { retryAfter: count.refused.retryAfter } : count;
    },

    async right(counted) {
      try {
        await records.write(
          counted.map((one): Write => givenBack(one)),
          { inOrder: false },
        );
        counters.settle(counted);
      } catch (failure) {
        counters.settle(counted, failure);
        throw failure;
      }
    },

    wrong: (counted) => counters.settle(counted),
  };
}
