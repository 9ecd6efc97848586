import type { Guessing } from '../credentials/guessing.ts';
import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import type { Account } from '../domain/account.ts';
import type { Events, Origin } from '../events/writer.ts';
import { passwordProblems } from './password-problems.ts';
import { problem, refused, type Result } from './problems.ts';

export interface ChangePasswordDeps {
  passwords: Pick<Passwords, 'verify' | 'set'>;
  policy: PasswordPolicy;
  guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'>;
  events: Pick<Events, 'write'>;
}

export interface PasswordChange {
  current: string;
  next: string;
}

/** `wait` in seconds: too many wrong guesses at the current one, as in signing in. */
export type PasswordChanged = Result<Account> | { wait: number };

/**
 * Changes a person's own password. The current one is needed, and guessing it here is counted together with guessing it
 * at the sign-in page (S69): a session that was left open is no way to find it out.
 */
export async function changePassword(
  deps: ChangePasswordDeps,
  account: Account,
  { current, next, from }: PasswordChange & { from: Origin & { deviceId: string } },
): Promise<PasswordChanged> {
  const { passwords, guessing, events } = deps;
  const { email, id: accountId } = account;
  const facts = { actor: accountId, account, from };
  const admission = await guessing.admit({ email, ip: from.ip, deviceId: from.deviceId, accountId });

  if (!admission.allowed) {
    const { reason, retryAfter } = admission;
    await events.write('sign_in.blocked', { ...facts, details: { reason, retryAfter } });

    return { wait: retryAfter };
  }

  const { ticket } = admission;
  const right = await passwords.verify(accountId, current).catch(async (error: unknown) => {
    await guessing.withdrawn(ticket);
    throw error;
  });

  if (!right) {
    await guessing.failed(ticket);
    await events.write('sign_in.failed', { ...facts, details: { known: true } });

    return refused(problem('current', 'problem.passwordWrong'));
  }

  await guessing.succeeded(ticket, accountId);
  const problems = await passwordProblems(deps.policy, { password: next, path: 'next', whose: account });
  if (problems.length > 0) return refused(...problems);

  await passwords.set(accountId, next);
  await events.write('password.changed', facts);

  return { ok: true, value: account };
}
