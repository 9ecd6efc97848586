import { z } from 'zod';

import type { Interactions } from '../oidc/interactions.ts';
import { action, page, show, to, view, type Route } from '../web/route.ts';

export interface NotSignedInView {
  /** Where "Try again" leads: where the person was going. */
  returnTo: string;
  /** The OAuth error code (RFC 6749 section 4.1.2.1), for whoever is asked for help. */
  code: string;
}

export const notSignedInView = view<NotSignedInView>('account/not-signed-in', 'door', 'account.notSignedInTitle');

export const signedOutView = view<object>('account/signed-out', 'door', 'account.signedOutTitle');

/**
 * Where the console's own authorization request comes back to, and signing out. The answer carries no code
 * (`response_type=none`): the session is in the browser by then, so all that is left is to go where the person wanted.
 */
export function sessionRoutes(interactions: Pick<Interactions, 'consoleReturn' | 'signOut'>): Route[] {
  return [
    page('/account/signed-in', notSignedInView, ({ query }) => {
      const wanted = interactions.consoleReturn(query['state'] ?? '');
      const returnTo = wanted !== undefined && isLocal(wanted) ? wanted : '/account';
      const code = query['error'];

      if (code === undefined) return to(returnTo);

      // The words of `error_description` came through the browser: only a code of the known form is shown.
      return show(
        notSignedInView,
        { returnTo, code: /^[a-z_]{1,40}$/.test(code) ? code : 'server_error' },
        { status: 400 },
      );
    }),

    action('/account/sign-out', z.object({}), async ({ exchange }) => {
      await interactions.signOut(exchange);
      return to('/signed-out');
    }),

    page('/signed-out', signedOutView, () => ({})),
  ];
}

function isLocal(path: string): path is `/${string}` {
  return /^\/(?![/\\])/.test(path);
}
