import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Account } from '../domain/account.ts';
import { problem, type Problem } from './problems.ts';

/** What is wrong with a new password for this person, who has no second factor that could make up for a short one. */
export async function passwordProblems(
  policy: PasswordPolicy,
  of: { password: string; path: string; whose: Pick<Account, 'email' | 'firstName' | 'lastName' | 'displayName'> },
): Promise<Problem[]> {
  const { email, firstName, lastName, displayName } = of.whose;
  const found = await policy.check(of.password, {
    email,
    names: [firstName, lastName, displayName],
    secondFactor: false,
  });

  return found.map(({ key, values }) => problem(of.path, key, values));
}
