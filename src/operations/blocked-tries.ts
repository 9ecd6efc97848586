import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Activity } from '../events/activity.ts';
import type { Reads } from '../storage/reads.ts';

/** Tries to get into an account that failed or were blocked within the last thirty days. */
export interface BlockedTries {
  /** Undefined: none. Its owner's own slips are among them: nobody can tell those from a stranger's. */
  of(account: Account): Promise<Tries | undefined>;
  /** Sends for them, before the account is there. */
  ahead(accountId: string): Promise<unknown>;
}

export interface Tries {
  count: number;
  /** Whether there were more: so many are looked at and no more. */
  more: boolean;
  /** Milliseconds. */
  lastAt: number;
  userAgent: string;
  ip?: string;
}

/** Milliseconds. */
const lately = 30 * 86_400_000;
const most = 200;

export interface BlockedTriesDeps {
  activity: Pick<Activity, 'listTries' | 'open'>;
  reads: Reads;
  clock: Clock;
}

export function createBlockedTries({ activity, reads, clock }: BlockedTriesDeps): BlockedTries {
  const listed = (accountId: string) =>
    reads.once(`tries ${accountId}`, () => activity.listTries(accountId, { limit: most }));

  return {
    ahead: listed,

    async of(account) {
      const { rows, next } = await listed(account.id);
      const tries = rows.filter(({ at }) => at > clock.now() - lately);
      const [last] = activity.open(account, tries.slice(0, 1));
      if (!last) return undefined;

      return {
        // Of those that are throttled, one stands for others.
        count: tries.reduce((sum, { details }) => sum + 1 + Number(details['leftOut'] ?? 0), 0),
        more: next !== undefined && tries.length === rows.length,
        lastAt: last.at,
        userAgent: last.from?.userAgent ?? '',
        ...(last.from && { ip: last.from.ip }),
      };
    },
  };
}
