import { z } from 'zod';

import { roles } from '../domain/account.ts';
import { adminScopes } from '../domain/admin-api.ts';
import { adminEndpoint, type DescribedEndpoint } from './endpoint.ts';

const self = z.strictObject({
  /** Of whom the key or token is; absent: an app asks for itself. */
  accountId: z.string().optional(),
  role: z.enum(roles).optional(),
  /** As in the audit log: `key:…`, `client:…`. */
  actor: z.string(),
  scopes: z.array(z.enum(adminScopes)),
});

export function selfEndpoints(): DescribedEndpoint[] {
  return [
    adminEndpoint({
      name: 'self.get',
      method: 'GET',
      path: '/self',
      scope: 'overview:read',
      summary: 'Whose key or token this is, and what it may do here',
      answer: self,
      async run({ caller: { account, role, actor, scopes } }) {
        return {
          ...(account && { accountId: account.id }),
          ...(role && { role }),
          actor,
          scopes: adminScopes.filter((scope) => scopes.includes(scope)),
        };
      },
    }),
  ];
}
