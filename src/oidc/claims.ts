import type { FindAccount } from 'oidc-provider';

import { claimsOfAccount, claimsOfScopes } from '../domain/claims.ts';
import type { Units } from './request.ts';
import { reaching } from './unavailable.ts';

/**
 * What an app can be told about a person: the standard claims of OpenID Connect Core 1.0 section 5.1 by scope (section
 * 5.4), and what says how the person signed in, which every ID token carries.
 */

const scopes = { openid: ['sub', 'acr', 'amr', 'auth_time'], ...claimsOfScopes } as const;

/** The setting `claims`. A name with null is no scope: it can be asked for with the `claims` parameter alone. */
export const claimsByScope = { ...scopes, sid: null, iss: null } as const;

/**
 * The setting `findAccount`: a disabled account is none (S30). Claims that scopes stand for are told at userinfo; in the
 * ID token only where there is no access token to ask with (section 5.4), or the client never asks
 * (`claims_in_id_token`), beside what was asked for by name.
 */
export function createFindAccount(units: Units): FindAccount {
  return async (ctx, id) => {
    const account = await reaching(units, (unit) => unit.get('accounts', id));
    if (account?.status !== 'active') return undefined;

    return {
      accountId: account.id,
      administers: account.roles.length > 0,

      claims(use, _scope, asked) {
        const claims = { ...claimsOfAccount(account), sub: account.id };

        return use !== 'id_token' || tellsAll(ctx) ? claims : only(claims, Object.keys(asked));
      },
    };
  };
}

function tellsAll({ oidc }: Parameters<FindAccount>[0]): boolean {
  return oidc.client?.['claims_in_id_token'] === true || oidc.params?.['response_type'] === 'id_token';
}

function only<T extends { sub: string }>(claims: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => name === 'sub' || names.includes(name))) as T;
}
