import type { AccessToken, ClientCredentials } from 'oidc-provider';

import type { Account } from '../domain/account.ts';
import { apiKeyClientId } from '../domain/api-key.ts';
import type { Inside } from './deps.ts';

/** An opaque access token that an app presents at an API of ours: in somebody's name, or in its own (RFC 6749 section 4.4). */
export interface PresentedToken {
  account?: Account;
  clientId: string;
  /** What it hangs on: the grant, or the app itself. */
  id: string;
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
  const { AccessToken, ClientCredentials } = provider();
  const token = await AccessToken.find(presented);
  const found = token ? ofPerson(token, audience) : ofApp(await ClientCredentials.find(presented), audience);
  if (!found) return undefined;

  return units.within(async (unit) => {
    const { accountId, ...app } = found;
    const [client, account] = await Promise.all([
      unit.get('clients', app.clientId),
      accountId === undefined ? undefined : unit.get('accounts', accountId),
    ]);
    // As it may ask by now: what was taken from the app opens nothing any more.
    if (!client?.metadata.resources?.includes(audience)) return undefined;
    if (accountId === undefined) return app;

    return account && { ...app, account };
  });
}

type Found = Omit<PresentedToken, 'account'> & { accountId?: string };

function ofPerson(token: AccessToken, audience: string): Found | undefined {
  const { accountId, clientId, grantId, scope = '' } = token;
  if (token.isExpired || token.aud !== audience) return undefined;
  // A key is one only to whoever asks about it.
  if (!accountId || clientId === undefined || !grantId || clientId === apiKeyClientId) return undefined;

  return { accountId, clientId, id: grantId, scopes: scope.split(' ') };
}

function ofApp(token: ClientCredentials | undefined, audience: string): Found | undefined {
  if (!token || token.isExpired || token.aud !== audience || token.clientId === undefined) return undefined;

  return { clientId: token.clientId, id: token.clientId, scopes: (token.scope ?? '').split(' ') };
}
