import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Account } from '../domain/account.ts';
import { problem, type Problem } from './problems.ts';

export interface NewPassword {
  password: string;
  path: string;
  whose: Pick<Account, 'email' | 'firstName' | 'lastName' | 'displayName'>;
  /** Makes up for a short one. */
  secondFactor?: boolean;
}

/** What is wrong with a new password for this person. */
export async function passwordProblems(policy: PasswordPolicy, of: NewPassword): Promise<Problem[]> {
  const { email, firstName, lastName, displayName } = of.whose;
  const found = await policy.check(of.password, {
    email,
    names: [firstName, lastName, displayName],
    secondFactor: of.secondFactor ?? false,
  });

  return found.map(({ key, values }) => problem(of.path, key, values));
}
