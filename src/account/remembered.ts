import { z } from 'zod';

import { action, to, type Route } from '../web/route.ts';
import { securityPath } from './security-places.ts';

export interface RememberedDeps {
  rememberedBrowsers: { forget(accountId: string, id: string): Promise<boolean> };
}

/** Browsers in which the second factor is not asked: taken back one by one. */
export function rememberedRoutes({ rememberedBrowsers }: RememberedDeps): Route[] {
  return [
    action(
      `${securityPath}/forget`,
      z.object({ id: z.string().max(100) }),
      async ({ account }, { id }) => {
        await rememberedBrowsers.forget(account.id, id);

        return to(securityPath, 'twoFactor.forgotten');
      },
      { access: 'recent' },
    ),
  ];
}
