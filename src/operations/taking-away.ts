import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { baresPassword, type AddedFactor, type Factors } from '../domain/factors.ts';
import type { Records, Write } from '../storage/records.ts';
import { withoutAdded } from './added-factors.ts';
import type { FactorChanges } from './factor-changes.ts';
import type { Happening } from './happenings.ts';
import type { By } from './problems.ts';

export interface TakingAwayDeps {
  records: Pick<Records, 'passwords'>;
  factors: Pick<FactorChanges, 'make'>;
  clock: Clock;
}

/**
 * Takes away what somebody else has added to an account's factors: `which` says what, of those that are there by then.
 * Also an administrator's last strong one: setting one up is then the next step of signing in. A password that is too
 * short without them goes along (S61), or whoever added a factor could keep it by setting such a one.
 */
export async function takeAway(
  { records, factors, clock }: TakingAwayDeps,
  of: { account: Account; by: By; which: (seen: Factors) => readonly AddedFactor[] },
): Promise<void> {
  const { account, by, which } = of;

  await factors.make(account, by, async (seen) => {
    const { left: without, happened, also } = withoutAll(seen, which(seen));
    if (happened.length === 0) return { refused: 'gone' };

    const { shortPassword, ...rest } = without;
    const isBare = baresPassword(without, seen);
    // First: should we be killed half-way, it is not left alone, and the button can be pressed again.
    if (isBare) await records.passwords.remove(account.id);

    return {
      next: { ...rest, ...(!isBare && shortPassword && { shortPassword }), forgottenAt: clock.now() },
      happened,
      also,
      value: {},
    };
  });
}

function withoutAll(seen: Factors, all: readonly AddedFactor[]) {
  const happened: Happening[] = [];
  const also: Write[] = [];
  let left = seen;

  for (const added of all) {
    const without = withoutAdded(left, added);
    if (!without) continue;

    left = without.left;
    happened.push(...without.happened);
    if (added.kind === 'passkey') also.push({ in: 'passkeys', remove: added.id });
  }

  return { left, happened, also };
}
