import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

import type * as Undici from 'undici';

import type { Config } from '../config/schema.ts';
import type { Resolve } from './outbound-addresses.ts';
import { AddressRefused, createLookup, isForbidden, resolveBySystem } from './outbound-addresses.ts';

/**
 * Requests that we make to addresses that clients name (`jwks_uri`, `sector_identifier_uri`, logout notices). It owns
 * where they may go and how much they may cost, and knows nothing of what they are for.
 */
export interface Outbound {
  /** The setting `fetch`. Rejects where an address is refused; follows no redirect; the body is read, and capped. */
  fetch(url: string | URL, options?: RequestInit): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type OutboundSettings = Config['outbound'] & Pick<Config, 'mode'>;

/**
 * The guard is in the connection itself: the address that was checked is the one that is connected to, so nothing is
 * sent, not even a TCP handshake, to an address that is refused (S55, S56). `resolve` is for tests.
 */
export function createOutbound(settings: OutboundSettings, resolve: Resolve = resolveBySystem): Outbound {
  const { allow_private: allowPrivate, timeout, max_bytes: limit } = settings;

  const connection: Undici.buildConnector.BuildOptions = {
    timeout: timeout * 1000,
    lookup: createLookup(allowPrivate, resolve),
    ...(settings.trusted_ca_file !== undefined && {
      ca: [...getCACertificates('default'), readFileSync(settings.trusted_ca_file)],
    }),
  };

  // Most servers never ask anybody, and loading the library is a quarter of a start's CPU time.
  let opened: ReturnType<typeof open> | undefined;

  async function open(): Promise<{ request: typeof Undici.fetch; agent: Undici.Agent }> {
    const undici = await import('undici');
    const connect = undici.buildConnector(connection);

    const agent = new undici.Agent({
      headersTimeout: timeout * 1000,
      bodyTimeout: timeout * 1000,

      connect(options, callback) {
        // What is an address already is never looked up.
        if (!allowPrivate && isForbidden(options.hostname)) {
          callback(new AddressRefused('the address is not one that may be asked'), null);
        } else {
          connect(options, callback);
        }
      },
    });

    return { request: undici.fetch, agent };
  }

  const mayBePlain = allowPrivate && settings.mode === 'development';

  return {
    async fetch(url, options = {}) {
      const target = new URL(url);

      if (target.protocol !== 'https:' && !(mayBePlain && target.protocol === 'http:')) {
        throw new TypeError('only https addresses may be asked');
      }

      const { request, agent } = await (opened ??= open());

      // The caller's own dispatcher guards by the library's rules, after it has connected: this one takes its place.
      const { method, headers, body } = options;
      const answer = await request(target, {
        method: method ?? 'GET',
        headers: [...new Headers(headers ?? {})],
        body: typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : null,
        redirect: 'error',
        signal: AbortSignal.timeout(timeout * 1000),
        dispatcher: agent,
      });

      const bytes = await readAtMost(limit, answer.body);
      const bodiless = answer.status === 204 || answer.status === 205 || answer.status === 304;

      return new Response(bodiless ? null : bytes, { status: answer.status, headers: [...answer.headers] });
    },

    [Symbol.asyncDispose]: async () => (await opened)?.agent.destroy(),
  };
}

/** Why nothing was sent, of what `fetch` rejected with; undefined: it was for something else. */
export function wasRefused(error: unknown): string | undefined {
  const { cause } = error as { cause?: unknown };

  return cause instanceof AddressRefused ? cause.message : undefined;
}

/** What arrives is counted after decompression, and announced lengths are not believed (S116). */
async function readAtMost(limit: number, body: AsyncIterable<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;

  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > limit) throw new Error(`the answer is longer than ${limit} bytes`);

    chunks.push(chunk);
  }

  return new Uint8Array(Buffer.concat(chunks));
}
