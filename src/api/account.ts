import { hashOfApiKey, isMeantAsApiKey } from '../credentials/api-key.ts';
import type { Account } from '../domain/account.ts';
import { accountApiPath } from '../domain/account-api.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Api } from '../web/route.ts';
import { accessEndpoints, type AccessDeps } from './account-access.ts';
import { profileEndpoints, type ProfileDeps } from './account-profile.ts';
import type { DescribedEndpoint } from './endpoint.ts';

/**
 * The account API: what people see and do in the console, for programs of theirs. It is one list, of which the router is
 * made and the description will be; what can be done is in `operations/`. Nothing in it makes a key or changes what
 * somebody signs in with (DECISIONS 18).
 */
export interface AccountApiDeps extends ProfileDeps, AccessDeps {
  apiKeys: AccessDeps['apiKeys'] & Pick<ApiKeys, 'authorize'>;
  /** The access token that is presented, if it is for this API. */
  tokenFor(
    presented: string,
  ): Promise<{ account: Account; clientId: string; grantId: string; scopes: string[] } | undefined>;
}

/** What anybody can work out from the key alone: it says nothing of any that there is. */
const mistyped = 'This API key is mistyped or cut short: its last six characters do not fit the others.';

export function accountEndpoints(deps: AccountApiDeps): DescribedEndpoint[] {
  return [...profileEndpoints(deps), ...accessEndpoints(deps)];
}

export function accountApi(deps: AccountApiDeps): Api {
  return {
    path: accountApiPath,
    endpoints: accountEndpoints(deps),

    async authorize(presented, from) {
      if (isMeantAsApiKey(presented)) {
        if (hashOfApiKey(presented) === undefined) return { mistyped };

        const found = await deps.apiKeys.authorize(presented, from);

        return (
          found && {
            id: found.key.id,
            actor: `key:${found.key.id}`,
            account: found.account,
            scopes: found.key.scopes,
          }
        );
      }

      const token = await deps.tokenFor(presented);

      // However many tokens an app has by one grant, they are asked with as one.
      return token && { id: token.grantId, actor: `client:${token.clientId}`, program: true, ...token };
    },
  };
}
