import { createHash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import type Provider from 'oidc-provider';

import { keySetLife } from '../domain/signing-key.ts';
import { routes } from './settings.ts';

/**
 * Discovery and the key set (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517): the same bytes for everybody until the
 * keys change, so they are made once, by the library itself, and answered before anything else runs.
 */
export type Documents = ReadonlyMap<string, Document>;

interface Document {
  body: Buffer;
  headers: Record<string, string>;
}

const types: Record<string, string> = {
  '/.well-known/openid-configuration': 'application/json; charset=utf-8',
  '/.well-known/oauth-authorization-server': 'application/json; charset=utf-8',
  [routes.jwks]: 'application/jwk-set+json; charset=utf-8',
};

/** Where they stand. */
export const documentPaths: readonly string[] = Object.keys(types);

type Chain = (ctx: ReturnType<Provider['createContext']>) => Promise<unknown>;

/**
 * `run` is the library's chain of middleware, with the request's address settled to be the issuer's. The library knows
 * more keys than the `published` ones, which are all that anybody is shown.
 */
export async function makeDocuments(
  provider: Provider,
  run: Chain,
  published: ReadonlySet<string>,
): Promise<Documents> {
  const entries = Object.entries(types).map(async ([path, type]) => {
    const request = new IncomingMessage(new Socket());
    request.method = 'GET';
    request.url = path;

    const context = provider.createContext(request, new ServerResponse(request));
    await run(context);

    const content = context.body as Record<string, unknown>;
    const shown = isKeySet(content) && { keys: content.keys.filter(({ kid }) => published.has(kid)) };

    return [path, documentOf({ ...content, ...shown }, type, provider.issuer)] as const;
  });

  return new Map(await Promise.all(entries));
}

function isKeySet(content: object): content is { keys: { kid: string }[] } {
  return 'keys' in content;
}

function documentOf(content: object, type: string, issuer: string): Document {
  const body = Buffer.from(JSON.stringify(content));

  return {
    body,
    headers: {
      'Content-Type': type,
      ETag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      'Cache-Control': `public, max-age=${keySetLife}`,
      // Every page may read them (S110): they hold nothing that is anybody's.
      'Access-Control-Allow-Origin': '*',
      'X-Content-Type-Options': 'nosniff',
      ...(issuer.startsWith('https:') && { 'Strict-Transport-Security': 'max-age=63072000' }),
    },
  };
}

/** Whether it was asked for and answered. */
export function answerFrom(documents: Documents, request: IncomingMessage, response: ServerResponse): boolean {
  const { method, url } = request;
  // A query has no meaning here: whoever adds one to get past a cache gets the same.
  const document = documents.get(url?.split('?', 1)[0] ?? '');
  if (!document) return false;

  if (method === 'OPTIONS') {
    response.writeHead(204, {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET',
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Max-Age': '3600',
    });
    response.end();

    return true;
  }

  if (method !== 'GET' && method !== 'HEAD') return false;

  if (knows(request.headers['if-none-match'], document.headers['ETag'])) {
    response.writeHead(304, document.headers);
    response.end();
  } else {
    response.writeHead(200, { ...document.headers, 'Content-Length': document.body.length });
    response.end(method === 'HEAD' ? undefined : document.body);
  }

  return true;
}

/** RFC 9110 section 13.1.2: compared weakly. */
function knows(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];

  return tags.includes('*') || (etag !== undefined && tags.includes(etag));
}
