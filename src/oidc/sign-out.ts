import type { KoaContextWithOIDC, Session } from 'oidc-provider';

import type { Exchange } from '../web/route.ts';
import type { Inside } from './deps.ts';
import { sessionCookie } from './session-cookie.ts';
import { hintedSubject, subjectHere } from './subject.ts';

/**
 * Signing out of this browser (OpenID Connect RP-Initiated Logout 1.0): the session ends here, the apps that were used
 * in it are told (Back-Channel Logout 1.0), and access that was given for the time away stays.
 */
export interface SignOut {
  /** The session of this browser, if there is one, and its cookie. */
  here(exchange: Exchange): Promise<void>;
  /** A session that was found already. The caller's cookie is worth nothing afterwards. */
  end(exchange: Exchange, session: Session): Promise<void>;
}

export type SignOutDeps = Pick<Inside, 'config' | 'provider' | 'endings' | 'events' | 'originOf'>;

export function createSignOut(deps: SignOutDeps): SignOut {
  const { config, endings, events, originOf } = deps;

  async function end(exchange: Exchange, session: Session): Promise<void> {
    const { accountId } = session;

    await endings.session(session.uid, { offline: false });
    await session.destroy();

    if (accountId === undefined) return;

    const facts = { actor: accountId, account: accountId, from: originOf(exchange.request) };
    await events.write('sign_out', facts);
  }

  return {
    end,

    async here({ request, response }) {
      const provider = deps.provider();
      const context = provider.createContext(request, response);
      const session = await provider.Session.get(context);

      if (session.accountId !== undefined) await end({ request, response }, session);

      sessionCookie(provider, config).clear(context);
    },
  };
}

/** Whether the ID token that came as a hint was issued to the person who is signed in here. */
export async function isOwnHint(ctx: KoaContextWithOIDC): Promise<boolean> {
  if (ctx.oidc.entities.IdTokenHint === undefined) return false;

  const here = await subjectHere(ctx);
  return here !== undefined && here === hintedSubject(ctx);
}
