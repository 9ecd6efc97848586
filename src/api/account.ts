import { accountApiOf, accountApiPath, accountApiWords } from '../domain/account-api.ts';
import { accessEndpoints, type AccessDeps } from './account-access.ts';
import { profileEndpoints, type ProfileDeps } from './account-profile.ts';
import type { DescribedEndpoint } from './endpoint.ts';
import type { DescribedApi } from './openapi.ts';
import { callerWith, type PresentedDeps } from './presented.ts';

/**
 * The account API: what people see and do in the console, for programs of theirs. It is one list, of which the router and
 * the description are made; what can be done is in `operations/`. Nothing in it makes a key or changes what somebody signs
 * in with (DECISIONS 18).
 */
export interface AccountApiDeps extends ProfileDeps, AccessDeps, PresentedDeps {
  apiKeys: AccessDeps['apiKeys'] & PresentedDeps['apiKeys'];
  config: { issuer: string; branding: { name: string } };
}

export function accountEndpoints(deps: ProfileDeps & AccessDeps): DescribedEndpoint[] {
  return [...profileEndpoints(deps), ...accessEndpoints(deps)];
}

export function accountApi(deps: AccountApiDeps): DescribedApi {
  const { issuer, branding } = deps.config;
  const audience = accountApiOf(issuer);

  return {
    path: accountApiPath,
    realm: 'account',
    endpoints: accountEndpoints(deps),
    words: accountApiWords({ issuer, brand: branding.name }),
    about: 'The account of whoever asks: with a key of theirs, or through an app that they allow it.',

    async authorize(presented, from) {
      const caller = await callerWith(presented, { ...deps, audience, from });

      // An app that asks for itself is nobody whose account this could be.
      return caller && 'scopes' in caller && !caller.account ? undefined : caller;
    },
  };
}
