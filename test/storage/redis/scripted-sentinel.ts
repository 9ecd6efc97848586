import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A Sentinel, as far as the driver asks one, that answers and tells of a fail-over when the test wants it to. */
export interface ScriptedSentinel extends AsyncDisposable {
  url: string;
  /** The port of the master that it names. */
  master: number;
  /** Until it settles, who asks for the master waits. Settles itself once somebody does. */
  holdAnswers(until: Promise<void>): Promise<void>;
  /** Settles once so many listen for a fail-over. */
  heardBy(count: number): Promise<void>;
  /** Tells everybody who listens that the master is another one. */
  tellOfSwitch(): void;
}

export async function openScriptedSentinel(master: number): Promise<ScriptedSentinel> {
  const sockets = new Set<Socket>();
  const listeners = new Set<Socket>();
  const counted = new EventTarget();
  let held: Promise<void> | undefined;
  let asked = Promise.withResolvers<void>();

  async function answer(socket: Socket, words: readonly string[]): Promise<void> {
    const [command = '', first = ''] = words.map((word) => word.toLowerCase());

    if (command === 'subscribe') {
      listeners.add(socket);
      socket.write(array(bulk('subscribe'), bulk(first), ':1\r\n'));
      counted.dispatchEvent(new Event('change'));
    } else if (command === 'sentinel' && first === 'get-master-addr-by-name') {
      asked.resolve();
      await held;
      socket.write(array(bulk('127.0.0.1'), bulk(`${sentinel.master}`)));
    } else {
      socket.write(command === 'sentinel' ? array() : '+OK\r\n');
    }
  }

  const server = createServer((socket) => {
    let unread = '';

    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      listeners.delete(socket);
      counted.dispatchEvent(new Event('change'));
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      unread += text;

      for (let next = nextCommand(unread); next; next = nextCommand(unread)) {
        unread = next.rest;
        void answer(socket, next.words);
      }
    });
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  const sentinel: ScriptedSentinel = {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    master,
    holdAnswers: (until) => {
      held = until;
      asked = Promise.withResolvers();

      return asked.promise;
    },
    heardBy: async (count) => {
      while (listeners.size !== count) await once(counted, 'change');
    },
    tellOfSwitch: () => {
      for (const one of listeners) one.write(array(bulk('message'), bulk('+switch-master'), bulk('mymaster')));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };

  return sentinel;
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const array = (...elements: readonly string[]): string => `*${elements.length}\r\n${elements.join('')}`;

/** The first whole command, an array of bulk strings without line breaks; undefined while there is none. */
function nextCommand(text: string): { words: string[]; rest: string } | undefined {
  const [head = '', ...lines] = text.split('\r\n');
  const count = Number(head.slice(1));

  if (lines.length < 2 * count + 1) return undefined;

  return {
    words: Array.from({ length: count }, (_, at) => lines[2 * at + 1] ?? ''),
    rest: lines.slice(2 * count).join('\r\n'),
  };
}
