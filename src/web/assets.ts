import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/**
 * The stylesheet, the scripts and the icons: read once, served from memory. `url` answers an address with the content's
 * hash in it, so that browsers may keep what they got for ever.
 */
export interface Assets {
  /** Throws for a name that there is no file of. */
  url(name: string): string;
  has(name: string): boolean;
  /** What is in it; '' where there is none. */
  text(name: string): string;
  /** Answers the request when it is for an asset; false when it is for something else. */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
}

/** What is served from memory, packed once. */
export interface Packed {
  type: string;
  etag: string;
  hash: string;
  plain: Buffer;
  encoded: { encoding: 'br' | 'gzip'; body: Buffer }[];
}

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
};

const prefix = '/assets/';
const forever = 'public, max-age=31536000, immutable';
/** What keeps its address may change. */
export const shortly = 'public, max-age=300';

/** `further` are files from elsewhere, or what would be in one, by the name that they get (the operator's logo). */
export function createAssets(folder: string, further: Readonly<Record<string, string | Buffer>> = {}): Assets {
  const files: Record<string, string | Buffer> = {
    ...Object.fromEntries(readdirSync(folder).map((name) => [name, join(folder, name)])),
    ...further,
  };
  const assets = new Map(Object.entries(files).map(([name, file]) => [name, read(name, file)]));

  return {
    has: (name) => assets.has(name),
    text: (name) => assets.get(name)?.plain.toString() ?? '',

    url(name) {
      const asset = assets.get(name);

      if (!asset) throw new Error(`no asset is called ${name}`);

      return `${prefix}${name}?v=${asset.hash}`;
    },

    serve(request, response) {
      const [path = '', query] = (request.url ?? '').split('?', 2);
      const asset = path.startsWith(prefix) ? assets.get(path.slice(prefix.length)) : undefined;

      if (!asset || (request.method !== 'GET' && request.method !== 'HEAD')) return false;

      answerPacked(asset, query === `v=${asset.hash}` ? forever : shortly, { request, response });

      return true;
    },
  };
}

function read(name: string, file: string | Buffer): Packed {
  const type = types[extname(name)];

  if (type === undefined) throw new Error(`${name}: no content type is known for this ending`);

  return pack(type, typeof file === 'string' ? readFileSync(file) : file);
}

export function pack(type: string, plain: Buffer): Packed {
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 16);
  const packable = /^text|svg|json/.test(type);

  return {
    type,
    hash,
    etag: `"${hash}"`,
    plain,
    encoded: packable
      ? [
          {
            encoding: 'br',
            body: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
          },
          { encoding: 'gzip', body: gzipSync(plain) },
        ]
      : [],
  };
}

export function answerPacked(
  asset: Packed,
  caching: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): void {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const packed = asset.encoded.find(({ encoding }) => new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0)`).test(accepted));

  response.setHeader('Cache-Control', caching);
  response.setHeader('ETag', asset.etag);
  response.setHeader('Vary', 'Accept-Encoding');
  // An SVG that is opened by itself is a document: it may do nothing.
  response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");

  if (String(request.headers['if-none-match'] ?? '').includes(asset.etag)) {
    response.writeHead(304).end();
    return;
  }

  const body = packed?.body ?? asset.plain;

  if (packed) response.setHeader('Content-Encoding', packed.encoding);
  response.writeHead(200, { 'Content-Type': asset.type, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
