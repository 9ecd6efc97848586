import { newPrefix, type RedisServer } from '../../support/redis.ts';
import { openGround, type Ground, type Party } from '../protocol/ground.ts';
import { unlimited } from '../web/visits.ts';

/** Gatehouse with its ephemera in a Redis that can be taken away. */
export interface RedisGround extends AsyncDisposable {
  ground: Ground;
  /** Its access tokens are opaque. */
  wiki: Party;
  /** Its access tokens are JWTs. */
  shop: Party;
}

export const orders = 'https://orders.example.com';
export const stock = 'https://stock.example.com';

const resources = [
  { identifier: orders, name: 'Orders', scopes: [{ name: 'orders:read' }] },
  { identifier: stock, name: 'Stock', scopes: [{ name: 'stock:read' }], format: 'opaque' },
];

/** Variables for a start. */
export function ephemeraIn({ url }: Pick<RedisServer, 'url'>): Record<string, string> {
  return {
    GATEHOUSE_STORAGE_EPHEMERA_KIND: 'redis',
    GATEHOUSE_STORAGE_EPHEMERA_URL: url,
    GATEHOUSE_STORAGE_EPHEMERA_PREFIX: newPrefix(),
  };
}

export async function openRedisGround(env: Record<string, string>): Promise<RedisGround> {
  const ground = await openGround({
    config: JSON.stringify({ resources }),
    env: { ...unlimited, ...env },
  });

  return {
    ground,
    wiki: await ground.party('web', { first_party: true }),
    shop: await ground.party('web', {
      first_party: true,
      resources: [orders],
      scope: 'openid profile email offline_access orders:read',
    }),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
}
