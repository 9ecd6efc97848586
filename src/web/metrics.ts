import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What `web` measures, and how it answers whoever collects it. */
export interface Measuring {
  request(facts: { method: string; route: string | undefined; status: number; seconds: number }): void;
  text(): Promise<string>;
  type: string;
  /** Paths that are answered without a route of ours: endpoints of the protocol. What else is asked for may be called anything. */
  places: ReadonlySet<string>;
  /** Opens `/metrics`; undefined: it is not there. */
  token?: string | undefined;
}

/** Answers `/metrics` where a token opens it. Without the right one nothing tells that it is there (S114). */
export function createMetricsEndpoint(measuring: Measuring | undefined) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const token = measuring?.token;
    if (!measuring || token === undefined || request.url?.split('?', 1)[0] !== '/metrics') return false;
    if (request.method !== 'GET') return false;

    const shown = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (shown === undefined || !isSame(shown, token)) return false;

    measuring.text().then(
      (text) => response.writeHead(200, { 'Content-Type': measuring.type, 'Cache-Control': 'no-store' }).end(text),
      () => response.writeHead(500).end(),
    );

    return true;
  };
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();

  return timingSafeEqual(digest(one), digest(other));
}

/** What a request is counted under: the route that answered, a place that we name, or nothing that we know. */
export function routeOf(
  { route, path }: { route: string | undefined; path: string },
  places: ReadonlySet<string>,
): string | undefined {
  if (route !== undefined) return route;
  if (places.has(path)) return path;

  return path.startsWith('/assets/') ? '/assets' : undefined;
}
