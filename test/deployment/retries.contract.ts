import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '@jest/globals';

import { freePort } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import type { Need } from '../support/machine.ts';
import { describeWith } from '../support/need.ts';
import { openProxySite, type StartProxy } from '../support/proxy.ts';

interface RetryOptions {
  /** Methods with which people do notice that a node refuses connections; asked where the proxy is there. */
  loses?: () => readonly string[];
}

/** What a proxy's example does when a node is gone or goes: it tries the other, but sends nothing twice that acts. */
export function describeRetries(need: Need, start: StartProxy, { loses = () => [] }: RetryOptions = {}): void {
  describeWith(need, `${need} in front of a node that is gone`, () => {
    const lost = loses();

    test(`which refuses connections: ${['nobody', ...lost].join(', or who sends ')} notices`, async () => {
      await using good = await startNode('answers');
      const answers = await sendThrough(start, [await freePort(), good.port]);
      const failed = answers.filter(({ status }) => status !== 200).map(({ method }) => method);

      expect(new Set(failed)).toEqual(new Set(lost));
    });

    test('which takes a request and dies: what only reads is asked of the other, what acts is sent once', async () => {
      await using bad = await startNode('dies');
      await using good = await startNode('answers');
      const answers = await sendThrough(start, [bad.port, good.port]);
      const failed = answers.filter(({ status }) => status !== 200);
      const posts = [...bad.received, ...good.received].filter((what) => what.startsWith('POST'));

      expect(failed.map(({ method }) => method)).toEqual(failed.map(() => 'POST'));
      expect(failed.length).toBeGreaterThan(0);
      expect(posts).toHaveLength(new Set(posts).size);
    });

    test('which takes a request and hangs: what only reads is asked of the other after seconds, not after a minute', async () => {
      await using bad = await startNode('hangs');
      await using good = await startNode('answers');
      const answers = await sendThrough(start, [bad.port, good.port], ['GET', 'GET']);

      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(bad.received).not.toEqual([]);
    }, 30_000);

    test('as all others are: a plain word, that it is worth another try, and nothing to be kept', async () => {
      const [answer] = await sendThrough(start, [await freePort()], ['GET']);

      expect(answer).toMatchObject({
        status: 503,
        headers: { 'retry-after': '2', 'cache-control': 'no-store', 'strict-transport-security': 'max-age=63072000' },
        words: 'This did not get through. Please go back and try again.',
      });
    });
  });
}

interface Node extends AsyncDisposable {
  port: number;
  /** Method and path, in the order in which they came. */
  received: string[];
}

async function startNode(kind: 'answers' | 'dies' | 'hangs'): Promise<Node> {
  const received: string[] = [];

  const server: Server = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    request.resume().once('end', () => {
      if (kind === 'dies') response.destroy();
      if (kind === 'answers') response.end('fine');
    });
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const requests = Array.from({ length: 20 }, () => ['POST', 'POST', 'GET']).flat();

/** Each to an address of its own. */
async function sendThrough(start: StartProxy, nodes: readonly number[], methods: readonly string[] = requests) {
  const site = await openProxySite();
  await using proxy = await start(site, nodes);
  const browser = openBrowser(site.issuer, { connect: proxy.connect });
  const answers = [];

  for (const [n, method] of methods.entries()) {
    const options = method === 'POST' ? { body: 'a=b' } : {};
    const { status, headers, words } = await browser.send(method, `/${n}`, options);

    answers.push({ method, status, headers, words: words.trim() });
  }

  return answers;
}
