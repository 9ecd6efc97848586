import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Account } from '../domain/account.ts';
import { passwordStrength, type PasswordStrength } from '../credentials/password-strength.ts';
import { problem, type Problem } from './problems.ts';

export interface NewPassword {
  password: string;
  path: string;
  whose: Pick<Account, 'email' | 'firstName' | 'lastName' | 'displayName'>;
  /** Makes up for a short one. */
  secondFactor?: boolean;
}

/** How strong a password of this person would be, for them to read. It decides nothing. */
export type JudgeStrength = (
  password: string,
  whose: { email: string; names: readonly string[] },
) => Promise<PasswordStrength>;

export function createJudgeStrength(productName: string): JudgeStrength {
  return (password, whose) => passwordStrength(password, { ...whose, productName });
}

/** What of an account makes a password easy to guess. */
export function knownOf({ email, firstName, lastName, displayName }: NewPassword['whose']) {
  return { email, names: [firstName, lastName, displayName] };
}

/** What is wrong with a new password for this person. */
export async function passwordProblems(policy: PasswordPolicy, of: NewPassword): Promise<Problem[]> {
  const found = await policy.check(of.password, { ...knownOf(of.whose), secondFactor: of.secondFactor ?? false });

  return found.map(({ key, values }) => problem(of.path, key, values));
}
