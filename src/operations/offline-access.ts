import { allowanceIn, type GrantFields } from '../domain/allowance.ts';
import { claimsOfScope, isStandardClaim } from '../domain/claims.ts';
import type { Consent, Grant, GrantedDevice, RefreshFamily } from '../domain/grant.ts';

/**
 * What goes on for somebody without a browser of theirs: refresh tokens that outlive the session they were given in, and
 * what devices hold that have no browser. One grant is one access, however often its app has asked for tokens: it is
 * ended as a whole.
 */
export interface OfflineAccess {
  grantId: string;
  clientId: string;
  /** The session in which it was given; that may be long over. */
  sessionUid?: string;
  /** By what the person allows now: OpenID Connect's own, and those of APIs. */
  scopes: string[];
  /** Claims that no scope of these carries. */
  claims: string[];
  /** The APIs that it may ask tokens for (resource indicators, RFC 8707). */
  apis: string[];
  /** Milliseconds. */
  givenAt: number;
  lastUsedAt: number;
  /** Where it was used from last. */
  ip?: string;
  /** Given to a device without a browser. */
  device?: Pick<GrantedDevice, 'userAgent'>;
}

/** By grant, the last given first. `consentOf` a client: undefined where none is needed, or there is none. */
export function offlineAccessOf(
  families: readonly RefreshFamily[],
  consentOf: (clientId: string) => Consent | undefined,
): OfflineAccess[] {
  const byGrant = Map.groupBy(families.filter(goesOn), ({ grantId }) => grantId);

  return [...byGrant.values()]
    .map((rows) => accessOf(rows, consentOf))
    .filter(({ scopes }) => scopes.includes('offline_access'));
}

/** What a device holds that no refresh token tells of (`standsAlone`). Its grant is narrowed with the consent. */
export function deviceAccessOf({ id, clientId, payload, device, createdAt, lastUsedAt }: Grant): OfflineAccess {
  const held = allowanceIn(payload as GrantFields);
  const scopes = only(device?.scope.split(' ') ?? [], [...held.scopes, ...Object.values(held.resources).flat()]);

  return {
    grantId: id,
    clientId,
    scopes,
    claims: held.claims.filter(
      (claim) => isStandardClaim(claim) && !scopes.some((scope) => claimsOfScope(scope).includes(claim)),
    ),
    apis: Object.keys(held.resources),
    givenAt: createdAt,
    lastUsedAt,
    ...(device && { ip: device.ip, device }),
  };
}

/** Whether its first token was given for the code of a device (the library's `gty`). */
export function isOfDevice({ payload }: RefreshFamily): boolean {
  const { gty } = payload;

  return typeof gty === 'string' && gty.startsWith('device_code');
}

function goesOn({ payload }: RefreshFamily): boolean {
  return payload['expiresWithSession'] !== true;
}

/** Of one grant, so of one client and one session. */
function accessOf(
  families: readonly RefreshFamily[],
  consentOf: (clientId: string) => Consent | undefined,
): OfflineAccess {
  const [last, ...others] = families.toSorted((a, b) => b.lastUsedAt - a.lastUsedAt);
  if (!last) throw new TypeError('an access without a token');

  const all = [last, ...others];
  const consent = consentOf(last.clientId);
  const scopes = only(
    all.flatMap(({ payload }) => textsIn(payload['scope'])).flatMap((text) => text.split(' ')),
    consent && [...consent.scopes, ...Object.values(consent.resources).flat()],
  );
  const { sessionUid, ip } = last;

  return {
    grantId: last.grantId,
    clientId: last.clientId,
    ...(sessionUid !== undefined && { sessionUid }),
    scopes,
    claims: only(all.flatMap(claimsAskedIn), consent?.claims).filter(
      (claim) => isStandardClaim(claim) && !scopes.some((scope) => claimsOfScope(scope).includes(claim)),
    ),
    apis: only(all.flatMap(({ payload }) => textsIn(payload['resource']))),
    givenAt: Math.min(...all.map(({ createdAt }) => createdAt)),
    lastUsedAt: last.lastUsedAt,
    ...(ip !== undefined && { ip }),
  };
}

/** Each once; with `allowed`, none that is not in there. */
function only(values: readonly string[], allowed?: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '' && (allowed?.includes(value) ?? true));
}

/** The `claims` parameter (OpenID Connect Core 1.0 section 5.5), as the token has it. */
function claimsAskedIn({ payload }: RefreshFamily): string[] {
  const asked = payload['claims'] as { userinfo?: object; id_token?: object } | undefined;

  return [asked?.userinfo, asked?.id_token].flatMap((claims) => Object.keys(claims ?? {}));
}

function textsIn(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}
