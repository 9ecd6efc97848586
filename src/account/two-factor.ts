import { z } from 'zod';

import type { PasswordPolicy } from '../credentials/password-policy.ts';
import { acrTwoFactors } from '../domain/acr.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { AuthenticatorShown, Authenticators } from '../operations/authenticators.ts';
import { byField, type Result } from '../operations/problems.ts';
import type { TwoFactor, TwoFactorShown } from '../operations/two-factor.ts';
import { action, backTo, page, to, view, type Ask, type Outcome, type Route, type SignedIn } from '../web/route.ts';
import { recoveryCodesPage, securityPath } from './security-places.ts';

export interface TwoFactorDeps {
  interactions: Pick<Interactions, 'renewSession'>;
  twoFactor: TwoFactor;
  authenticators: Authenticators;
  policy: PasswordPolicy;
}

export interface AuthenticatorView {
  shown?: AuthenticatorShown;
}

export const authenticatorView = view<AuthenticatorView>('account/authenticator', 'shell', 'twoFactor.authenticator');

export interface SwitchOffView {
  /** So many characters the password must have before: see `passwordFirst`. */
  passwordFirst?: number;
}

/** What will happen, before it does: no way of getting codes is left afterwards. */
export const switchOffView = view<SwitchOffView>('account/two-factor-off', 'shell', 'twoFactor.offTitle');

const recent = { access: 'recent' } as const;
const authenticatorPath = `${securityPath}/authenticator`;
const offPath = `${securityPath}/two-factor-off`;

/**
 * The ways to get a code as second factor: authenticator apps, the mailbox, the phone; which one is begun with; and the
 * switch. Each is a form that leads back to the page it stands on.
 */
export function twoFactorRoutes({ interactions, twoFactor, authenticators, policy }: TwoFactorDeps): Route[] {
  return [
    page(
      authenticatorPath,
      authenticatorView,
      async ({ account, session }) => {
        const shown = await authenticators.begun(account, bindingOf(session));

        return shown === undefined ? {} : { shown };
      },
      recent,
    ),

    action(
      `${authenticatorPath}/begin`,
      z.object({}),
      async ({ account, session }) => {
        await authenticators.begin(account, bindingOf(session));

        return to(authenticatorPath);
      },
      recent,
    ),

    action(
      authenticatorPath,
      z.object({ code: z.string().trim().min(1, 'secondFactor.codeMissing').max(20), name: z.string().optional() }),
      async (ask, { code, name }, wrong) => {
        const { account, session, exchange } = ask;
        const digits = digitsIn(code);
        const given = { code: digits, binding: bindingOf(session), ...(name !== undefined && { name }) };
        const added = await authenticators.confirm(account, given, byOf(ask));

        if (added === 'ended') return wrong({ form: 'setUp.ended' });
        if (!added.ok) return wrong(byField(added.problems));

        // The code was the second factor of this very session.
        await interactions.renewSession(exchange, { amr: ['otp', 'mfa'], acr: acrTwoFactors });

        return recoveryCodesPage(added.value.recoveryCodes, 'twoFactor.added.authenticator');
      },
      recent,
    ),

    action(
      `${securityPath}/add`,
      z.object({ method: z.enum(['email', 'text']) }),
      async (ask, { method }) => {
        const added = await twoFactor.add(ask.account, method, byOf(ask));
        if (!added.ok) return back(added);

        return recoveryCodesPage(added.value.recoveryCodes, `twoFactor.added.${method}`);
      },
      recent,
    ),

    action(
      `${securityPath}/prefer`,
      z.object({ method: z.enum(['passkey', 'authenticator', 'text', 'email']) }),
      async (ask, { method }) => {
        const preferred = await twoFactor.prefer(ask.account, method, byOf(ask));

        return preferred.ok ? to(securityPath, `twoFactor.preferred.${method}`) : back(preferred);
      },
      recent,
    ),

    action(
      `${securityPath}/remove`,
      z.object({ method: z.enum(['authenticator', 'text', 'email']), id: z.string().max(100).optional() }),
      async (ask, { method, id }) => {
        const which = method === 'authenticator' ? { authenticator: id ?? '' } : method;

        if (isLast(await twoFactor.show(ask.account))) return to(offPath);

        const removed = await twoFactor.remove(ask.account, which, byOf(ask));

        return removed.ok ? to(securityPath, `twoFactor.removed.${method}`) : back(removed);
      },
      recent,
    ),

    page(offPath, switchOffView, async ({ account }) => passwordFirst(await twoFactor.show(account), policy), recent),

    action(
      offPath,
      z.object({}),
      async (ask, _input, wrong) => {
        const done = await twoFactor.switchOff(ask.account, byOf(ask));

        return done.ok ? to(securityPath, 'twoFactor.isOff') : wrong(byField(done.problems));
      },
      recent,
    ),

    action(
      `${securityPath}/recovery-codes`,
      z.object({}),
      async (ask) => {
        const made = await twoFactor.renewRecoveryCodes(ask.account, byOf(ask));

        return made.ok ? recoveryCodesPage(made.value.recoveryCodes, 'account.saved') : back(made);
      },
      recent,
    ),
  ];
}

export function byOf({ account, visitor }: Pick<Ask & SignedIn, 'account' | 'visitor'>) {
  return { actor: account.id, from: visitor };
}

/** Names the session in which a secret was shown: nobody else's tab goes on with it. */
export function bindingOf({ uid }: SignedIn['session']): string {
  return `account ${uid}`;
}

/** Without the only way to get codes two-factor authentication is off: that is said first. */
export function isLast({ isNeeded, authenticators, email, text }: TwoFactorShown): boolean {
  return !isNeeded && authenticators.length + Number(email.on) + Number(text.on) === 1;
}

/** The least length of a password that is asked for alone, where the one that there is has less (S61). */
export function passwordFirst(
  { isPasswordShort }: TwoFactorShown,
  policy: Pick<PasswordPolicy, 'minimumLength'>,
): { passwordFirst?: number } {
  return isPasswordShort ? { passwordFirst: policy.minimumLength(false) } : {};
}

/** Why nothing was done, in words that need no values. */
export function back({ problems: [problem] }: Extract<Result<object>, { ok: false }>): Outcome {
  return problem === undefined ? to(securityPath) : backTo(securityPath, problem.key);
}
