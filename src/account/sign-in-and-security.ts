import { z } from 'zod';

import { strengthInKeys } from '../credentials/password-strength.ts';
import { waitInWords } from '../domain/duration.ts';
import type { RememberedBrowser } from '../domain/factors.ts';
import { deviceInWords, deviceOf } from '../messages/device.ts';
import type { Interactions } from '../oidc/interactions.ts';
import { changePassword, type ChangePasswordDeps } from '../operations/change-password.ts';
import { knownOf, type JudgeStrength } from '../operations/password-problems.ts';
import { byField } from '../operations/problems.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { SignInCodes } from '../operations/sign-in-codes.ts';
import type { TwoFactorShown } from '../operations/two-factor.ts';
import { action, page, show, to, view, type Ask, type SignedIn } from '../web/route.ts';
import { apiKeysPath } from './api-key-places.ts';
import type { ConsolePage } from './page.ts';
import { passkeyRoutes, type PasskeysDeps } from './passkeys.ts';
import { rememberedRoutes, type RememberedDeps } from './remembered.ts';
import { securityPath as path } from './security-places.ts';
import { passwordFirst, twoFactorRoutes, type TwoFactorDeps } from './two-factor.ts';

export interface SignInAndSecurityDeps extends ChangePasswordDeps, TwoFactorDeps, PasskeysDeps, RememberedDeps {
  interactions: Pick<Interactions, 'renewSession'>;
  signInCodes: Pick<SignInCodes, 'can'>;
  strength: JudgeStrength;
  apiKeys: Pick<ApiKeys, 'list'>;
  /** Of a password, in characters: said beside the field; the least depends on whether there is a second factor. */
  longestPassword: number;
}

export interface SignInAndSecurityView {
  /** For password managers: whose password it is. */
  email: string;
  names: readonly string[];
  length: { minimum: number; maximum: number };
  /** So many characters the password must have before codes go to the address: see `passwordFirst`. */
  passwordFirst?: number;
  /** Whether the box is ticked. */
  everywhere: boolean;
  /** In words, during a wait after wrong guesses. */
  wait?: string;
  twoFactor: TwoFactorShown;
  passkeys: { id: string; name: string; createdAt: number; lastUsedAt?: number }[];
  browsers: (Pick<RememberedBrowser, 'id' | 'createdAt' | 'expiresAt'> & {
    /** In words. */ name: string;
    isHere: boolean;
  })[];
  /** Ways of sending codes that this service has. */
  canSend: { email: boolean; text: boolean };
}

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

  routes: ({ interactions, ...deps }) => [
    ...twoFactorRoutes({ ...deps, interactions }),
    ...passkeyRoutes({ ...deps, interactions }),
    ...rememberedRoutes(deps),

    page(path, signInAndSecurityView, (ask) => shownTo(deps, ask, { everywhere: true }), {
      access: 'recent',
      ahead: (accountId) => [deps.passkeys.list(accountId), deps.remembering.list(accountId)],
    }),

    action(
      path,
      change,
      async (ask, { confirmPassword, ...input }, wrong) => {
        const { account, session, visitor, say, exchange } = ask;
        const strength = strengthInKeys(await deps.strength(input.newPassword, knownOf(account)));

        if (confirmPassword !== input.newPassword) {
          return wrong({ confirmPassword: 'account.passwordDiffers' }, 422, { strength });
        }

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

          return show(signInAndSecurityView, await shownTo(deps, ask, { everywhere, wait }), {
            status: 429,
            retryAfter: changed.wait,
          });
        }

        if (!changed.ok) return wrong(byField(changed.problems), 422, { strength });

        await interactions.renewSession(exchange);

        // They outlive a password (S70): they are looked through next.
        if ((await deps.apiKeys.list(account.id)).length > 0) {
          return to(apiKeysPath, everywhere ? 'account.passwordChangedEverywhereKeys' : 'account.passwordChangedKeys');
        }

        return to(path, everywhere ? 'account.passwordChangedEverywhere' : 'account.passwordChanged');
      },
      { access: 'recent' },
    ),
  ],
};

type AskedHere = Pick<Ask & SignedIn, 'account' | 'say' | 'visitor'>;

async function shownTo(
  deps: Omit<SignInAndSecurityDeps, 'interactions'>,
  ask: AskedHere,
  now: Pick<SignInAndSecurityView, 'everywhere' | 'wait'>,
): Promise<SignInAndSecurityView> {
  const factors = await factorsOf(deps, ask);
  const minimum = deps.policy.minimumLength(factors.twoFactor.isPasswordGuarded);

  return {
    ...knownOf(ask.account),
    length: { minimum, maximum: deps.longestPassword },
    ...passwordFirst(factors.twoFactor, deps.policy),
    ...now,
    ...factors,
  };
}

type FactorsShown = Pick<SignInAndSecurityView, 'twoFactor' | 'passkeys' | 'browsers' | 'canSend'>;

async function factorsOf(
  deps: Pick<SignInAndSecurityDeps, 'twoFactor' | 'passkeys' | 'remembering' | 'signInCodes'>,
  { account, say, visitor }: AskedHere,
): Promise<FactorsShown> {
  const here = deps.remembering.idOf(account, visitor.deviceId);
  const [twoFactor, passkeys, browsers] = await Promise.all([
    deps.twoFactor.show(account),
    deps.passkeys.list(account.id),
    deps.remembering.list(account.id),
  ]);

  return {
    twoFactor,
    canSend: { email: deps.signInCodes.can('email'), text: deps.signInCodes.can('text') },
    passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
      id,
      name,
      createdAt,
      ...(lastUsedAt !== undefined && { lastUsedAt }),
    })),
    browsers: browsers.map(({ id, userAgent, createdAt, expiresAt }) => ({
      id,
      createdAt,
      expiresAt,
      name: deviceInWords(deviceOf(userAgent), say),
      isHere: id === here,
    })),
  };
}
