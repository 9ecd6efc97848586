import type { Route } from '../web/route.ts';
import type { SignInDeps } from './deps.ts';
import { closingRoutes } from './closing.ts';
import { invitationRoutes, type InvitationDeps } from './invitation.ts';
import { mailboxRoutes } from './mailbox.ts';
import { passwordStrengthRoutes, type PasswordStrengthDeps } from './password-strength.ts';
import { pickerRoutes } from './picker.ts';
import { recoverRoutes, type RecoverDeps } from './recover.ts';
import { setupRoutes, type SetupDeps } from './setup.ts';
import { passkeyRoutes } from './passkey.ts';
import { registerRoutes } from './register.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { setUpRoutes } from './set-up.ts';
import { passwordRoutes } from './sign-in.ts';
import { verifyEmailRoutes } from './verify-email.ts';
import { wasntMeRoutes, type WasntMeDeps } from './wasnt-me.ts';

type Deps = SignInDeps & SetupDeps & RecoverDeps & InvitationDeps & WasntMeDeps & PasswordStrengthDeps;

/**
 * Signing in: the pages on which a person proves who they are inside an authorization request, and what they see when
 * there is no such request any more. It owns the words and the order of the checks; it must not know the protocol (that
 * is `oidc/interactions`), how passwords are hashed or where anything is stored.
 */
export function signInRoutes(deps: Deps): Route[] {
  return [
    ...passwordRoutes(deps),
    ...registerRoutes(deps),
    ...mailboxRoutes(deps),
    ...passkeyRoutes(deps),
    ...secondFactorRoutes(deps),
    ...setUpRoutes(deps),
    ...verifyEmailRoutes(deps),
    ...closingRoutes(deps),
    ...pickerRoutes(deps),
    ...setupRoutes(deps),
    ...recoverRoutes(deps),
    ...invitationRoutes(deps),
    ...wasntMeRoutes(deps),
    ...passwordStrengthRoutes(deps),
  ];
}

export { deviceRoutes } from './device.ts';
export { showEnded } from './ended.ts';
