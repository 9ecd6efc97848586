import { z } from 'zod';

import { acrTwoFactors } from '../domain/acr.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import type { Interactions } from '../oidc/interactions.ts';
import type { AuthenticatorShown, Authenticators } from '../operations/authenticators.ts';
import { byField, type Result } from '../operations/problems.ts';
import type { TwoFactor, TwoFactorShown } from '../operations/two-factor.ts';
import { action, page, to, view, type Ask, type MessageKey, type Route, type SignedIn } from '../web/route.ts';
import { recoveryCodesPage, securityPath } from './security-places.ts';

export interface TwoFactorDeps {
  interactions: Pick<Interactions, 'renewSession'>;
  twoFactor: TwoFactor;
  authenticators: Authenticators;
}

export interface AuthenticatorView {
  shown?: AuthenticatorShown;
}

export const authenticatorView = view<AuthenticatorView>('account/authenticator', 'shell', 'twoFactor.authenticator');

/** What will happen, before it does: no way of getting codes is left afterwards. */
export const switchOffView = view<object>('account/two-factor-off', 'shell', 'twoFactor.offTitle');

const recent = { access: 'recent' } as const;
const authenticatorPath = `${securityPath}/authenticator`;
const offPath = `${securityPath}/two-factor-off`;

/**
 * The ways to get a code as second factor: authenticator apps, the mailbox, the phone; which one is begun with; and the
 * switch. Each is a form that leads back to the page it stands on.
 */
export function twoFactorRoutes({ interactions, twoFactor, authenticators }: TwoFactorDeps): Route[] {
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

        return recoveryCodesPage(added.value.recoveryCodes, 'twoFactor.added');
      },
      recent,
    ),

    action(
      `${securityPath}/add`,
      z.object({ method: z.enum(['email', 'text']) }),
      async (ask, { method }) => {
        const added = await twoFactor.add(ask.account, method, byOf(ask));
        if (!added.ok) return to(securityPath, 'twoFactor.notPossible');

        return recoveryCodesPage(added.value.recoveryCodes, 'twoFactor.added');
      },
      recent,
    ),

    action(
      `${securityPath}/prefer`,
      z.object({ method: z.enum(['passkey', 'authenticator', 'text', 'email']) }),
      async (ask, { method }) => back(await twoFactor.prefer(ask.account, method, byOf(ask)), 'twoFactor.preferred'),
      recent,
    ),

    action(
      `${securityPath}/remove`,
      z.object({ method: z.enum(['authenticator', 'text', 'email']), id: z.string().max(100).optional() }),
      async (ask, { method, id }) => {
        const which = method === 'authenticator' ? { authenticator: id ?? '' } : method;

        if (isLast(await twoFactor.show(ask.account))) return to(offPath);

        return back(await twoFactor.remove(ask.account, which, byOf(ask)), 'twoFactor.removed');
      },
      recent,
    ),

    page(offPath, switchOffView, () => ({}), recent),

    action(
      offPath,
      z.object({}),
      async (ask, _input, wrong) => {
        const done = await twoFactor.switchOff(ask.account, byOf(ask));

        return done.ok ? to(securityPath, 'twoFactor.isOff') : wrong({ form: 'twoFactor.isNeeded' });
      },
      recent,
    ),

    action(
      `${securityPath}/recovery-codes`,
      z.object({}),
      async (ask) => {
        const made = await twoFactor.renewRecoveryCodes(ask.account, byOf(ask));

        return made.ok ? recoveryCodesPage(made.value.recoveryCodes, 'twoFactor.added') : to(securityPath);
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
function isLast({ isNeeded, authenticators, email, text }: TwoFactorShown): boolean {
  return !isNeeded && authenticators.length + Number(email.on) + Number(text.on) === 1;
}

function back(done: Result<object>, notice: MessageKey) {
  return done.ok ? to(securityPath, notice) : to(securityPath, 'twoFactor.notRemoved');
}
