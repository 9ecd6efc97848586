import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict, Unavailable } from '../domain/errors.ts';
import {
  baresPassword,
  isPasswordGuarded,
  methodsOf,
  noFactors,
  withPreference,
  type Factors,
} from '../domain/factors.ts';
import type { Reads } from '../storage/reads.ts';
import type { Records, Write } from '../storage/records.ts';
import { tellingOf, type Happening, type HappeningsDeps } from './happenings.ts';
import type { By } from './problems.ts';

export interface FactorChangesDeps extends HappeningsDeps {
  records: Pick<Records, 'factors' | 'write'>;
  reads: Reads;
  clock: Clock;
}

/** A change that was thought out for the factors that were seen; `value` is what its maker is told. */
export interface FactorChange<T> {
  next: Factors;
  happened: readonly Happening[];
  /** Further writes of the same step. */
  also?: readonly Write[];
  value: T;
}

export interface FactorChanges {
  of(accountId: string): Promise<Factors>;
  /**
   * Makes the change that `decide` answers, in one step with what tells of it, or nothing and answers what else it said.
   * It is asked again for the newer factors when another change came first, so that of many that each would be fine
   * alone (a code used, the last but one factor removed) only as many are made as are fine together (F12).
   */
  make<T, Refused>(
    account: Account,
    by: By,
    decide: (seen: Factors) => FactorChange<T> | { refused: Refused } | Promise<FactorChange<T> | { refused: Refused }>,
  ): Promise<{ made: T } | { refused: Refused }>;
  /**
   * `set`, which sets a password, with what keeps a short one guarded (S61): before it that it is so, in the very document
   * that the guard is in, so that neither is changed without the other. Undefined: it is short, and nothing guards it.
   */
  withPassword(accountId: string, set: Write, isShort: boolean): Promise<Write[] | undefined>;
}

/** How often a change starts again because another was faster, before it gives up. */
const maxTries = 200;

export function createFactorChanges({ records, reads, clock, ...telling }: FactorChangesDeps): FactorChanges {
  const { factors } = records;
  const read = (accountId: string) => `factors ${accountId}`;

  async function stored(accountId: string): Promise<Factors> {
    const seen = await factors.get(accountId);
    if (seen) return seen;

    try {
      await factors.create(noFactors(accountId));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }

    return (await factors.get(accountId)) ?? noFactors(accountId);
  }

  async function write(seen: Factors, next: Factors, rest: readonly Write[]): Promise<boolean> {
    const row = { ...withPreference(next), version: seen.version + 1, changedAt: clock.now() };

    return await records.write([
      {
        in: 'factors',
        update: seen.id,
        change: (old) => (old.version === seen.version ? row : old),
        decides: true,
      },
      ...rest,
    ]);
  }

  return {
    of: async (accountId) => (await reads.once(read(accountId), () => factors.get(accountId))) ?? noFactors(accountId),

    async make(account, by, decide) {
      for (let tries = 0; tries < maxTries; tries += 1) {
        const seen = await factorsToChange(tries);
        const decision = await decide(seen);
        if ('refused' in decision) return decision;

        const { next, happened, also = [], value } = decision;
        if (baresPassword(next, seen)) throw new TypeError('nobody asked whether the password is long enough');

        const tellings = await Promise.all(happened.map((what) => tellingOf(telling, { ...by, account, what })));

        const made = await write(seen, next, [...also, ...tellings.flat()]);
        reads.forget(read(account.id));
        if (made) return { made: value };
      }

      throw new Unavailable('too many changes of one account’s factors at once');

      /** The document is made only when something is to be written into it. */
      async function factorsToChange(tries: number): Promise<Factors> {
        return tries === 0 ? ((await factors.get(account.id)) ?? noFactors(account.id)) : stored(account.id);
      }
    },

    async withPassword(accountId, set, isShort) {
      const seen = await factors.get(accountId);
      reads.forget(read(accountId));

      if (!isShort) return seen ? [set, { in: 'factors', update: accountId, change: withLongPassword }] : [set];
      if (!seen || !isPasswordGuarded(seen)) return undefined;

      return [{ in: 'factors', update: accountId, change: withShortPassword, decides: true }, set];
    },
  };
}

function withLongPassword(old: Factors): Factors {
  const { shortPassword, ...rest } = old;

  return shortPassword ? { ...rest, version: old.version + 1 } : old;
}

/** A version of its own, so that a change that was thought out before is thought over. */
function withShortPassword(old: Factors): Factors {
  return isPasswordGuarded(old) ? { ...old, version: old.version + 1, shortPassword: true } : old;
}

/** Recovery codes stand in for a factor: without one there is nothing to stand in for. */
export function withoutIdleRecovery(factors: Factors): Factors {
  if (methodsOf(factors).length > 0) return factors;

  const { recovery: _, ...rest } = factors;
  return rest;
}
