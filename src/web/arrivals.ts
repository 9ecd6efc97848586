import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Context } from 'koa';

import { newId } from '../domain/ids.ts';
import type { Exchange } from './route.ts';

/** What is known of a request from its first moment to its last: its name in the log, and its Koa context. */
export interface Arrival {
  id: string;
  /** Of `performance.now()`. */
  began: number;
  /** The pattern of the route that answered; unset: no route of ours. */
  route?: string;
  context?: Context;
}

const arrivals = new WeakMap<IncomingMessage, Arrival>();

/** Names the request. No name is taken from outside: it would be a way to write into the log. */
export function noteArrival(request: IncomingMessage, response: ServerResponse): Arrival {
  const arrival: Arrival = { id: newId(), began: performance.now() };

  arrivals.set(request, arrival);
  response.setHeader('X-Request-Id', arrival.id);

  return arrival;
}

export function arrivalOf(request: IncomingMessage): Arrival {
  const arrival = arrivals.get(request);

  if (!arrival) throw new Error('a request that did not come in through the server');

  return arrival;
}

/** The context behind an Exchange, which features and `oidc/` hand back. */
export function contextOf(exchange: Exchange): Context {
  const { context } = arrivalOf(exchange.request);

  if (!context) throw new Error('a request that was answered before any route');

  return context;
}

export function exchangeOf(context: Context): Exchange {
  return { request: context.req, response: context.res };
}

/** Where a request came from, once the forwarded headers were settled (S60). */
export function cameFrom(request: IncomingMessage): { ip: string; userAgent: string; requestId: string } {
  const { id, context } = arrivalOf(request);

  return {
    ip: context?.ip ?? request.socket.remoteAddress ?? '',
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 500),
    requestId: id,
  };
}
