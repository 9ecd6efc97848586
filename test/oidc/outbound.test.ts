import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { isForbidden } from '../../src/oidc/outbound-addresses.ts';
import type { Resolve } from '../../src/oidc/outbound-addresses.ts';
import { createOutbound } from '../../src/oidc/outbound.ts';
import type { OutboundSettings } from '../../src/oidc/outbound.ts';

const strict: OutboundSettings = { allow_private: false, timeout: 2.5, max_bytes: 256_000, mode: 'production' };
const lenient: OutboundSettings = { ...strict, allow_private: true, mode: 'development' };

/** Whoever gets here was let through. */
async function canary(answer: RequestListener) {
  let connections = 0;
  const server = createServer(answer);
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('requests to addresses that clients name', () => {
  let listener: Awaited<ReturnType<typeof canary>>;
  let answer: RequestListener = (_request, response) => void response.end('{}');

  beforeAll(async () => {
    listener = await canary((request, response) => answer(request, response));
  });

  afterAll(async () => {
    await listener.close();
  });

  const ask = async (settings: OutboundSettings, url: string, resolve?: Resolve) => {
    const outbound = createOutbound(settings, resolve);

    try {
      return await outbound.fetch(url);
    } finally {
      await outbound[Symbol.asyncDispose]();
    }
  };

  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::]',
    'localhost',
  ])('S55, S56: nothing is connected to %s', async (host) => {
    const before = listener.connections();

    await expect(ask(strict, `https://${host}:${listener.port}/`)).rejects.toThrow();
    expect(listener.connections()).toBe(before);
  });

  test.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.2.1',
    'fe80::1',
    'fc00::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '::ffff:10.0.0.1',
  ])('S55: %s is no address to ask', (address) => {
    expect(isForbidden(address)).toBe(true);
  });

  test.each(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', 'example.com'])(
    '%s may be asked',
    (address) => {
      expect(isForbidden(address)).toBe(false);
    },
  );

  test('S55, S56: a name that stands for such an address is not connected to, nor one that does so too', async () => {
    const before = listener.connections();

    for (const addresses of [['127.0.0.1'], ['::1'], ['93.184.215.14', '127.0.0.1']]) {
      const resolve: Resolve = async () =>
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

      await expect(ask(strict, `https://rebound.example:${listener.port}/`, resolve)).rejects.toThrow();
    }

    expect(listener.connections()).toBe(before);
  });

  test('S56: the address that was checked is the one that is asked', async () => {
    const asked: string[] = [];
    const resolve: Resolve = async (name) => {
      asked.push(name);
      return [{ address: '127.0.0.1', family: 4 }];
    };

    expect((await ask(lenient, `http://app.example:${listener.port}/`, resolve)).status).toBe(200);
    expect(asked).toEqual(['app.example']);
  });

  test('plain http is for development with private addresses allowed', async () => {
    await expect(ask(strict, 'http://example.com/')).rejects.toThrow('https');
    await expect(ask({ ...lenient, mode: 'production' }, `http://127.0.0.1:${listener.port}/`)).rejects.toThrow(
      'https',
    );
    expect((await ask(lenient, `http://127.0.0.1:${listener.port}/`)).status).toBe(200);
  });

  test('S116: no redirect is followed', async () => {
    answer = (request, response) => {
      response.writeHead(302, { location: request.url === '/' ? '/elsewhere' : '/' });
      response.end();
    };
    const before = listener.connections();

    await expect(ask(lenient, `http://127.0.0.1:${listener.port}/`)).rejects.toThrow();
    expect(listener.connections()).toBe(before + 1);
  });

  test('S116: what is longer than allowed is refused, also when it was packed small', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(1_000_000)));
    };

    await expect(ask(lenient, `http://127.0.0.1:${listener.port}/`)).rejects.toThrow('longer than');
  });

  test('S116: what takes too long is given up, headers and body alike', async () => {
    const quick = { ...lenient, timeout: 0.2 };
    answer = () => undefined;
    await expect(ask(quick, `http://127.0.0.1:${listener.port}/`)).rejects.toThrow();

    answer = (_request, response) => void response.write('{');
    await expect(ask(quick, `http://127.0.0.1:${listener.port}/`)).rejects.toThrow();
  });
});
