import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from '@jest/globals';
import Koa from 'koa';

import { Invalid } from '../../src/domain/errors.ts';
import { getInsteadOfPost } from '../../src/oidc/posts.ts';

async function serving() {
  const koa = new Koa();

  koa.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      context.status = error instanceof Invalid ? error.status : 500;
    }
  });
  koa.use(getInsteadOfPost(['/oauth/authorize']) as Koa.Middleware);
  koa.use((context) => void (context.body = `${context.method} went on`));

  const server = createServer((request, response) => void koa.callback()(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    post: (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
        redirect: 'manual',
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a form that another site posts', () => {
  test('S14: is answered with 303 to the same request as GET', async () => {
    await using at = await serving();
    const answer = await at.post('/oauth/authorize?dropped=1', 'scope=openid+email&state=%22%3Cx%3E%0D%0A&nonce=ü');

    expect(answer.status).toBe(303);

    const location = new URL(answer.headers.get('location') ?? '', 'http://op.example');
    expect(location.pathname).toBe('/oauth/authorize');
    expect([...location.searchParams]).toEqual([
      ['scope', 'openid email'],
      ['state', '"<x>\r\n'],
      ['nonce', 'ü'],
    ]);
  });

  test('S24: a doubled parameter stays doubled, to be refused', async () => {
    await using at = await serving();
    const answer = await at.post('/oauth/authorize', 'client_id=a&client_id=b');

    expect(answer.headers.get('location')).toBe('/oauth/authorize?client_id=a&client_id=b');
  });

  test('S111: too large, or no form at all', async () => {
    await using at = await serving();

    expect((await at.post('/oauth/authorize', `state=${'x'.repeat(20_000)}`)).status).toBe(400);
    expect((await at.post('/oauth/authorize', '{"client_id":{"$ne":null}}', 'application/json')).status).toBe(400);
  });

  test('other places get what they were sent', async () => {
    await using at = await serving();

    expect(await (await at.post('/oauth/token', 'grant_type=x')).text()).toBe('POST went on');
  });
});
