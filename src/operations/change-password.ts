import type { Guessing } from '../credentials/guessing.ts';
import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import type { Account } from '../domain/account.ts';
import { isPasswordGuarded } from '../domain/factors.ts';
import type { Origin } from '../events/writer.ts';
import type { Write } from '../storage/records.ts';
import type { Endings } from './endings.ts';
import type { FactorChanges } from './factor-changes.ts';
import { tellingOf, type HappeningsDeps } from './happenings.ts';
import type { OldPassword } from './old-password.ts';
import { passwordProblems } from './password-problems.ts';
import { problem, refused, type Result } from './problems.ts';

export interface ChangePasswordDeps extends HappeningsDeps {
  passwords: Pick<Passwords, 'replace'>;
  policy: PasswordPolicy;
  guessing: Pick<Guessing, 'admit' | 'succeeded' | 'failed' | 'withdrawn'>;
  factors: Pick<FactorChanges, 'of' | 'withPassword'>;
  oldPassword: OldPassword;
  endings: Pick<Endings, 'otherSessions'>;
}

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  /** Ends every session but `sessionUid`, with whatever was given in them. */
  everywhere: boolean;
  /** In which the change is made. */
  sessionUid: string;
  from: Origin & { deviceId: string };
}

/**
 * Problems stand at `currentPassword` and `newPassword`. `wait` in seconds: too many wrong guesses at the current one;
 * `locked`: a hundred in a row, after which waiting does not help a browser that nobody knows (S84).
 */
export type PasswordChanged = Result<Account> | { wait: number } | 'locked';

/**
 * Changes a person's own password. The current one is needed, and guessing it here is counted together with guessing it
 * at the sign-in page (S69): a session that was left open is no way to find it out. The new one is judged first: what
 * is wrong with it tells nothing, and costs no hash and no try.
 */
export async function changePassword(
  deps: ChangePasswordDeps,
  account: Account,
  { currentPassword, newPassword, everywhere, sessionUid, from }: PasswordChange,
): Promise<PasswordChanged> {
  const { passwords, guessing, endings, events } = deps;
  const { email, id: accountId } = account;
  const by = { actor: accountId, from };
  const facts = { ...by, account };

  const problems = await passwordProblems(deps.policy, {
    password: newPassword,
    path: 'newPassword',
    whose: account,
    secondFactor: isPasswordGuarded(await deps.factors.of(accountId)),
  });
  if (newPassword.normalize('NFKC') === currentPassword.normalize('NFKC')) {
    problems.unshift(problem('newPassword', 'problem.passwordSame'));
  }
  if (problems.length > 0) return refused(...problems);

  const admission = await guessing.admit({ email, ip: from.ip, deviceId: from.deviceId, accountId });

  if (!admission.allowed) {
    const { reason, retryAfter } = admission;
    await events.write('sign_in.blocked', { ...facts, details: { reason, retryAfter } });

    return reason === 'locked' ? 'locked' : { wait: retryAfter };
  }

  const { ticket } = admission;
  const change = { current: currentPassword, next: newPassword };
  const what = { kind: 'password.changed', details: { everywhere } } as const;
  let isUnguarded = false;

  const step = async (set: Write) => {
    const writes = await deps.factors.withPassword(accountId, set, deps.policy.isShort(newPassword));
    isUnguarded = writes === undefined;

    return writes && [...writes, ...(await tellingOf(deps, { ...facts, what }))];
  };

  const changed = await passwords.replace(accountId, change, step).catch(async (error: unknown) => {
    await guessing.withdrawn(ticket);
    throw error;
  });

  // What made up for a short one went while it was looked at: it is judged anew.
  if (isUnguarded) {
    await guessing.withdrawn(ticket);
    return changePassword(deps, account, { currentPassword, newPassword, everywhere, sessionUid, from });
  }

  if (!changed) {
    await guessing.failed(ticket);
    await events.write('sign_in.failed', { ...facts, details: { known: true } });

    return refused(problem('currentPassword', 'problem.passwordWrong'));
  }

  await guessing.succeeded(ticket, accountId);
  await deps.oldPassword.forget(accountId);
  if (everywhere) await endings.otherSessions(account, sessionUid, { ...by, reason: 'password_changed' });

  return { ok: true, value: account };
}
