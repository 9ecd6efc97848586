import type { Guessing } from '../credentials/guessing.ts';
import type { OneTimeSecrets } from '../credentials/one-time-secret.ts';
import type { PasswordPolicy } from '../credentials/password-policy.ts';
import type { Passwords } from '../credentials/passwords.ts';
import { maySignIn, type Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events, Origin } from '../events/writer.ts';
import { toAccount, type Messages } from '../messages/messages.ts';
import type { Records, Write } from '../storage/records.ts';
import type { FactorChanges } from './factor-changes.ts';
import { passwordProblems } from './password-problems.ts';
import { problem, refused, type By, type Result } from './problems.ts';

/**
 * Invitations: how somebody comes by an account that an administrator has made for them (S77). A link and a code beside it
 * go to their address, once, for a week; whoever opens it there chooses the password, which proves the address. Nobody else
 * ever knows either.
 */
export interface Invitations {
  /** Whether mail can be sent at all. */
  readonly possible: boolean;
  /** A newer one ends the older. Problems stand at ''. Undefined: no such account. */
  send(accountId: string, by: By): Promise<Result<{ /** Milliseconds. */ until: number }> | undefined>;
  /** Until when the link that was sent works, in milliseconds; undefined: there is none. */
  waiting(accountId: string): Promise<number | undefined>;
  /** Whom a link or code is for: before the button is pressed, without effect. Undefined: it is over. */
  find(typed: string): Promise<Account | undefined>;
  /** Problems stand at `newPassword`. `ended`: it is over, used (also a moment ago) or was never one. */
  accept(typed: string, newPassword: string, from: Origin & { deviceId: string }): Promise<Result<Account> | 'ended'>;
}

export interface InvitationsDeps {
  records: Pick<Records, 'accounts'>;
  passwords: Pick<Passwords, 'has' | 'toSet'>;
  policy: PasswordPolicy;
  factors: Pick<FactorChanges, 'withPassword'>;
  oneTimeSecrets: Pick<OneTimeSecrets, 'issue' | 'waiting' | 'find' | 'take'>;
  messages: Pick<Messages, 'compose' | 'canSendEmail'>;
  guessing: Pick<Guessing, 'recognised'>;
  events: Pick<Events, 'write'>;
  clock: Clock;
}

export function createInvitations(deps: InvitationsDeps): Invitations {
  const { records, passwords, policy, oneTimeSecrets, messages, events, clock } = deps;

  async function find(typed: string): Promise<Account | undefined> {
    const row = await oneTimeSecrets.find('invite', typed);
    const account = row?.accountId === undefined ? undefined : await records.accounts.get(row.accountId);

    return account && maySignIn(account, clock.now()) ? account : undefined;
  }

  return {
    possible: messages.canSendEmail,

    async send(accountId, by) {
      const account = await records.accounts.get(accountId);
      if (!account) return undefined;
      if (!messages.canSendEmail) return refused(problem('', 'problem.noMail'));
      if (account.status !== 'active') return refused(problem('', 'problem.accountNotOpen'));
      if (await passwords.has(accountId)) return refused(problem('', 'problem.joinedAlready'));

      const told: Write[] = [];
      const again = (await oneTimeSecrets.waiting('invite', accountId)) !== undefined;
      await events.write('account.invited', { ...by, account, details: { again } }, (create) =>
        told.push({ in: 'events', create }),
      );

      const { expiresAt } = await oneTimeSecrets.issue(
        { purpose: 'invite', accountId },
        ({ secret, code, expiresAt }) => [
          ...told,
          ...messages.compose('invitation', {
            ...toAccount(account),
            data: {
              path: `/invitation?token=${secret}`,
              code,
              lives: Math.round((expiresAt - clock.now()) / 1000),
            },
          }),
        ],
      );

      return { ok: true, value: { until: expiresAt } };
    },

    async waiting(accountId) {
      const [row, isIn] = await Promise.all([oneTimeSecrets.waiting('invite', accountId), passwords.has(accountId)]);

      return isIn ? undefined : row?.expiresAt;
    },

    find,

    async accept(typed, newPassword, from) {
      const seen = await find(typed);
      if (!seen) return 'ended';

      const problems = await passwordProblems(policy, { password: newPassword, path: 'newPassword', whose: seen });
      if (problems.length > 0) return refused(...problems);

      const updatedAt = clock.now();
      const account = { ...seen, emailVerified: true, updatedAt };
      const told: Write[] = [];
      await events.write('invitation.accepted', { actor: seen.id, account, from }, (create) =>
        told.push({ in: 'events', create }),
      );
      const set = await passwords.toSet(seen.id, newPassword);
      const writes = (await deps.factors.withPassword(seen.id, set, policy.isShort(newPassword))) ?? [set];

      const taken = await oneTimeSecrets.take('invite', typed, () => [
        ...writes,
        {
          in: 'accounts',
          update: seen.id,
          change: (old) => ({ ...old, emailVerified: true, updatedAt }),
        },
        ...told,
      ]);
      if (!taken) return 'ended';

      await deps.guessing.recognised({ accountId: seen.id, deviceId: from.deviceId });

      return { ok: true, value: account };
    },
  };
}
