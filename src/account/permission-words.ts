import type { Account } from '../domain/account.ts';
import { withoutEmpty } from '../domain/allowance.ts';
import { claimsOfScopes } from '../domain/claims.ts';
import { consentItems, type ResourceWords } from '../domain/consent-items.ts';
import { itemInWords } from '../domain/consent-words.ts';
import type { OfflineAccess } from '../operations/devices.ts';

/** What access for the time away is good for, as consent has asked for it; that it is for the time away is said apart. */
export function permissionsInWords(
  { scopes, claims, apis }: Pick<OfflineAccess, 'scopes' | 'claims' | 'apis'>,
  account: Account,
  registered: readonly ResourceWords[],
): string[] {
  const ofApis = registered
    .filter(({ identifier }) => apis.includes(identifier))
    .map((api): [string, string[]] => [
      api.identifier,
      api.scopes.map(({ name }) => name).filter((name) => !isStandard(name) && scopes.includes(name)),
    ]);
  const known = ofApis.flatMap(([, names]) => names);
  const wanted = {
    scopes: scopes.filter((scope) => scope !== 'offline_access' && !known.includes(scope)),
    claims: [...claims],
    resources: withoutEmpty(ofApis),
  };

  const { items } = consentItems({ wanted, allowed: wanted, account, resources: registered });

  return items.map((item) => itemInWords(item, account.locale, { away: 0 }).title);
}

function isStandard(scope: string): boolean {
  return scope === 'openid' || scope === 'offline_access' || Object.hasOwn(claimsOfScopes, scope);
}
