import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../events/writer.ts';

/** Tries to get into an account that failed or were blocked within the last thirty days. */
export interface BlockedTries {
  count: number;
  /** Whether there were more: so many are counted and no more. */
  more: boolean;
  /** Milliseconds. */
  lastAt: number;
  userAgent: string;
  ip?: string;
}

/** Milliseconds. */
const lately = 30 * 86_400_000;
const most = 200;

/** Undefined: none. Its owner's own slips are among them: nobody can tell those from a stranger's. */
export async function blockedTries(
  { events, clock }: { events: Pick<Events, 'readTries'>; clock: Clock },
  account: Account,
): Promise<BlockedTries | undefined> {
  const { events: found, next } = await events.readTries(account, { limit: most });
  const tries = found.filter(({ at }) => at > clock.now() - lately);
  const [last] = tries;
  if (!last) return undefined;

  return {
    // Of those that are throttled, one stands for others.
    count: tries.reduce((sum, { details }) => sum + 1 + Number(details['leftOut'] ?? 0), 0),
    more: next !== undefined && tries.length === found.length,
    lastAt: last.at,
    userAgent: last.userAgent ?? '',
    ...(last.ip !== undefined && { ip: last.ip }),
  };
}
