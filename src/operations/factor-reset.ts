import type { RememberedBrowsers } from '../credentials/remembered-browsers.ts';
import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import { methodsOf, type Factors } from '../domain/factors.ts';
import type { Ended } from '../domain/receipt.ts';
import type { Records } from '../storage/records.ts';
import { mailAbout, type AdministratorsMailDeps } from './administrators-mail.ts';
import type { Endings } from './endings.ts';
import type { FactorChanges } from './factor-changes.ts';
import type { By } from './problems.ts';

/**
 * Taking every second factor away from somebody who has lost them (S101): authenticator apps, text messages, mail, passkeys
 * and recovery codes, and with them what was remembered or is signed in by them. A password that is too short to be asked
 * for alone goes as well (S61). Whoever needs a strong factor sets one up at the next sign-in.
 */
export interface FactorReset {
  /** Safe to repeat: where there is none left, everybody is signed out all the same. */
  reset(
    account: Account,
    by: By,
  ): Promise<{ ended: Ended; /** Whether the password went along. */ passwordGone: boolean }>;
}

export interface FactorResetDeps extends AdministratorsMailDeps {
  records: Pick<Records, 'passwords' | 'passkeys'>;
  factors: Pick<FactorChanges, 'make'>;
  rememberedBrowsers: Pick<RememberedBrowsers, 'forgetAll'>;
  endings: Pick<Endings, 'account'>;
  clock: Clock;
}

export function createFactorReset(deps: FactorResetDeps): FactorReset {
  const { records, factors, rememberedBrowsers, endings, clock } = deps;

  return {
    async reset(account, by) {
      const outcome = await factors.make(account, by, async (seen) => {
        const methods = methodsOf(seen);
        if (methods.length === 0 && !seen.recovery && !seen.pending) return { refused: 'none' as const };

        const passwordGone = seen.shortPassword === true;
        // First: should we be killed half-way, it is not left alone, and the button can be pressed again.
        if (passwordGone) await records.passwords.remove(account.id);

        return {
          next: bare(seen, clock.now()),
          happened: [{ kind: 'two_factor.reset', details: { methods } }],
          also: mailAbout(deps, account, { what: 'factorsReset' }),
          value: passwordGone,
        };
      });

      await records.passkeys.removeAll('account', account.id);
      await rememberedBrowsers.forgetAll(account.id);
      const ended = await endings.account(account, { ...by, reason: 'factors_reset' });

      return { ended, passwordGone: 'made' in outcome && outcome.made };
    },
  };
}

function bare({ id, version, changedAt }: Factors, now: number): Factors {
  return { id, version, authenticators: [], passkeys: [], forgottenAt: now, changedAt };
}
