import { createGuessing, type Attempt, type GuessingLimits } from '../../src/credentials/guessing.ts';
import { noReads } from '../../src/storage/reads.ts';
import { limits, type Room } from './room.ts';

export const accountId = 'account-of-ada';
export const ownDevice = 'device-of-ada-0123456789';

const stranger: Attempt = {
  email: 'ada@example.com',
  ip: '192.0.2.1',
  deviceId: 'device-of-a-stranger-01',
  accountId,
};

/** A stranger at another address, with another device. */
export const elsewhere = (index: number): Partial<Attempt> => ({
  ip: `198.51.100.${index}`,
  deviceId: `device-of-number-${index}-0123`,
});

/** Tries passwords as a sign-in page does, and counts how many were looked at. */
export function guesses(room: Pick<Room, 'records' | 'sealing' | 'clock'>, changed: Partial<GuessingLimits> = {}) {
  const guessing = createGuessing({ ...room, reads: noReads, limits: { ...limits, ...changed } });
  const seen = { verified: 0 };

  async function attempt(right: boolean, from: Partial<Attempt> = {}) {
    const attempt = { ...stranger, ...from };
    const admission = await guessing.admit(attempt);
    if (!admission.allowed) return admission;

    seen.verified += 1;
    // What verifying takes: other requests run meanwhile.
    await new Promise(setImmediate);
    await (right ? guessing.succeeded(admission.ticket, attempt.accountId ?? '') : guessing.failed(admission.ticket));

    return right ? 'right' : 'wrong';
  }

  return {
    guessing,
    seen,
    wrong: (from?: Partial<Attempt>) => attempt(false, from),
    right: (from?: Partial<Attempt>) => attempt(true, from),

    /** Wrong guesses, each as soon as it is allowed; answers how many were looked at. */
    async keepGuessing(times: number, from?: (index: number) => Partial<Attempt>) {
      const before = seen.verified;

      for (let index = 0; index < times; index += 1) {
        const outcome = await attempt(false, from?.(index));
        if (typeof outcome === 'object') room.clock.advance(outcome.retryAfter * 1000);
      }

      return seen.verified - before;
    },
  };
}
