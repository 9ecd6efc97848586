import { readFile } from 'node:fs/promises';

import { Unavailable } from '../domain/errors.ts';
import type { Request } from './api-operations.ts';
import { Usage, type Io } from './command.ts';

/** What an installation answered, wherever it was asked: here or over the network. */
export interface Answer {
  status: number;
  /** What was read of JSON. */
  body?: unknown;
  /** In its place: text that is written while it is read. */
  stream?: AsyncIterable<string>;
  tag?: string;
}

export type Ask = (request: Request) => Promise<Answer>;

/** Where a key goes to must be said before anything else is known. Throws Usage. */
export function serverAt(given: unknown): URL {
  if (typeof given !== 'string' || given === '')
    throw new Usage('--url is needed (or GATEHOUSE_URL): where the server is.');
  if (!URL.canParse(given)) throw new Usage(`--url ${given} is no address.`);

  const url = new URL(given);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere)) {
    throw new Usage('--url must be https: a key would be read on its way.');
  }

  return url;
}

/** Of a file or a variable: an option could be read by everybody on the machine. Throws Usage. */
export async function keyFrom(io: Io, file: unknown): Promise<string> {
  if (typeof file === 'string') {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw new Usage(`${file} can't be read: ${error.message}.`);
    });

    return text.trim();
  }

  const key = io.env['GATEHOUSE_API_KEY'];
  if (key === undefined || key === '')
    throw new Usage('GATEHOUSE_API_KEY or --key-file is needed: a key that was made in the console.');

  return key;
}

/** Throws Unavailable where it ends too early. */
async function* textOf(body: ReadableStream<Uint8Array<ArrayBuffer>>, { origin }: URL): AsyncGenerator<string> {
  try {
    yield* body.pipeThrough(new TextDecoderStream());
  } catch (error) {
    throw new Unavailable(`${origin} broke off in the middle.`, { cause: error });
  }
}

/** Asks a server. One that does not answer answers 503. */
export function askingServer(url: URL, key: string): Ask {
  return async ({ method, template, params, query, headers, body }) => {
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const address = new URL(path, url);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);

    const answer = await fetch(address, {
      method,
      // The key is for this server and for no other that it may name.
      redirect: 'error',
      headers: {
        authorization: `Bearer ${key}`,
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(() => undefined);
    if (!answer) return { status: 503, body: { detail: `${url.origin} does not answer.` } };

    const tag = answer.headers.get('etag');
    const about = { status: answer.status, ...(tag !== null && { tag }) };
    if (!/[/+]json\b/.test(answer.headers.get('content-type') ?? '')) {
      return answer.body && answer.ok ? { ...about, stream: textOf(answer.body, url) } : about;
    }

    return { ...about, body: await answer.json() };
  };
}
