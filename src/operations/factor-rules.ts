import type { Account } from '../domain/account.ts';
import { baresPassword, isStrong, methodsOf, type Factors, type Method } from '../domain/factors.ts';
import { problem, refused, type Problem } from './problems.ts';

/** Who needs what, and what may go. */

/** What can be proved now: a text message needs a number that is known to be the person's, a mail such an address. */
export function usableMethods(account: Account, factors: Factors): Method[] {
  return methodsOf(factors).filter((method) => {
    if (method === 'text') return account.phone?.verified === true;
    if (method === 'email') return account.emailVerified;

    return true;
  });
}

/** Whether signing in takes a second factor stronger than e-mail, whatever the person has switched on (S102). */
export function needsStrongFactor({ roles }: Pick<Account, 'roles'>): boolean {
  return roles.length > 0;
}

/**
 * What counts as the second factor of this person now, the strongest first: an administrator's code by e-mail does only
 * as long as there is nothing better, on the way to setting that up.
 */
export function methodsToProve(account: Account, factors: Factors): Method[] {
  const usable = usableMethods(account, factors);

  return needsStrongFactor(account) && usable.some(isStrong) ? usable.filter(isStrong) : usable;
}

/** Whether a strong one is needed and none is enrolled: then enrolling one is the next step of signing in. */
export function mustEnrol(account: Account, factors: Factors): boolean {
  return needsStrongFactor(account) && !usableMethods(account, factors).some(isStrong);
}

/**
 * What is wrong with leaving these of the factors that were seen: an administrator's last strong one stays, and so does
 * what makes up for a short password.
 */
export function problemOfLeaving(account: Account, left: Factors, seen: Factors): Problem | undefined {
  if (baresPassword(left, seen)) return problem('', 'problem.passwordTooShortAlone');

  return mustEnrol(account, left) && !mustEnrol(account, seen) ? problem('', 'problem.lastStrongFactor') : undefined;
}

/** As a decision about a change. */
export function refusal(...problems: Problem[]): { refused: ReturnType<typeof refused> } {
  return { refused: refused(...problems) };
}
