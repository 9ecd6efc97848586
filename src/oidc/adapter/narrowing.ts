import type { Grant } from '../../domain/grant.ts';
import type { Payload } from './keeper.ts';

/**
 * A token as its grant stands now: a person who takes something back takes it from the tokens that are out already, also
 * in what introspection says of them (RFC 7662 section 2.2).
 */
export function narrowed(payload: Payload, grant: Grant | undefined): Payload {
  const { scope, ...rest } = payload;
  if (typeof scope !== 'string' || grant === undefined) return payload;

  const held = scopesOf(grant, payload['aud']);
  const left = scope.split(' ').filter((name) => held.has(name));

  return left.length === 0 ? rest : { ...rest, scope: left.join(' ') };
}

/** Of OpenID Connect, or of the API that the token is for; a refresh token is for all. */
export function scopesOf({ payload }: Pick<Grant, 'payload'>, audience?: unknown): Set<string> {
  const { openid, resources } = payload as { openid?: { scope?: string }; resources?: Record<string, string> };
  const ofApis = resources ?? {};
  const all = typeof audience === 'string' ? [ofApis[audience]] : [openid?.scope, ...Object.values(ofApis)];

  return new Set(all.flatMap((text) => text?.split(' ') ?? []));
}
