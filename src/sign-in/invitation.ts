import { z } from 'zod';

import type { PasswordPolicy } from '../credentials/password-policy.ts';
import { strengthInKeys } from '../credentials/password-strength.ts';
import type { Account } from '../domain/account.ts';
import type { Invitations } from '../operations/invitations.ts';
import { knownOf, type JudgeStrength } from '../operations/password-problems.ts';
import { byField } from '../operations/problems.ts';
import { action, page, show, to, view, type Outcome, type Route } from '../web/route.ts';

export interface InvitationDeps {
  invitations: Pick<Invitations, 'find' | 'accept'>;
  policy: Pick<PasswordPolicy, 'minimumLength'>;
  strength: JudgeStrength;
}

export interface InvitationView {
  token: string;
  /** Whose account it is: said, and for password managers. */
  email: string;
  names: readonly string[];
  minimumLength: number;
}

export const invitationView = view<InvitationView>('sign-in/invitation', 'door', 'invitation.title');

export const invitationCodeView = view<object>('sign-in/invitation-code', 'door', 'recover.codeTitle');

/** What stands in the place of the form when the link or code is used, replaced or too old. */
export const invitationEndedView = view<object>('sign-in/invitation-ended', 'door', 'invitation.endedTitle');

const path = '/invitation';

const code = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(200, 'recover.codeWrong') });

const password = z.object({ newPassword: z.string().min(1), confirmPassword: z.string().min(1) });

/**
 * The first password of somebody for whom an account was made: by a link from their mailbox, or the code beside it. Opening
 * the page has no effect (mail scanners do); nobody is signed in by it.
 */
export function invitationRoutes({ invitations, policy, strength }: InvitationDeps): Route[] {
  return [
    page(`${path}/code`, invitationCodeView, () => ({})),

    action(`${path}/code`, code, async (_ask, input, wrong) =>
      (await invitations.find(input.code))
        ? to(`${path}?token=${encodeURIComponent(input.code)}`)
        : wrong({ code: 'recover.codeWrong' }),
    ),

    page(path, invitationView, async ({ query: { token } }) => {
      if (token === undefined) return to(`${path}/code`);

      const account = await invitations.find(token);

      return account ? invitationOf(token, account) : ended();
    }),

    action(path, password, async ({ query, visitor }, { newPassword, confirmPassword }, wrong) => {
      const token = query['token'] ?? '';
      const account = await invitations.find(token);
      if (!account) return ended();

      const judged = strengthInKeys(await strength(newPassword, knownOf(account)));
      if (confirmPassword !== newPassword) {
        return wrong({ confirmPassword: 'account.passwordDiffers' }, 422, { strength: judged });
      }

      const accepted = await invitations.accept(token, newPassword, visitor);
      if (accepted === 'ended') return ended();

      return accepted.ok
        ? to('/account', 'invitation.done')
        : wrong(byField(accepted.problems), 422, { strength: judged });
    }),
  ];

  function invitationOf(token: string, account: Account): InvitationView {
    const { email, names } = knownOf(account);

    return { token, email, names, minimumLength: policy.minimumLength(false) };
  }
}

function ended(): Outcome {
  return show(invitationEndedView, {}, { status: 410 });
}
