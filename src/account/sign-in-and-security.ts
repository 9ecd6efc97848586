import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import type { Interactions } from '../oidc/interactions.ts';
import { changePassword, type ChangePasswordDeps } from '../operations/change-password.ts';
import { byField } from '../operations/problems.ts';
import { action, page, show, to, view } from '../web/route.ts';
import type { ConsolePage } from './page.ts';

export interface SignInAndSecurityDeps extends ChangePasswordDeps {
  interactions: Pick<Interactions, 'renewSession'>;
  /** Of a password, in characters: said beside the field. */
  passwordLength: { minimum: number; maximum: number };
}

export interface SignInAndSecurityView {
  /** For password managers: whose password it is. */
  email: string;
  length: { minimum: number; maximum: number };
  /** Whether the box is ticked. */
  everywhere: boolean;
  /** In words, during a wait after wrong guesses. */
  wait?: string;
}

const path = '/account/sign-in-and-security';

export const signInAndSecurityView = view<SignInAndSecurityView>(
  'account/sign-in-and-security',
  'shell',
  'account.security',
);

/** Only what keeps a form from being a form; the rules of passwords are those of `operations/`. */
const change = z.object({
  currentPassword: z.string().min(1),
  newPassword: z.string().min(1),
  confirmPassword: z.string().min(1),
  everywhere: z.string().optional(),
});

export const signInAndSecurity: ConsolePage<SignInAndSecurityDeps> = {
  place: { path, label: 'account.security', icon: 'lock' },

  routes: ({ interactions, passwordLength: length, ...deps }) => [
    page(path, signInAndSecurityView, ({ account: { email } }) => ({ email, length, everywhere: true }), {
      access: 'recent',
    }),

    action(
      path,
      change,
      async ({ account, session, visitor, say, exchange }, { confirmPassword, ...input }, wrong) => {
        if (confirmPassword !== input.newPassword) return wrong({ confirmPassword: 'account.passwordDiffers' });

        const everywhere = input.everywhere !== undefined;
        const changed = await changePassword(deps, account, {
          ...input,
          everywhere,
          sessionUid: session.uid,
          from: visitor,
        });

        if (changed === 'locked') return wrong({ form: 'account.passwordLocked' }, 429);

        if ('wait' in changed) {
          const wait = say('signIn.wait', { time: waitInWords(changed.wait, visitor.locale) });
          const shown = { email: account.email, length, everywhere, wait };

          return show(signInAndSecurityView, shown, { status: 429, retryAfter: changed.wait });
        }

        if (!changed.ok) return wrong(byField(changed.problems));

        await interactions.renewSession(exchange);

        return to(path, everywhere ? 'account.passwordChangedEverywhere' : 'account.passwordChanged');
      },
      { access: 'recent' },
    ),
  ],
};
