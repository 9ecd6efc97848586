import type { Client } from '../domain/client.ts';
import type { Json } from '../domain/json.ts';

/** RFC 7591 section 3.2.1: what `client create` and `client show` print. No hash, and a secret only if handed in. */
export function clientDocument(client: Client, secret?: string): Record<string, Json> {
  return {
    client_id: client.id,
    // 0: it does not expire.
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    client_id_issued_at: Math.floor(client.createdAt / 1000),
    ...(client.metadata as unknown as Record<string, Json>),
    disabled: client.disabled,
  };
}
