import { Agent, request, type IncomingHttpHeaders } from 'node:http';

/**
 * The load generator: a closed loop over HTTP/1.1 keep-alive connections on loopback. It knows nothing of the protocol
 * under test; `units.ts` says what one operation is.
 */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Send {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

/** One virtual caller: a connection of its own and, where an operation needs one, a cookie jar. */
export interface Caller {
  index: number;
  send(url: string, options?: Send): Promise<Answer>;
}

export function caller(index: number): Caller & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  return {
    index,
    send: (url, options = {}) =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          url,
          { agent, method: options.method ?? 'GET', headers: options.headers ?? {} },
          (incoming) => {
            let body = '';
            incoming
              .setEncoding('utf8')
              .on('data', (chunk: string) => (body += chunk))
              .on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }))
              .on('error', reject);
          },
        );

        outgoing.on('error', reject).end(options.body);
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

export type Operation = (caller: Caller) => Promise<void>;

export interface Run {
  operations: number;
  seconds: number;
  /** Milliseconds, sorted. */
  latencies: number[];
}

/** Runs `operation` on `connections` callers for `seconds`. The first failure ends the run and is thrown: errors must be 0. */
export async function load(
  operation: Operation,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Run> {
  const until = performance.now() + seconds * 1000;
  const latencies: number[] = [];
  const began = performance.now();

  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      using one = caller(index);

      while (performance.now() < until) {
        const start = performance.now();
        await operation(one);
        latencies.push(performance.now() - start);
      }
    }),
  );

  return {
    operations: latencies.length,
    seconds: (performance.now() - began) / 1000,
    latencies: latencies.sort((a, b) => a - b),
  };
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
