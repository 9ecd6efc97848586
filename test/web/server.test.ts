import { get } from 'node:http';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { gunzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import { page } from '../../src/web/route.ts';
import { openMemory, openSite, profileView } from './site.ts';

const nothing = { greeting: '', displayName: '', at: 0, link: '/' };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));

  return port;
}

describe('closing', () => {
  test('lets what is running finish, and ends the connections that wait for nothing', async () => {
    const port = await freePort();
    const { promise: running, resolve: begin } = Promise.withResolvers<void>();
    const { promise: let_go, resolve: finish } = Promise.withResolvers<void>();
    const route = page('/slow', profileView, async () => {
      begin();
      await let_go;

      return nothing;
    });
    await using site = await openSite({ issuer: `http://127.0.0.1:${port}`, routes: [route] });
    const agent = new Agent({ keepAlive: true });

    await site.web.listen({ host: '127.0.0.1', port });
    await new Promise<void>((resolve) => {
      get({ port, host: '127.0.0.1', path: '/healthz', agent }, (response) => response.resume().on('end', resolve));
    });

    const slow = fetch(`http://127.0.0.1:${port}/slow`);

    await running;

    const closed = site.web.close();

    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    finish();
    expect((await slow).status).toBe(200);
    await closed;
    agent.destroy();
  });

  test('of what never listened is nothing', async () => {
    await using site = await openSite();

    await site.web.close();
  });

  test('a taken port is told', async () => {
    await using site = await openSite();

    await expect(site.web.listen({ host: '127.0.0.1', port: site.port })).rejects.toThrow('EADDRINUSE');
  });
});

describe('health', () => {
  test('says yes or no, and nothing else (S114)', async () => {
    let broken = false;
    await using site = await openSite({
      ready: () => (broken ? Promise.reject(new Error('mongodb://user:pw@10.0.0.3 is gone')) : Promise.resolve()),
    });
    const browser = site.browser();

    expect(await browser.get('/healthz')).toMatchObject({ status: 200, html: 'ok\n' });
    expect(await browser.get('/readyz')).toMatchObject({ status: 200, html: 'ready\n' });

    broken = true;

    expect(await browser.get('/healthz')).toMatchObject({ status: 200 });
    expect(await browser.get('/readyz')).toMatchObject({ status: 503, html: 'not ready\n' });
  });
});

describe('assets', () => {
  test('are kept for ever under the address that the page names', async () => {
    await using site = await openSite();
    const browser = site.browser();
    const [, address = ''] = /<link rel="stylesheet" href="([^"]+)">/.exec((await browser.get('/profile')).html) ?? [];
    const sheet = await browser.get(address);

    expect(address).toMatch(/^\/assets\/style\.css\?v=[\w-]{16}$/);
    expect(sheet.headers['content-type']).toBe('text/css; charset=utf-8');
    expect(sheet.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(sheet.headers['x-content-type-options']).toBe('nosniff');
    expect(sheet.headers['set-cookie']).toBeUndefined();
    expect((await browser.get('/assets/style.css')).headers['cache-control']).toBe('public, max-age=300');
  });

  test('are not sent twice', async () => {
    await using site = await openSite();
    const browser = site.browser();
    const { etag = '' } = (await browser.get('/assets/style.css')).headers;

    expect(await browser.get('/assets/style.css', { 'if-none-match': etag })).toMatchObject({ status: 304, html: '' });
  });

  test('are packed for browsers that take it', async () => {
    await using site = await openSite();
    const { headers } = await site.browser().get('/assets/style.css', { 'accept-encoding': 'gzip, br;q=0' });
    const whole = await (await fetch(`${site.origin}/assets/style.css`)).text();

    expect(headers['content-encoding']).toBe('gzip');
    expect(Number(headers['content-length'])).toBeLessThan(whole.length / 2);
    expect(headers.vary).toBe('Accept-Encoding');
    expect(() => gunzipSync(Buffer.from(whole))).toThrow();
  });

  test('the stylesheet stays below 40 kB', async () => {
    await using site = await openSite();

    expect((await site.browser().get('/assets/style.css')).html.length).toBeLessThan(40_000);
  });

  test.each([
    '/assets/',
    '/assets/../package.json',
    '/assets/%2e%2e/package.json',
    '/assets/none.css',
    '/assets/constructor',
  ])('%s is none', async (path) => {
    await using site = await openSite();

    expect((await site.browser().get(path)).status).toBe(404);
  });
});

describe('limits', () => {
  const limits = [{ name: 'profile', method: 'POST', path: '/profile', most: 2, window: 60 }] as const;

  test('beyond a limit: 429 for that address, until the time is over', async () => {
    await using site = await openSite({ limits });
    const browser = site.browser();
    const statuses: number[] = [];

    for (let count = 0; count < 3; count += 1) statuses.push((await browser.post('/profile', {})).status);

    const refused = await browser.post('/profile', {});

    expect(statuses).toEqual([403, 403, 429]);
    expect(refused.headers['retry-after']).toBe('60');
    expect((await browser.get('/profile')).status).toBe(200);

    site.clock.time += 60_000;
    expect((await browser.post('/profile', {})).status).toBe(403);
  });

  test('S60: a spoofed address does not start a new count', async () => {
    await using site = await openSite({ limits });
    const browser = site.browser();

    for (const ip of ['203.0.113.1', '203.0.113.2']) await browser.post('/profile', {}, { 'x-forwarded-for': ip });
    expect((await browser.post('/profile', {}, { 'x-forwarded-for': '203.0.113.3' })).status).toBe(429);
  });

  test('S115: a counter that does not answer is 503, not a free pass', async () => {
    const down = () => Promise.reject(new Unavailable('down'));
    await using site = await openSite({ limits, ephemera: { ...openMemory({ now: () => 0 }), increment: down } });

    expect((await site.browser().post('/profile', {})).status).toBe(503);
  });

  test('neighbours in one IPv6 network count as one', async () => {
    await using site = await openSite({ limits, trustedProxies: ['127.0.0.1'] });
    const browser = site.browser();

    for (const ip of ['2001:db8::1', '2001:db8::2']) await browser.post('/profile', {}, { 'x-forwarded-for': ip });
    expect((await browser.post('/profile', {}, { 'x-forwarded-for': '2001:db8::3' })).status).toBe(429);
    expect((await browser.post('/profile', {}, { 'x-forwarded-for': '2001:db8:0:1::3' })).status).toBe(403);
  });
});

test('what is prebuilt is answered before everything else', async () => {
  await using site = await openSite({
    fast: ({ request, response }) => {
      if (request.url !== '/prebuilt') return false;

      response.end('{}');

      return true;
    },
  });

  expect(await site.browser().get('/prebuilt')).toMatchObject({ status: 200, html: '{}' });
  expect((await site.browser().get('/profile')).status).toBe(200);
});

test('what stands behind the routes can answer with a page', async () => {
  await using site = await openSite();

  site.web.use((context) => {
    const exchange = { request: context.req, response: context.res };

    site.web.answer(exchange, { kind: 'show', view: profileView, data: nothing, frame: { formAction: ['https:'] } });
  });

  const shown = await site.browser().get('/oauth/session/end');

  expect(shown.status).toBe(200);
  expect(shown.headers['content-security-policy']).toContain("form-action 'self' https:;");
  expect(shown.forms.some(({ action }) => action === '/language')).toBe(false);
});
