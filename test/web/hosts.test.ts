import { connect } from 'node:net';

import { describe, expect, test } from '@jest/globals';

import { page } from '../../src/web/route.ts';
import { openSite, profileView } from './site.ts';
import type { Site } from './site.ts';

/** Sends exactly these lines and answers the status and the whole answer. */
async function sendRaw({ port }: Site, lines: string[]): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1');
  let text = '';

  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('end', () => resolve(text));
  socket.on('error', reject);
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
  text = await promise;

  return { status: Number(text.split(' ')[1]), text };
}

describe('S38, S48, S58: a request that does not mean us is answered 421 before anything sees it', () => {
  const attempts: [string, (host: string) => string[]][] = [
    ['a foreign Host', () => ['GET /profile HTTP/1.1', 'Host: evil.example']],
    ['our Host with another port', () => ['GET /profile HTTP/1.1', 'Host: 127.0.0.1:1']],
    ['our Host without the port', () => ['GET /profile HTTP/1.1', 'Host: 127.0.0.1']],
    ['user information in Host', (host) => ['GET /profile HTTP/1.1', `Host: ${host}:a@evil.example`]],
    ['user information before ours', (host) => ['GET /profile HTTP/1.1', `Host: evil.example@${host}`]],
    ['a list in Host', (host) => ['GET /profile HTTP/1.1', `Host: ${host}, evil.example`]],
    ['a dot at the end', (host) => ['GET /profile HTTP/1.1', `Host: ${host.replace(':', '.:')}`]],
    ['two Host headers', (host) => ['GET /profile HTTP/1.1', `Host: ${host}`, 'Host: evil.example']],
    ['an absolute target', (host) => ['GET http://evil.example/profile HTTP/1.1', `Host: ${host}`]],
    ['our own absolute target', (host) => [`GET http://${host}/profile HTTP/1.1`, `Host: ${host}`]],
    ['a target that begins with //', (host) => ['GET //evil.example/profile HTTP/1.1', `Host: ${host}`]],
    ['a target that begins with /\\', (host) => ['GET /\\evil.example/profile HTTP/1.1', `Host: ${host}`]],
    ['no path at all', (host) => ['OPTIONS * HTTP/1.1', `Host: ${host}`]],
  ];

  test.each(attempts)('%s', async (_case, lines) => {
    let asked = 0;
    await using site = await openSite({ fast: () => ((asked += 1), false) });
    const { status, text } = await sendRaw(site, lines(`127.0.0.1:${site.port}`));

    expect(status).toBe(421);
    expect(text.replaceAll(`127.0.0.1:${site.port}`, '')).not.toMatch(/evil|<html/);
    expect(asked).toBe(0);
  });

  test('the default port may be said or not', async () => {
    await using site = await openSite({ issuer: 'https://id.example.com' });

    for (const host of ['id.example.com', 'ID.example.com', 'id.example.com:443']) {
      expect((await sendRaw(site, ['GET /profile HTTP/1.1', `Host: ${host}`])).status).toBe(200);
    }
    expect((await sendRaw(site, ['GET /profile HTTP/1.1', 'Host: id.example.com:80'])).status).toBe(421);
  });

  test('probes ask by address', async () => {
    await using site = await openSite();

    expect((await sendRaw(site, ['GET /healthz HTTP/1.1', 'Host: 10.0.0.7'])).status).toBe(200);
  });
});

describe('S60: forwarded headers', () => {
  const spoofed = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'javascript',
    'x-real-ip': '203.0.113.9',
    forwarded: 'for=203.0.113.9;host=evil.example',
  };

  async function seen(trustedProxies: string[], headers: Record<string, string>) {
    let ip = '';
    let left: unknown;

    const route = page('/who', profileView, ({ visitor, exchange }) => {
      ip = visitor.ip;
      left = Object.entries(exchange.request.headers).filter(([name]) => /forwarded|real-ip/.test(name));

      return { greeting: '', displayName: '', at: 0, link: '/' };
    });

    await using site = await openSite({ routes: [route], trustedProxies });
    await site.browser().get('/who', headers);

    return { ip, left };
  }

  test('from a stranger count for nothing, and nothing behind us sees them', async () => {
    const expected = [
      ['x-forwarded-for', '127.0.0.1'],
      ['x-forwarded-proto', 'http'],
    ];

    expect(await seen([], spoofed)).toEqual({ ip: '127.0.0.1', left: expected });
    expect(await seen(['10.0.0.0/8'], spoofed)).toEqual({ ip: '127.0.0.1', left: expected });
  });

  test('from a proxy of ours: the rightmost address that is no proxy of ours', async () => {
    const chain = '203.0.113.66, 198.51.100.4, 10.1.2.3';

    expect((await seen(['127.0.0.1'], { 'x-forwarded-for': '198.51.100.4' })).ip).toBe('198.51.100.4');
    expect((await seen(['127.0.0.1', '10.0.0.0/8'], { 'x-forwarded-for': chain })).ip).toBe('198.51.100.4');
    expect((await seen(['127.0.0.1'], { 'x-forwarded-for': chain })).ip).toBe('10.1.2.3');
  });

  test('nonsense in the list ends it', async () => {
    const trusted = ['127.0.0.0/8', '::1/128'];

    expect((await seen(trusted, { 'x-forwarded-for': '198.51.100.4, unknown' })).ip).toBe('127.0.0.1');
    expect((await seen(trusted, { 'x-forwarded-for': '' })).ip).toBe('127.0.0.1');
    expect((await seen(trusted, { 'x-forwarded-for': '::ffff:198.51.100.4' })).ip).toBe('198.51.100.4');
    expect((await seen(trusted, { 'x-forwarded-for': '2001:DB8::1%eth0' })).ip).toBe('2001:db8::1');
  });
});
