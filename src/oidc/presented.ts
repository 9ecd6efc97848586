import type { Account } from '../domain/account.ts';
import { apiKeyClientId } from '../domain/api-key.ts';
import type { Inside } from './deps.ts';

/** An opaque access token that an app presents at an API of ours. */
export interface PresentedToken {
  account: Account;
  clientId: string;
  grantId: string;
  /** As the person allows it by now. */
  scopes: string[];
}

/**
 * Undefined: it is none, is over, belongs to nobody or is for something else, userinfo included (S36). What it hangs on was
 * looked at by whoever found it (adapter/access-tokens.ts).
 */
export async function tokenFor(
  { provider, units, audience }: Pick<Inside, 'provider' | 'units'> & { audience: string },
  presented: string,
): Promise<PresentedToken | undefined> {
  const token = await provider().AccessToken.find(presented);
  if (!token || token.isExpired || token.aud !== audience) return undefined;

  const { accountId, clientId, grantId, scope = '' } = token;
  // A key is one only to whoever asks about it.
  if (!accountId || clientId === undefined || !grantId || clientId === apiKeyClientId) return undefined;

  const account = await units.within((unit) => unit.get('accounts', accountId));

  return account && { account, clientId, grantId, scopes: scope.split(' ') };
}
