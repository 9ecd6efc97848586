import { expect, test } from '@jest/globals';

import { createLog, redact, redactPath } from '../../src/web/log.ts';
import { openSite, signedIn } from './site.ts';

const canary = 'CanaryX7q9Zk3';

test('S112: one line a request, with nothing of what was sent', async () => {
  await using site = await openSite();
  const browser = site.browser({ headers: { 'user-agent': canary, authorization: `Bearer ${canary}` } });

  site.session = signedIn(site.clock, { email: `${canary}@example.com` });
  await browser.jar.setCookie(`other=${canary}`, site.origin);

  const page = await browser.get(`/profile?code=${canary}&ui_locales=${canary}`);

  await browser.submit(page, { displayName: canary, password: canary, about: canary });
  await browser.post(`/profile?x=${canary}`, { displayName: canary });
  await browser.get(`/item/${canary}`);
  await browser.get('/own', { 'x-request-id': canary, traceparent: canary, 'x-forwarded-for': canary });
  await browser.get(`/reset/${canary}`);
  await browser.get(`/${canary}@example.com`);
  await browser.get('/profile', { host: `${canary}.example` });
  await browser.send('POST', '/profile', { headers: { 'content-type': canary }, body: canary });

  const lines = await site.logged(10);

  expect(lines).toHaveLength(10);
  expect(site.raw.join('\n')).not.toContain(canary);
  expect(lines[0]).toEqual({
    time: '2026-11-24T12:00:00.000Z',
    level: 'info',
    event: 'request',
    id: page.headers['x-request-id'],
    method: 'GET',
    path: '/profile',
    status: 200,
    ms: expect.any(Number),
  });
  expect(lines.map(({ path }) => path)).toContain('/item/:id');
});

test('S112: nothing in a line breaks it, colours a terminal or turns the text around', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', clock: { now: () => 0 }, write: (text) => lines.push(text) });

  log.error('failure', { error: new Error('a\r\n{"level":"info"}\u001b[31m\u2028\u2029\u0085\u202e\u200b\ufeff') });

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: { message: expect.stringContaining('\u2028') } });
});

test('S112: what errors of libraries quote', () => {
  expect(redact('duplicate key ana.lindqvist@example.com in accounts')).toBe('duplicate key [address] in accounts');
  expect(redact('no token 9f8KqLm2Xy7ZpRt5Vb1N in store')).toBe('no token [redacted] in store');
  expect(redact('at createRenderer (file:///srv/gatehouse/src/web/render.ts:27:5)')).toContain(
    'src/web/render.ts:27:5',
  );
});

test.each([
  ['/oauth/token', '/oauth/token'],
  ['/oauth/auth/Xy12abcDEF', '/oauth/auth/:'],
  ['/.well-known/openid-configuration', '/.well-known/openid-configuration'],
  ['/reset/3f9ac?token=abc#x', '/reset/:'],
  ['/a@b.c/%0a/ü', '/:/:/:'],
  ['http://evil.example/x', ':/:/evil.example/x'],
])('the path %s is logged as %s', (path, logged) => {
  expect(redactPath(path).replace(/^:\/\//, ':/:/')).toBe(logged);
});

test('the least level is kept', () => {
  const lines: string[] = [];
  const settings = { clock: { now: () => 0 }, write: (text: string) => void lines.push(text) };

  createLog({ ...settings, level: 'silent' }).error('nothing');
  createLog({ ...settings, level: 'warn' }).info('nothing');
  createLog({ ...settings, level: 'error' }).error('something');

  expect(lines).toHaveLength(1);
});
