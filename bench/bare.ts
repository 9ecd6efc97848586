import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { freePort } from './ports.ts';
import { start } from './process.ts';
import { discoveryPath } from './relying-party.ts';
import type { Target } from './target.ts';

/** Starts the yardstick; see `bare-server.ts`. */
export async function startBare(nodeOptions: readonly string[] = []): Promise<Target> {
  const port = await freePort();
  const secret = randomBytes(32).toString('base64url');
  const issuer = `http://127.0.0.1:${port}`;

  const server = await start({
    args: [...nodeOptions, fileURLToPath(new URL('bare-server.ts', import.meta.url)), String(port), secret],
    readyAt: `${issuer}${discoveryPath}`,
  });
  const client = (id: string) => ({ id, secret });

  return {
    name: 'oidc-provider',
    issuer,
    server,
    clients: {
      machine: client('bench-machine'),
      RS256: client('bench-rs256'),
      ES256: client('bench-es256'),
      inspector: client('bench-inspector'),
    },
    people: [{ email: 'person@bench.example', password: 'never asked for' }],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
