import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

/**
 * What people ask of a server, from the moment that they ask: how long each answer takes once the server has lost
 * something, also where it was asked before. What this process asks with `fetch` is not seen.
 */
export interface UnderWay extends Disposable {
  /** How many are not answered. */
  count(): number;
  /** Whether one of them is a password on its way. */
  isSigningIn(): boolean;
  /** From now on answers are looked at. */
  begin(): void;
  /** Ends that; answers what was seen. */
  end(): Seen;
}

export interface Seen {
  /** Under way when it began. */
  caught: number;
  /** Answered 503. */
  refused: number;
  /** Milliseconds until one of these was answered since it was asked, or since it began; the longest. */
  slowest: number;
  /** What that was. */
  which: string;
  /** Answers that say of themselves that something is broken, or 503 without a time to try again. */
  broken: string[];
}

const started = 'http.client.request.start';
const answered = 'http.client.response.finish';
const failed = 'http.client.request.error';

export function watchRequests({ url }: { url: string }): UnderWay {
  const { host } = new URL(url);
  const asked = new Map<ClientRequest, number>();
  const nothing = (caught: number): Seen => ({ caught, refused: 0, slowest: 0, which: '', broken: [] });
  let seen = nothing(0);
  let began = Infinity;

  const begin = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    if (request.getHeader('host') === host) asked.set(request, performance.now());
  };

  const end = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response?: IncomingMessage };
    const since = asked.get(request);

    if (since === undefined || !asked.delete(request) || !response) return;
    if (began !== Infinity) judge(request, response, performance.now() - Math.max(since, began));
  };

  function judge({ method, path }: ClientRequest, { statusCode = 0, headers }: IncomingMessage, took: number): void {
    if (took > seen.slowest) {
      seen.slowest = took;
      seen.which = `${statusCode} to ${method} ${path}`;
    }

    if (statusCode === 503) seen.refused += 1;

    if (statusCode >= 500 && (statusCode !== 503 || !headers['retry-after'])) {
      seen.broken.push(`${statusCode} to ${method} ${path}, to try again in: ${headers['retry-after']}`);
    }
  }

  subscribe(started, begin);
  subscribe(answered, end);
  subscribe(failed, end);

  return {
    count: () => asked.size,
    isSigningIn: () => [...asked.keys()].some(({ method, path }) => method === 'POST' && path.startsWith('/sign-in/')),

    begin() {
      seen = nothing(asked.size);
      began = performance.now();
    },

    end() {
      began = Infinity;

      return seen;
    },

    [Symbol.dispose]() {
      unsubscribe(started, begin);
      unsubscribe(answered, end);
      unsubscribe(failed, end);
    },
  };
}
