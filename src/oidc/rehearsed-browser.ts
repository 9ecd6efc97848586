import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import type { Exchange } from '../web/route.ts';

/** A browser that is none: its requests arrive in the process itself, and its cookies go with it. */
export interface RehearsedBrowser {
  /** One request, to be answered into its response; `done` keeps the cookies that were set. */
  open(path: string, sent?: Sent): Exchange & { done(): void };
}

export interface Sent {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export function openBrowser(issuer: string): RehearsedBrowser {
  const { host } = new URL(issuer);
  const cookies = new Map<string, string>();

  return {
    open(path, { method = 'GET', headers = {}, body } = {}) {
      const request = new IncomingMessage(new Socket());

      Object.assign(request, {
        method,
        url: path,
        httpVersion: '1.1',
        headers: {
          host,
          accept: 'text/html,application/json',
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(body !== undefined && {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': String(Buffer.byteLength(body)),
          }),
          ...headers,
        },
        complete: true,
      });
      if (body !== undefined) request.push(body);
      request.push(null);

      const response = new ServerResponse(request);

      return {
        request,
        response,

        done() {
          const set = response.getHeader('set-cookie');

          for (const cookie of Array.isArray(set) ? set : []) {
            const [pair = ''] = cookie.split(';', 1);
            const name = pair.slice(0, pair.indexOf('='));
            const value = pair.slice(name.length + 1);

            if (value === '') cookies.delete(name);
            else cookies.set(name, value);
          }
        },
      };
    },
  };
}
