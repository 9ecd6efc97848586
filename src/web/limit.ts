import ipaddr from 'ipaddr.js';
import type { Context, Middleware } from 'koa';

import { RateLimited } from '../domain/errors.ts';
import type { Ephemera } from '../storage/ephemera.ts';

/**
 * A plain limit on requests by address, for routes that cost much. What protects a secret is counted elsewhere, in
 * records; losing these counters costs nothing but a fresh start.
 */
export interface Limit {
  /** Names its counter. */
  name: string;
  method: 'GET' | 'POST';
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
      const count = await ephemera.increment('limit', `${limit.name}:${addressKey(context.ip)}`, limit.window);

      if (count > limit.most) throw new RateLimited(limit.window);
    }

    await next();
  };
}

function covers(limit: Limit, { method, path }: Context): boolean {
  const asked = method === 'HEAD' ? 'GET' : method;

  return asked === limit.method && (limit.path.endsWith('/') ? path.startsWith(limit.path) : path === limit.path);
}

/** Who counts as one: an IPv4 address, or the /64 that one IPv6 customer has at least. */
export function addressKey(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip;

  const address = ipaddr.process(ip);

  return address instanceof ipaddr.IPv6
    ? address.parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(':')
    : address.toString();
}
