import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { createTally, type Tally } from './tally.ts';

/**
 * Answers as Twilio's Messages API does, on 127.0.0.1: 201 with the message, or errors with its JSON bodies.
 *
 *     await using provider = await startTextServer();
 *     await using app = await startTestApp({ env: provider.env });
 *     provider.answer({ status: 429, code: 20429 });
 */
export interface TextServer extends AsyncDisposable {
  env: Record<string, string>;
  url: string;
  /** What was accepted, in order. */
  texts: ReceivedText[];
  asked: Tally;
  accepted: Tally;
  /** What every request gets from now on; undefined: 201. */
  answer(refusal: Refusal | undefined): void;
  /** Leaves requests unanswered until the returned function is called. */
  hold(): () => void;
  to(number: string): ReceivedText;
}

export interface ReceivedText {
  to: string;
  body: string;
  from: string | undefined;
  service: string | undefined;
}

export interface Refusal {
  status: number;
  code?: number;
  /** Answers this instead of Twilio's JSON. */
  body?: string;
}

export const twilioAccount = `AC${'0123456789abcdef'.repeat(2)}`;
export const twilioToken = 'canary-auth-token-0123456789';

export async function startTextServer(): Promise<TextServer> {
  const texts: ReceivedText[] = [];
  const asked = createTally();
  const accepted = createTally();
  let refusal: Refusal | undefined;
  let gate: Promise<void> | undefined;

  async function read(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const form = new URLSearchParams(await text(request));
    const expected = `Basic ${Buffer.from(`${twilioAccount}:${twilioToken}`).toString('base64')}`;
    asked.add();
    await gate;

    if (request.headers.authorization !== expected) return twilioError(401, 20003, 'Authenticate');
    if (request.url !== `/2010-04-01/Accounts/${twilioAccount}/Messages.json` || request.method !== 'POST') {
      return twilioError(404, 20404, 'The requested resource was not found');
    }
    if (refusal) {
      const { status, code = 20001, body } = refusal;

      return body === undefined ? twilioError(status, code, `refused ${form.get('To')}`) : { status, body };
    }

    texts.push({
      to: form.get('To') ?? '',
      body: form.get('Body') ?? '',
      from: form.get('From') ?? undefined,
      service: form.get('MessagingServiceSid') ?? undefined,
    });
    accepted.add();

    return { status: 201, body: JSON.stringify({ sid: `SM${'0'.repeat(32)}`, status: 'queued', to: form.get('To') }) };
  }

  const server = createServer((request, response) => {
    void read(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    texts,
    asked,
    accepted,
    env: {
      GATEHOUSE_MESSAGES_SMS_ACCOUNT_SID: twilioAccount,
      GATEHOUSE_MESSAGES_SMS_AUTH_TOKEN: twilioToken,
      GATEHOUSE_MESSAGES_SMS_FROM: 'Northwind',
      GATEHOUSE_MESSAGES_SMS_COUNTRIES: 'DE,US',
      GATEHOUSE_MESSAGES_SMS_API_URL: url,
    },
    answer: (next) => void (refusal = next),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;

      return () => {
        gate = undefined;
        resolve();
      };
    },
    to(number) {
      const found = texts.findLast((one) => one.to === number);
      if (!found) throw new Error(`no text message to ${number}`);

      return found;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function twilioError(status: number, code: number, message: string): { status: number; body: string } {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;

  return { status, body: JSON.stringify({ code, message, more_info, status }) };
}
