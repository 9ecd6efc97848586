import type { LookupFunction } from 'node:net';
import { request as askPlainly, type IncomingHttpHeaders } from 'node:http';
import { request as askSecurely } from 'node:https';
import { TLSSocket } from 'node:tls';

/** Asks a server from outside, as a browser or a program would, and says what came over which connection. */
export interface Asked {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  tls?: { /** `TLSv1.3` */ protocol: string; /** Milliseconds. */ validTo: number };
}

export type Ask = (url: URL, headers?: Record<string, string>) => Promise<Asked>;

/** For tests, whose server has no name and a certificate of its own. */
export interface Reach {
  lookup?: LookupFunction;
  ca?: string;
}

/** Milliseconds, and bytes: more is no answer of ours. */
const patience = 10_000;
const most = 1_000_000;

/** Follows nothing. Rejects where there is no answer, or its certificate is not believed. */
export function asking(reach: Reach = {}): Ask {
  return (url, headers = {}) =>
    new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const options = {
        ...reach,
        agent: false as const,
        headers: { 'user-agent': 'gatehouse-doctor', accept: 'text/html, application/json', ...headers },
        signal: AbortSignal.timeout(patience),
        // A foreign `Host` asks nobody else.
        ...(secure && { servername: url.hostname }),
      };

      const request = (secure ? askSecurely : askPlainly)(url, options, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        const { socket } = response;
        const tls =
          socket instanceof TLSSocket
            ? { protocol: socket.getProtocol() ?? '', validTo: Date.parse(socket.getPeerCertificate().valid_to) }
            : undefined;

        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > most) request.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          const body = Buffer.concat(chunks).toString();

          resolve({ status, headers: answered, body, ...(tls && { tls }) });
        });
      });
      request.on('error', reject);
      request.end();
    });
}
