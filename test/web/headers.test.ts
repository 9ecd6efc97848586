import { describe, expect, test } from '@jest/globals';

import { contentSecurityPolicy } from '../../src/web/headers.ts';
import { openSite } from './site.ts';

const pages = ['/profile', '/nowhere', '/own'];

describe.each(pages)('%s', (path) => {
  test('S16: is shown in no frame', async () => {
    await using site = await openSite();

    expect((await site.browser().get(path)).headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  test('S17: tells no other site where it was', async () => {
    await using site = await openSite();

    expect((await site.browser().get(path)).headers['referrer-policy']).toBe('no-referrer');
  });

  test('S18: is kept by no cache', async () => {
    await using site = await openSite();

    expect((await site.browser().get(path)).headers['cache-control']).toBe('no-store');
  });

  test('S110: no inline script or style, no sniffing, and https for two years', async () => {
    await using site = await openSite({ issuer: 'https://id.example.com' });
    const page = await site.browser().get(path);

    expect(page.headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self';",
    );
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['strict-transport-security']).toBe('max-age=63072000');
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
    expect(page.html).not.toMatch(/<style|<script(?! src)|\bstyle=|\bon\w+=/);
  });
});

test('http on loopback promises no https', async () => {
  await using site = await openSite();

  expect((await site.browser().get('/profile')).headers['strict-transport-security']).toBeUndefined();
});

test('a page outside the console keeps its opener: apps sign people in through popup windows', async () => {
  await using site = await openSite();

  expect((await site.browser().get('/profile')).headers['cross-origin-opener-policy']).toBeUndefined();
});

test('S105: cookies on https', async () => {
  await using site = await openSite({ issuer: 'https://id.example.com' });
  const cookies = (await site.browser().get('/profile')).headers['set-cookie'] ?? [];

  expect(cookies.map((cookie) => cookie.split('=', 1)[0])).toEqual(['__Host-device', '__Host-csrf']);
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; path=\/;.* samesite=lax; secure; httponly$/);
    expect(cookie).not.toMatch(/domain/i);
  }
});

test('a policy takes schemes and origins, and nothing that could end it', () => {
  const policy = contentSecurityPolicy({ formAction: ['https:', 'http://127.0.0.1:*'], images: ['https://a.example'] });

  expect(policy).toContain("form-action 'self' https: http://127.0.0.1:*;");
  expect(policy).toContain("img-src 'self' https://a.example;");
  expect(() => contentSecurityPolicy({ formAction: ["https://a.example; script-src 'unsafe-inline'"] })).toThrow();
  expect(() => contentSecurityPolicy({ images: ["'unsafe-inline'"] })).toThrow();
});

test('S110: also what is answered before any page says that it is what it is, and https', async () => {
  await using site = await openSite({
    issuer: 'https://id.example.com',
    fast: ({ request, response }) => request.url === '/prebuilt' && (response.end('{}'), true),
  });
  const browser = site.browser();

  for (const [path, host] of [['/healthz'], ['/assets/style.css'], ['/prebuilt'], ['/profile', 'evil.example']]) {
    const { headers } = await browser.get(path ?? '', host === undefined ? {} : { host });

    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['strict-transport-security']).toBe('max-age=63072000');
  }
});
