import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

import { describe, expect, test } from '@jest/globals';

import { createListener, type Listener } from '../../src/web/listener.ts';
import { openSite } from './site.ts';

const host = '127.0.0.1';

async function listening(handler: Parameters<typeof createListener>[0]): Promise<{ listener: Listener; port: number }> {
  const listener = createListener(handler);
  const { port } = await listener.listen({ host, port: 0 });

  return { listener, port };
}

/** Over a connection that the agent keeps. */
function ask(agent: Agent, port: number, path = '/'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host, port, agent, path }, (response) => response.resume().once('end', () => resolve(response))).once(
      'error',
      reject,
    );
  });
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, host);

  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

/** Resolves once nothing accepts there any more. */
async function refuses(port: number): Promise<void> {
  while (!(await isRefused(port)));
}

describe('leaving', () => {
  test('is said first, while everything else goes on; then connections are refused', async () => {
    await using site = await openSite();
    const { port } = await site.web.listen({ host, port: 0 });
    const agent = new Agent();

    expect((await ask(agent, port, '/readyz')).statusCode).toBe(200);

    const left = site.web.leave();
    const ready = await ask(agent, port, '/readyz');

    expect(ready.statusCode).toBe(503);
    expect((await ask(agent, port, '/healthz')).statusCode).toBe(200);

    await refuses(port);
    await left;
  });

  test('a connection that was kept alive is served once more, told that this was the last time, and is over', async () => {
    const { listener, port } = await listening((_request, response) => void response.end('fine'));
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });

    expect((await ask(kept, port)).headers.connection).toBe('keep-alive');

    const left = listener.leave();
    expect((await ask(kept, port)).headers.connection).toBe('keep-alive');

    await refuses(port);
    const last = await ask(kept, port);
    expect({ status: last.statusCode, connection: last.headers.connection }).toEqual({
      status: 200,
      connection: 'close',
    });
    await expect(ask(kept, port)).rejects.toThrow('ECONNREFUSED');

    const waited = performance.now();
    await left;
    expect(performance.now() - waited).toBeLessThan(1000);
  });

  test('an idle connection is left alone for a while, and does not hold up the end', async () => {
    const { listener, port } = await listening((_request, response) => void response.end('fine'));
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(kept, port);

    const left = listener.leave();
    await refuses(port);
    const began = performance.now();
    await left;

    expect(performance.now() - began).toBeGreaterThan(1500);
    expect(performance.now() - began).toBeLessThan(4000);
    kept.destroy();
  });

  test('what is running is finished', async () => {
    const { promise: finishing, resolve: finish } = Promise.withResolvers<void>();
    const { listener, port } = await listening((_request, response) => {
      void finishing.then(() => response.end('late, but whole'));
    });
    const slow = fetch(`http://${host}:${port}`);
    const left = listener.leave();

    await refuses(port);
    finish();

    expect(await (await slow).text()).toBe('late, but whole');
    await left;
  });

  test('what does not finish is cut off 10 s after the beginning', async () => {
    const { listener, port } = await listening(() => undefined);
    const stuck = fetch(`http://${host}:${port}`);
    const began = performance.now();

    await Promise.all([expect(stuck).rejects.toThrow(), listener.leave()]);

    expect(performance.now() - began).toBeGreaterThan(9_000);
    expect(performance.now() - began).toBeLessThan(12_000);
  });
});
