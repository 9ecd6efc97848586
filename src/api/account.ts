import { accountApiOf, accountApiPath } from '../domain/account-api.ts';
import type { Api } from '../web/endpoint.ts';
import { accessEndpoints, type AccessDeps } from './account-access.ts';
import { profileEndpoints, type ProfileDeps } from './account-profile.ts';
import type { DescribedEndpoint } from './endpoint.ts';
import { callerWith, type PresentedDeps } from './presented.ts';

/**
 * The account API: what people see and do in the console, for programs of theirs. It is one list, of which the router and
 * the description are made; what can be done is in `operations/`. Nothing in it makes a key or changes what somebody signs
 * in with (DECISIONS 18).
 */
export interface AccountApiDeps extends ProfileDeps, AccessDeps, PresentedDeps {
  apiKeys: AccessDeps['apiKeys'] & PresentedDeps['apiKeys'];
  config: { issuer: string };
}

export function accountEndpoints(deps: ProfileDeps & AccessDeps): DescribedEndpoint[] {
  return [...profileEndpoints(deps), ...accessEndpoints(deps)];
}

export function accountApi(deps: AccountApiDeps): Api {
  const audience = accountApiOf(deps.config.issuer);

  return {
    path: accountApiPath,
    realm: 'account',
    endpoints: accountEndpoints(deps),

    async authorize(presented, from) {
      const caller = await callerWith(presented, { ...deps, audience, from });

      // An app that asks for itself is nobody whose account this could be.
      return caller && 'scopes' in caller && !caller.account ? undefined : caller;
    },
  };
}
