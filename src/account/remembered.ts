import { z } from 'zod';

import type { Remembering } from '../operations/remembering.ts';
import { action, to, type Route } from '../web/route.ts';
import { securityPath } from './security-places.ts';

export interface RememberedDeps {
  remembering: Pick<Remembering, 'list' | 'idOf' | 'forget'>;
}

/** Browsers in which the second factor is not asked: taken back one by one. */
export function rememberedRoutes({ remembering }: RememberedDeps): Route[] {
  return [
    action(
      `${securityPath}/forget`,
      z.object({ id: z.string().max(100) }),
      async ({ account, visitor }, { id }) => {
        await remembering.forget(account, id, { actor: account.id, from: visitor });

        return to(securityPath, 'twoFactor.forgotten');
      },
      { access: 'recent' },
    ),
  ];
}
