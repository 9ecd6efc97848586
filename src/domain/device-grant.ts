import { allowanceIn, fieldsOf, type Allowance, type GrantFields } from './allowance.ts';
import type { Grant } from './grant.ts';

/** What a device without a browser was given, and how long it goes on. */

/**
 * Whether a device's access has no refresh token to be known by: it was given none, has not come for it yet, or may not
 * use it any more.
 */
export function standsAlone(grant: Grant): boolean {
  return grant.device !== undefined && (grant.consumed.length === 0 || !goesOn(grant));
}

/** Seconds that a device's grant lives once its code is redeemed, as it stands by then. */
export function lastsRedeemed(grant: Grant): number {
  const { lasts = 0, tokenLasts = 0 } = grant.device ?? {};

  return goesOn(grant) ? lasts : tokenLasts;
}

/** As it is once this is what it holds. A device that can't refresh any more has what is out, until that is over. */
export function holding(old: Grant, allowance: Allowance, now: number): Grant {
  const held = { ...old, payload: { ...old.payload, ...fieldsOf(allowance) } };
  const { device, consumed, expiresAt } = old;
  if (device === undefined || consumed.length === 0 || !goesOn(old) || goesOn(held)) return held;

  return { ...held, expiresAt: Math.min(expiresAt, now + device.tokenLasts * 1000) };
}

/** Whether a device may come for more tokens by itself. */
function goesOn({ device, payload }: Grant): boolean {
  return device?.refreshes === true && allowanceIn(payload as GrantFields).scopes.includes('offline_access');
}
