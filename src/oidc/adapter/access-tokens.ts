import type { AdapterPayload } from 'oidc-provider';

import { apiKeyClientId } from '../../domain/api-key.ts';
import type { Client } from '../../domain/client.ts';
import { sha256 } from '../../domain/ids.ts';
import type { Inside } from '../deps.ts';
import type { UnitOfWork } from '../request.ts';
import type { Keeper, Payload } from './keeper.ts';
import { alive, atRest, awake, hashOf, isRevocation, rootsOf } from './keeper.ts';
import { narrowed } from './narrowing.ts';

/** 256 bits (settings.ts) in base64url; what is longer or shorter is none, and nobody is asked. */
const tokenLength = 43;

/**
 * Opaque access tokens: lost with the ephemera, and asked for again by the app within a minute. That one was revoked is
 * a record: a store of ephemera that fails over, or is restarted, may have it back. A person's API key is one to whoever
 * asks about it, so that an API need not know which of the two it was shown.
 */
export function accessTokens({ apiKeys }: Pick<Inside, 'apiKeys'>): Keeper {
  const opaque = tokens('AccessToken');

  async function keyFound(unit: UnitOfWork, presented: string): Promise<AdapterPayload | undefined> {
    // Its owner deletes it, and nobody else.
    const key = isRevocation() ? undefined : await apiKeys.look(presented);
    const living = key && (await alive(unit, { clientId: apiKeyClientId, accountId: key.accountId }));
    if (!living) return undefined;

    return {
      kind: 'AccessToken',
      jti: presented,
      clientId: apiKeyClientId,
      accountId: key.accountId,
      aud: key.audience,
      scope: key.scopes.join(' '),
      iat: Math.floor(key.createdAt / 1000),
      ...(key.expiresAt !== undefined && { exp: Math.floor(key.expiresAt / 1000) }),
    };
  }

  return {
    ...opaque,
    find: async (unit, id) => (id.length === tokenLength ? opaque.find(unit, id) : keyFound(unit, id)),
  };
}

/**
 * Opaque tokens of clients that act for themselves. They hang on nothing but the client: each carries how often all that
 * the client was given had been ended by then, so that it ends with the rest the next time.
 */
export function clientCredentials({ clientOf }: Pick<Inside, 'clientOf'>): Keeper {
  const own = tokens('ClientCredentials', ({ revocations: then = 0 }, client) => then === (client.revocations ?? 0));

  return {
    ...own,

    async upsert(unit, id, { payload, ttl }) {
      // As it was some seconds ago at most: what is given out meanwhile has ended, too.
      const { revocations } = (await clientOf(payload.clientId ?? '')) ?? {};

      unit.put('ClientCredentials', hashOf(id), { ...atRest(payload), ...(revocations && { revocations }) }, ttl);
    },
  };
}

function tokens(kind: string, holds: (payload: Payload, client: Client) => boolean = () => true): Keeper {
  return {
    async find(unit, id) {
      const payload = id.length === tokenLength ? await unit.recall(kind, sha256(id)) : undefined;
      if (payload === undefined) return undefined;
      // Whatever it hangs on: it can be ended.
      if (isRevocation()) return awake(payload, id);

      const [living, revoked] = await Promise.all([
        alive(unit, rootsOf(payload as Payload)),
        unit.get('used', revocationOf(sha256(id))),
      ]);

      return living && !revoked && holds(payload as Payload, living.client)
        ? awake(narrowed(payload as Payload, living.grant), id)
        : undefined;
    },

    async upsert(unit, id, { payload, ttl }) {
      unit.put(kind, hashOf(id), atRest(payload), ttl);
    },

    async destroy(unit, id) {
      const hash = hashOf(id);
      const { exp } = ((await unit.recall(kind, hash)) ?? {}) as AdapterPayload;

      if (exp !== undefined) unit.write({ in: 'used', put: { id: revocationOf(hash), expiresAt: exp * 1000 } });
      unit.drop(kind, hash);
    },
  };
}

function revocationOf(hash: string): string {
  return `access token ${hash}`;
}
