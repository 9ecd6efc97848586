import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { Socket, type AddressInfo, type Server } from 'node:net';

/** A server inside, which nothing should ever be able to reach: it counts connections, whatever comes over them. */
export interface Canary extends AsyncDisposable {
  port: number;
  connections(): number;
  requests: string[];
}

/** At every address of this machine. */
export async function openCanary(answer: RequestListener = (_, response) => void response.end('{}')): Promise<Canary> {
  let connections = 0;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });

  server.on('connection', () => (connections += 1));
  await listening(server);

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Both families where the machine has both. */
async function listening(server: Server): Promise<void> {
  try {
    server.listen(0, '::');
    await once(server, 'listening');
  } catch {
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
  }
}

/** Watches every address that this process dials, for those behind which no canary can sit. */
export function watchDialling(): Disposable & { dialled: string[] } {
  const dialled: string[] = [];
  const { connect } = Socket.prototype;

  Socket.prototype.connect = function watched(this: Socket, ...given: unknown[]) {
    const [options] = (Array.isArray(given[0]) ? given[0] : given) as [{ host?: string; port?: number }];
    dialled.push(`${options.host} ${options.port}`);

    return (connect as (...all: unknown[]) => Socket).apply(this, given);
  } as typeof connect;

  return {
    dialled,
    [Symbol.dispose]() {
      Socket.prototype.connect = connect;
    },
  };
}
