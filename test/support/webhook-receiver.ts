import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { Webhook } from 'standardwebhooks';

/**
 * Somebody's program that is told of events, and checks what it is told with the library of the specification:
 *
 *     await using receiver = await startWebhookReceiver();
 *     await receiver.heard(2);
 *     verified(receiver.came[0], secret);
 */
export interface WebhookReceiver extends AsyncDisposable {
  url: string;
  /** What came, in its order; also what it refused. */
  came: Delivered[];
  /** What it answers from here on; `hang`: nothing at all, and 200 at first. */
  answers: number | 'hang';
  /** With its answers. */
  headers: Record<string, string>;
  /** Once so much has come in all. */
  heard(count: number): Promise<void>;
}

export interface Delivered {
  headers: IncomingHttpHeaders;
  body: string;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const came: Delivered[] = [];
  const arrived = new EventTarget();

  function answer(response: ServerResponse): void {
    if (receiver.answers === 'hang') return;

    response.writeHead(receiver.answers, receiver.headers);
    // Nothing of this is kept.
    response.end('the-answer-is-nobodys-business');
  }

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      came.push({ headers: request.headers, body });
      answer(response);
      arrived.dispatchEvent(new Event('came'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hook?token=of-the-operator`,
    came,
    answers: 200,
    headers: {},

    async heard(count) {
      const signal = AbortSignal.timeout(10_000);

      while (came.length < count) {
        await new Promise((resolve, reject) => {
          arrived.addEventListener('came', resolve, { once: true });
          signal.addEventListener('abort', () => reject(new Error(`${came.length} of ${count} came`)), { once: true });
        });
      }
    },

    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  return receiver;
}

/** What it says. Throws where the library does not believe that it is from whoever has the secret, and new. */
// oxlint-disable-next-line typescript/no-explicit-any -- what it holds is what is tested
export function verified({ headers, body }: Delivered, secret: string): any {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
