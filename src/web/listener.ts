import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { setImmediate as pollDone, setTimeout as elapsed } from 'node:timers/promises';

/**
 * The socket that HTTP comes in by, and how it stops coming in. A proxy with other nodes behind it hears of an end only
 * by what fails; so `leave` goes in steps, at each of which nothing fails that is not safe to send elsewhere:
 *
 * 1. `isLeaving`: load balancers that ask `/readyz` send no more; everything else goes on.
 * 2. No new connections. One that is refused carried nothing, so even a form may be sent to another node.
 * 3. On a connection that is kept alive, the next answer says that it was the last. One that stays idle is ended only
 *    after a while: at once, it could be just when the proxy sends a request on it, and that request would be lost.
 * 4. What is not finished 10 s after the beginning is cut off.
 */
export interface Listener {
  listen(at: { host: string; port: number }): Promise<AddressInfo>;
  readonly isLeaving: boolean;
  /** As above; takes at least the two seconds of the first step. */
  leave(): Promise<void>;
  /** Without notice: nobody stands in front. Lets what is running finish for at most 10 s. */
  close(): Promise<void>;
}

/** Milliseconds. */
const noticeTime = 2_000;
const sparingTime = 2_000;
const drainingTime = 10_000;

export function createListener(handler: (request: IncomingMessage, response: ServerResponse) => void): Listener {
  let isLeaving = false;
  let isLast = false;

  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000, maxHeaderSize: 32_768 },
    (request, response) => {
      if (isLast) response.shouldKeepAlive = false;

      handler(request, response);
    },
  );

  /** Resolves when the last connection is gone. */
  async function drain({ spared, most }: { spared: number; most: number }): Promise<void> {
    const closed = once(server, 'close');
    const cutOff = setTimeout(() => server.closeAllConnections(), most);
    const began = performance.now();

    // A connection that is kept alive becomes idle once its last answer is out.
    const idle = setInterval(() => {
      if (performance.now() - began >= spared) server.closeIdleConnections();
    }, 50);

    await closed;
    clearTimeout(cutOff);
    clearInterval(idle);
  }

  return {
    get isLeaving() {
      return isLeaving;
    },

    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve(server.address() as AddressInfo);
        });
      }),

    async leave() {
      isLeaving = true;
      await elapsed(noticeTime);

      // Right after a turn of the loop has accepted whoever waited: those left waiting would be reset.
      await pollDone();
      // Not the HTTP server's own, which ends idle connections at once.
      NetServer.prototype.close.call(server);
      isLast = true;
      await drain({ spared: sparingTime, most: drainingTime - noticeTime });
    },

    async close() {
      isLeaving = true;
      if (!server.listening) return;

      server.close();
      isLast = true;
      await drain({ spared: 0, most: drainingTime });
    },
  };
}
