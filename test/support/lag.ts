import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * A long way to a server of this machine: every answer takes a while, and every question is noted. What was asked while
 * another question was still under way travelled together with it, however slow this machine is.
 */
export interface Lag extends AsyncDisposable {
  port: number;
  /** Every question so far that was answered. */
  questions: Question[];
}

export interface Question {
  /** `find accounts`, `SET` */
  name: string;
  /** Milliseconds, of `performance.now()`. */
  asked: number;
  answered: number;
}

/** How a server's words are told apart on one connection. Each is given what came and answers what it has read of it. */
export interface Language {
  questions(bytes: Buffer): Heard<{ name: string; id: number }>;
  /** The ids of the questions that were answered; a language without ids answers in their order. */
  answers(bytes: Buffer): Heard<number | undefined>;
}

interface Heard<T> {
  all: T[];
  /** What is not whole yet. */
  rest: Buffer;
}

const nothing = Buffer.alloc(0);

export async function openLag(to: number, language: Language, milliseconds: number): Promise<Lag> {
  const questions: Question[] = [];
  const sockets = new Set<Socket>();
  let closing = false;

  const server = createServer((near) => {
    if (closing) return void near.destroy();

    const far = connect(to, '127.0.0.1');
    const open: { name: string; id: number; asked: number }[] = [];
    let asking: Buffer = nothing;
    let answering: Buffer = nothing;

    near.on('data', (bytes: Buffer) => {
      const { all, rest } = language.questions(Buffer.concat([asking, bytes]));
      asking = rest;
      for (const one of all) open.push({ ...one, asked: performance.now() });
      far.write(bytes);
    });

    far.on('data', (bytes: Buffer) => {
      setTimeout(() => {
        const { all, rest } = language.answers(Buffer.concat([answering, bytes]));
        answering = rest;

        for (const id of all) {
          const at = id === undefined ? 0 : open.findIndex((one) => one.id === id);
          const [{ name, asked } = { name: '', asked: 0 }] = open.splice(at, 1);
          if (name !== '') questions.push({ name, asked, answered: performance.now() });
        }

        near.write(bytes);
      }, milliseconds);
    });

    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    port: address.port,
    questions,
    [Symbol.asyncDispose]: async () => {
      closing = true;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The most questions of which each was asked when the one before was answered. */
export function oneAfterAnother(questions: readonly Question[]): Question[] {
  const chain: Question[] = [];

  for (const one of questions.toSorted((a, b) => a.answered - b.answered)) {
    if (one.asked >= (chain.at(-1)?.answered ?? 0)) chain.push(one);
  }

  return chain;
}

/** MongoDB's wire protocol: its header, and of a command its name and what it is about. */
export const mongo: Language = {
  questions: (bytes) => frames(bytes, (frame) => ({ name: commandIn(frame), id: frame.readInt32LE(4) })),
  answers: (bytes) => frames(bytes, (frame) => frame.readInt32LE(8)),
};

function frames<T>(bytes: Buffer, read: (frame: Buffer) => T): Heard<T> {
  const all: T[] = [];
  let rest = bytes;

  while (rest.length >= 16 && rest.length >= rest.readInt32LE(0)) {
    all.push(read(rest.subarray(0, rest.readInt32LE(0))));
    rest = rest.subarray(rest.readInt32LE(0));
  }

  return { all, rest };
}

/** Of OP_MSG, whose first section is the command; an older form is the driver's first word to a server. */
function commandIn(frame: Buffer): string {
  const [opMessage, document] = [2013, 21];
  if (frame.readInt32LE(12) !== opMessage) return 'hello';

  const name = textAt(frame, document + 5);
  const isText = frame[document + 4] === 2;

  return isText ? `${name} ${textAt(frame, document + 5 + name.length + 1 + 4)}` : name;
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at, bytes.indexOf(0, at));
}

/** What Redis is asked (RESP2), and how many answers came. Scripts are told by what they are run on. */
export const redis: Language = {
  questions: (bytes) => ({
    all: [...bytes.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)].map(([, name = '']) => ({
      name,
      id: 0,
    })),
    rest: nothing,
  }),

  answers(bytes) {
    const all: undefined[] = [];
    let rest = bytes;

    for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n')) {
      const head = rest.toString('latin1', 0, end);
      const length = head.startsWith('$') ? Number(head.slice(1)) : -1;
      const whole = length < 0 ? end + 2 : end + 2 + length + 2;
      if (rest.length < whole) break;

      all.push(undefined);
      rest = rest.subarray(whole);
    }

    return { all, rest };
  },
};
