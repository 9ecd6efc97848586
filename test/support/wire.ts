import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * A wire to a server of this machine that can be cut, or let everything out and nothing back in: what was asked is
 * done, and nobody hears that it was.
 */
export interface Wire extends AsyncDisposable {
  port: number;
  /** From now on answers are lost; connections stay open. */
  swallowAnswers(): void;
  /** New connections are whole again; the old ones are cut. */
  mend(): void;
}

export async function openWire(to: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let swallows = false;

  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');

    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (from === near || !swallows) into.write(bytes);
      });
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
    }
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    port: address.port,
    swallowAnswers: () => {
      swallows = true;
    },
    mend: () => {
      swallows = false;
      cut();
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
