import type { KoaContextWithOIDC } from 'oidc-provider';

/** The `sub` that this client knows this browser's account by, pairwise ones included (OpenID Connect Core 1.0 section 8). */
export async function subjectHere(ctx: KoaContextWithOIDC): Promise<string | undefined> {
  const { client, provider, session } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;

  const claims = new provider.Claims({ sub: session.accountId }, { ctx, client });
  claims.mask({ sub: null });
  const { sub } = await claims.result();

  return typeof sub === 'string' ? sub : undefined;
}

/**
 * The `sub` in the ID token that came as a hint. The library verifies it when a request begins and does not look at it
 * again when the request goes on after a step; what was kept in between is ours.
 */
export function hintedSubject({ oidc }: KoaContextWithOIDC): string | undefined {
  const hint = oidc.params?.['id_token_hint'];
  const verified = oidc.entities.IdTokenHint?.payload ?? (typeof hint === 'string' ? payloadOf(hint) : {});
  const { sub } = verified as { sub?: unknown };

  return typeof sub === 'string' ? sub : undefined;
}

function payloadOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
