import type { Client, KoaContextWithOIDC } from 'oidc-provider';

const originsOf = new WeakMap<Client, ReadonlySet<string>>();

/**
 * The setting `clientBasedCORS`: a single-page app may read the answers of the endpoints that it calls from where its
 * redirect URIs are. An opaque origin (`null`: sandboxed frames, local files) is nobody's (S110).
 */
export function isOriginOf(_ctx: KoaContextWithOIDC, origin: string, client: Client): boolean {
  let origins = originsOf.get(client);

  if (!origins) {
    origins = new Set((client.redirectUris ?? []).map((uri) => new URL(uri).origin).filter((one) => one !== 'null'));
    originsOf.set(client, origins);
  }

  return origins.has(origin);
}
