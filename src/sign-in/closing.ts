import { z } from 'zod';

import { keepableUntil } from '../domain/account.ts';
import type { ClientFace } from '../domain/client-face.ts';
import { action, page, show, to, view, type Route } from '../web/route.ts';
import type { SignInDeps } from './deps.ts';
import { shownWhereNext, whereNext } from './open-step.ts';
import { proceed } from './proceed.ts';

export interface ClosingView {
  uid: string;
  client: ClientFace;
  email: string;
  /** Milliseconds: then it is deleted. */
  until: number;
  mayRefuse: boolean;
}

export const closingView = view<ClosingView>('sign-in/closing', 'door', 'closing.keepTitle');

const path = '/sign-in/:uid/closing';

/**
 * What somebody sees who signs in to an account that they have closed, while it can still be kept. It comes behind all that
 * proves whose it is: a stranger who knows the password alone learns nothing of it.
 */
export function closingRoutes(deps: SignInDeps): Route[] {
  return [
    page(path, closingView, (ask) =>
      shownWhereNext(deps, ask, 'closing', async ({ uid, client, mayRefuse, formAction }, { account }) =>
        show(
          closingView,
          { uid, client, mayRefuse, email: account.email, until: keepableUntil(account, deps.clock.now()) ?? 0 },
          { formAction },
        ),
      ),
    ),

    action(path, z.object({}), (ask) =>
      whereNext(deps, ask, 'closing', async (step, soFar) => {
        const kept = await deps.closing.keep(soFar.account, { actor: soFar.account.id, from: ask.visitor });

        // Too late: to whoever signs in it is not there any more.
        return kept ? proceed(deps, ask, step, { ...soFar, account: kept }) : to(`/sign-in/${step.uid}`);
      }),
    ),
  ];
}
