import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { callbackify } from 'node:util';

import {
  SMTPServer,
  type SMTPServerAuthentication,
  type SMTPServerDataStream,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server';

import { readMail, type ReadMail } from './mime.ts';
import { createTally, type Tally } from './tally.ts';

/**
 * A real SMTP server on 127.0.0.1 that takes mail, refuses it or keeps silent, as a test says:
 *
 *     await using server = await startMailServer();
 *     await using app = await startTestApp({ env: server.env });
 *     server.refuse('rcpt', 450);              // until told otherwise
 *     const release = server.hold('greeting'); // says nothing until released
 *     await server.steps.data.reaches(2);      // two mails were handed over, taken or not
 */
export interface MailServer extends AsyncDisposable {
  port: number;
  /** The variables that send an app's mail here. */
  env: Record<string, string>;
  /** What was accepted, in order. */
  mails: ReceivedMail[];
  /** How often each step was reached. */
  steps: Record<Step, Tally>;
  accepted: Tally;
  /** Answers a step with a code from now on; undefined: fine again. */
  refuse(step: Step, code: number | undefined): void;
  /** Leaves a step unanswered, for everybody who comes, until the returned function is called. */
  hold(step: Step): () => void;
  /** The newest mail to an address. */
  to(address: string): ReceivedMail;
}

export type Step = 'greeting' | 'auth' | 'from' | 'rcpt' | 'data';

export interface ReceivedMail extends ReadMail {
  /** The envelope's. */
  from: string;
  to: string[];
  secure: boolean;
  user: string | undefined;
}

export const certificate = fileURLToPath(new URL('../security/protocol/certificate/certificate.pem', import.meta.url));
const key = fileURLToPath(new URL('../security/protocol/certificate/key.pem', import.meta.url));

/** `port`: where one was before that is back again. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const accepted = createTally();
  const refusals = new Map<Step, number>();
  const gates = new Map<Step, Promise<void>>();
  const steps = {
    greeting: createTally(),
    auth: createTally(),
    from: createTally(),
    rcpt: createTally(),
    data: createTally(),
  };

  async function reach(step: Step): Promise<void> {
    steps[step].add();
    await gates.get(step);
    const responseCode = refusals.get(step);

    if (responseCode !== undefined) throw Object.assign(new Error(`no ${step} for ana@example.com`), { responseCode });
  }

  async function signIn({ username, password }: SMTPServerAuthentication): Promise<{ user: string }> {
    await reach('auth');
    if (password !== 'right' || username === undefined) throw new Error('wrong');

    return { user: username };
  }

  async function take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const source = (await buffer(stream)).toString('latin1');
    await reach('data');
    const { mailFrom, rcptTo } = session.envelope;

    mails.push({
      ...readMail(source),
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
      secure: session.secure,
      user: typeof session.user === 'string' ? session.user : undefined,
    });
    accepted.add();
  }

  const reached = callbackify(reach);
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    key: readFileSync(key),
    cert: readFileSync(certificate),
    closeTimeout: 100,
    ...options,
    onConnect: (_session, done) => reached('greeting', done),
    onMailFrom: (_address, _session, done) => reached('from', done),
    onRcptTo: (_address, _session, done) => reached('rcpt', done),
    onAuth: (given, _session, done) => callbackify(signIn)(given, done),
    onData: (stream, session, done) => callbackify(take)(stream, session, done),
  });

  // A client that hangs up in the middle is what several tests are about.
  server.on('error', () => {});
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const place = server.server.address() as AddressInfo;

  return {
    port: place.port,
    mails,
    steps,
    accepted,
    env: {
      GATEHOUSE_MESSAGES_FROM: 'id@northwind.example',
      GATEHOUSE_MESSAGES_SMTP_HOST: '127.0.0.1',
      GATEHOUSE_MESSAGES_SMTP_PORT: String(place.port),
      GATEHOUSE_MESSAGES_SMTP_SECURITY: 'none',
    },
    refuse: (step, code) => void (code === undefined ? refusals.delete(step) : refusals.set(step, code)),
    hold(step) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gates.set(step, promise);

      return () => {
        gates.delete(step);
        resolve();
      };
    },
    to(address) {
      const mail = mails.findLast((one) => one.to.includes(address));
      if (!mail) throw new Error(`no mail to ${address}; there is some to ${mails.flatMap(({ to }) => to).join(', ')}`);

      return mail;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
