import { hashOfApiKey, isMeantAsApiKey } from '../credentials/api-key.ts';
import type { Account } from '../domain/account.ts';
import type { ApiKeys } from '../operations/api-keys.ts';
import type { Caller, From, Mistyped } from '../web/endpoint.ts';

/** What programs show at our APIs, and whom it makes them. */
export interface PresentedDeps {
  apiKeys: Pick<ApiKeys, 'authorize'>;
  /** The access token that is presented, if it is for the API `audience`; without `account` an app asks for itself. */
  tokenFor(
    audience: string,
    presented: string,
  ): Promise<{ account?: Account; clientId: string; id: string; scopes: string[] } | undefined>;
}

/** What anybody can work out from the key alone: it says nothing of any that there is. */
const mistyped = 'This API key is mistyped or cut short: its last six characters do not fit the others.';

/** Undefined: it opens nothing at the API `audience`. */
export async function callerWith(
  presented: string,
  { apiKeys, tokenFor, audience, from }: PresentedDeps & { audience: string; from: From },
): Promise<Caller | Mistyped | undefined> {
  if (isMeantAsApiKey(presented)) {
    if (hashOfApiKey(presented) === undefined) return { mistyped };

    const found = await apiKeys.authorize(presented, { audience, ip: from.ip });
    if (!found) return undefined;

    const { key, account } = found;

    return { id: key.id, actor: `key:${key.id}`, account, scopes: key.scopes };
  }

  const token = await tokenFor(audience, presented);

  // However many tokens an app has by one grant, they are asked with as one.
  return token && { actor: `client:${token.clientId}`, program: true, ...token };
}
