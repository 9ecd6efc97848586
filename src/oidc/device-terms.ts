import { errors } from 'oidc-provider';

import { acrTwoFactors, isAcr } from '../domain/acr.ts';
import type { Allowance } from '../domain/allowance.ts';
import type { Client } from '../domain/client.ts';
import type { DeviceCode } from '../domain/device-code.ts';
import type { Json } from '../domain/json.ts';
import type { SignedIn } from '../web/route.ts';
import { essentialAcr } from './assurance.ts';

/** What a device's request says of how it may be answered: its parameters as the protocol library has checked them. */

type Params = Readonly<Record<string, Json>>;
type Request = Pick<DeviceCode, 'payload'>;

interface Answering {
  row: Pick<DeviceCode, 'payload' | 'wanted'>;
  client: Pick<Client, 'metadata'>;
}

/** Refuses what no sign-in could ever answer, while the device can still be told. Throws the library's errors. */
export function checkTerms(request: Request): void {
  const essential = essentialAcr(paramsOf(request));

  if (essential !== undefined && !essential.some((acr) => isAcr(acr))) {
    throw new errors.InvalidRequest('none of the requested acr values can be reached');
  }
}

/** Seconds since the last proof (`max_age`). */
export function maxAgeOf(request: Request): number | undefined {
  const { max_age: maxAge } = paramsOf(request);

  return maxAge === undefined || maxAge === null ? undefined : Number(maxAge);
}

/** Whether two factors are a must, as in every other request (assurance.ts). */
export function needsTwoFactors({ metadata }: Pick<Client, 'metadata'>, request: Request): boolean {
  if (metadata.require_second_factor === true) return true;

  return (
    essentialAcr(paramsOf(request))
      ?.filter((acr) => isAcr(acr))
      .every((acr) => acr === acrTwoFactors) ?? false
  );
}

/** As on every other way in (S97): a page that was left open must not allow what it would not ask any more. */
export function isProvedEnough({ row, client }: Answering, session: SignedIn['session'], now: number): boolean {
  if (needsTwoFactors(client, row) && session.acr !== acrTwoFactors) return false;

  const maxAge = maxAgeOf(row);

  return maxAge === undefined || now - session.signedInAt <= maxAge * 1000;
}

/** Resource indicators (RFC 8707). */
export function resourcesOf(request: Request): string[] {
  return [paramsOf(request)['resource']].flat().filter((one) => typeof one === 'string');
}

/** What of it was allowed, of OpenID Connect and of APIs. */
export function scopeOf({ wanted }: Answering['row'], { scopes, resources }: Allowance): string {
  const ofApis = Object.entries(wanted.resources).flatMap(([name, asked]) =>
    asked.filter((scope) => resources[name]?.includes(scope)),
  );

  return [...new Set([...wanted.scopes.filter((scope) => scopes.includes(scope)), ...ofApis])].join(' ');
}

/** What the library keeps of who allowed it, as it would of an authorization request (OpenID Connect Core 1.0 section 2). */
export function payloadOf(
  { row, client }: Answering,
  { session, scope }: { session: SignedIn['session']; scope: string },
): Record<string, Json> {
  const { claims: text } = paramsOf(row);
  const asked = typeof text === 'string' ? (JSON.parse(text) as Record<string, Json>) : {};
  const withTime = maxAgeOf(row) !== undefined || client.metadata.require_auth_time === true;
  const claims = withTime ? { ...asked, id_token: { ...(asked['id_token'] as object), auth_time: null } } : asked;
  const [resource, ...others] = resourcesOf(row);

  return {
    scope,
    authTime: Math.floor(session.signedInAt / 1000),
    amr: [...session.amr],
    ...(session.acr !== undefined && { acr: session.acr }),
    ...(Object.keys(claims).length > 0 && { claims }),
    ...(resource !== undefined && { resource: others.length > 0 ? [resource, ...others] : resource }),
  };
}

function paramsOf({ payload }: Request): Params {
  return (payload['params'] ?? {}) as Params;
}
