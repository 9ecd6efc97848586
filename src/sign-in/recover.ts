import { z } from 'zod';

import { strengthInKeys } from '../credentials/password-strength.ts';
import { emailKey } from '../domain/account.ts';
import { isEmailAddress } from '../domain/email-address.ts';
import type { PasswordPolicy } from '../credentials/password-policy.ts';
import { knownOf, type JudgeStrength } from '../operations/password-problems.ts';
import { byField } from '../operations/problems.ts';
import type { Recovered, Recovery } from '../operations/recovery.ts';
import type { TypedAddress } from '../operations/typed-address.ts';
import { action, page, show, to, view, type Ask, type Outcome, type Route } from '../web/route.ts';
import type { SignInDeps } from './deps.ts';
import { showEnded } from './ended.ts';

export interface RecoverDeps {
  interactions: Pick<SignInDeps['interactions'], 'find'>;
  recovery: Recovery;
  policy: Pick<PasswordPolicy, 'minimumLength'>;
  strength: JudgeStrength;
  typedAddress: TypedAddress;
}

export interface ForgotPasswordView {
  /** The step of a sign-in that it was opened from. */
  uid?: string;
  /** What the e-mail field begins with. */
  email: string;
  /** Whether this service can send mail at all. */
  possible: boolean;
}

export const forgotPasswordView = view<ForgotPasswordView>('sign-in/forgot-password', 'door', 'recover.title');

export interface RecoverySentView {
  uid?: string;
  /** As it was typed. */
  email: string;
  /** The same, to be carried on. */
  typed: string;
}

export const recoverySentView = view<RecoverySentView>('sign-in/recovery-sent', 'door', 'recover.sentTitle');

export const recoveryCodeView = view<object>('sign-in/recovery-code', 'door', 'recover.codeTitle');

export interface ResetPasswordView {
  token: string;
  /** Whose password it is: said, and for password managers. */
  email: string;
  names: readonly string[];
  minimumLength: number;
}

export const resetPasswordView = view<ResetPasswordView>('sign-in/reset-password', 'door', 'recover.resetTitle');

/** What stands in the place of the form when the link or code is used, replaced or too old. */
export const resetEndedView = view<object>('sign-in/reset-ended', 'door', 'recover.endedTitle');

const address = z.object({
  email: z
    .string()
    .trim()
    .min(1, 'signIn.emailMissing')
    .max(320, 'signIn.emailTooLong')
    .refine((email) => isEmailAddress(emailKey(email)), 'problem.email'),
});

const code = z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(200, 'recover.codeWrong') });

const password = z.object({ newPassword: z.string().min(1), confirmPassword: z.string().min(1) });

/**
 * A new password for somebody who does not know the old one: asked for on the way in to an app, or outside of that; a
 * link by mail, or the code beside it, leads to the page that sets it. Opening that page has no effect (mail scanners do).
 */
export function recoverRoutes(deps: RecoverDeps): Route[] {
  const { interactions, recovery, typedAddress } = deps;
  const typedIn = ({ query, visitor }: Ask) => typedAddress.read(query['typed'], visitor);

  /** The page that says so can be opened again: reloaded it sends no other mail, which would end the link of the first. */
  const send = async ({ visitor }: Ask, email: string, step?: string): Promise<Outcome | 'too-many'> => {
    const asked = await recovery.ask({ email, step, from: visitor });
    const typed = encodeURIComponent(typedAddress.carry(email, visitor));

    return asked === 'too-many' ? asked : to(`${pathIn(step)}/sent?typed=${typed}`);
  };

  const sentTo = (ask: Ask, step?: string): RecoverySentView | Outcome => {
    const email = typedIn(ask);
    if (email === undefined) return to(pathIn(step));

    return { email, typed: ask.query['typed'] ?? '', ...(step !== undefined && { uid: step }) };
  };

  return [
    page('/forgot-password', forgotPasswordView, (ask) => ({ email: typedIn(ask) ?? '', possible: recovery.possible })),

    page('/forgot-password/sent', recoverySentView, (ask) => sentTo(ask)),

    action('/forgot-password', address, async (ask, { email }, wrong) => {
      const sent = await send(ask, email);

      return sent === 'too-many' ? wrong({ form: 'recover.tooMany' }, 429) : sent;
    }),

    page('/sign-in/:uid/forgot-password', forgotPasswordView, async (ask) => {
      const { uid } = ask.params;
      const step = await interactions.find(ask.exchange, uid);
      if ('ended' in step) return showEnded(uid, step);

      const email = typedIn(ask) ?? step.account?.email ?? step.loginHint ?? '';

      return { uid, email, possible: recovery.possible };
    }),

    page('/sign-in/:uid/forgot-password/sent', recoverySentView, async (ask) => {
      const { uid } = ask.params;
      const step = await interactions.find(ask.exchange, uid);

      return 'ended' in step ? showEnded(uid, step) : sentTo(ask, uid);
    }),

    action('/sign-in/:uid/forgot-password', address, async (ask, { email }, wrong) => {
      const { uid } = ask.params;
      const step = await interactions.find(ask.exchange, uid);
      if ('ended' in step) return showEnded(uid, step);

      const sent = await send(ask, email, uid);

      return sent === 'too-many' ? wrong({ form: 'recover.tooMany' }, 429) : sent;
    }),

    page('/reset-password/code', recoveryCodeView, () => ({})),

    action('/reset-password/code', code, async (_ask, input, wrong) => {
      const found = await recovery.find(input.code);
      if (!found) return wrong({ code: 'recover.codeWrong' });

      return to(`/reset-password?token=${encodeURIComponent(input.code)}`);
    }),

    page('/reset-password', resetPasswordView, async ({ query }) => {
      const token = query['token'];
      if (token === undefined) return to('/reset-password/code');

      const found = await recovery.find(token);

      return found ? resetOf(token, found) : ended();
    }),

    action('/reset-password', password, async ({ query, visitor }, { newPassword, confirmPassword }, wrong) => {
      const token = query['token'] ?? '';
      const found = await recovery.find(token);
      if (!found) return ended();

      const strength = strengthInKeys(await deps.strength(newPassword, knownOf(found.account)));
      if (confirmPassword !== newPassword) {
        return wrong({ confirmPassword: 'account.passwordDiffers' }, 422, { strength });
      }

      const reset = await recovery.reset(token, newPassword, visitor);
      if (reset === 'ended') return ended();
      if (!reset.ok) return wrong(byField(reset.problems), 422, { strength });

      const { step, apiKeys } = reset.value;
      // They outlive a password (S70): whoever may have made them is looked for next.
      const [next, done] = apiKeys > 0 ? (['/account/api-keys', 'recover.doneKeys'] as const) : account;

      return to(step === undefined ? next : `/sign-in/${step}`, done);
    }),
  ];

  function resetOf(token: string, { account, secondFactor }: Recovered): ResetPasswordView {
    const { email, names } = knownOf(account);

    return { token, email, names, minimumLength: deps.policy.minimumLength(secondFactor) };
  }
}

const account = ['/account', 'recover.done'] as const;

function pathIn(step: string | undefined): `/${string}` {
  return step === undefined ? '/forgot-password' : `/sign-in/${step}/forgot-password`;
}

function ended(): Outcome {
  return show(resetEndedView, {}, { status: 410 });
}
