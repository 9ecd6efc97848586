import type { Context, Middleware } from 'koa';

import { networkOf } from '../domain/address.ts';
import { RateLimited } from '../domain/errors.ts';
import type { Ephemera } from '../storage/ephemera.ts';

/**
 * A plain limit on requests by address, for routes that cost much. What protects a secret is counted elsewhere, in
 * records; losing these counters costs nothing but a fresh start.
 */
export interface Limit {
  /** Names its counter. */
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A whole path, or everything below it when it ends in a slash. */
  path: string;
  /** Requests of one address in `window` seconds. */
  most: number;
  window: number;
}

/** Throws RateLimited beyond a limit, and Unavailable when the counter does not answer (S115). */
export function limitRequests(limits: readonly Limit[], ephemera: Ephemera): Middleware {
  return async (context, next) => {
    for (const limit of limits.filter((one) => covers(one, context))) {
      const count = await ephemera.increment('limit', `${limit.name}:${networkOf(context.ip)}`, limit.window);

      if (count > limit.most) throw new RateLimited(limit.window);
    }

    await next();
  };
}

function covers(limit: Limit, { method, path }: Context): boolean {
  const asked = method === 'HEAD' ? 'GET' : method;

  return asked === limit.method && (limit.path.endsWith('/') ? path.startsWith(limit.path) : path === limit.path);
}
