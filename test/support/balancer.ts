import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands in front of several nodes: hands each request on to one of them, by turns unless it is told which. */
export interface Balancer extends AsyncDisposable {
  url: string;
  /** Ports of 127.0.0.1. */
  ports: number[];
  /** The place of the one that answers from now on; undefined: each in turn. */
  only: number | undefined;
}

export async function startBalancer(): Promise<Balancer> {
  let turn = 0;

  const server = createServer((request, response) => {
    const { ports, only } = balancer;
    const port = ports[only ?? (turn += 1) % ports.length] ?? 0;
    const { method = 'GET', url = '/', rawHeaders } = request;

    const onward = send({ host: '127.0.0.1', port, method, path: url, headers: rawHeaders }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });

    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const balancer: Balancer = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    ports: [],
    only: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  return balancer;
}
