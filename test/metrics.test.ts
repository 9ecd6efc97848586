import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { enter } from './security/web/visits.ts';
import { freePort, startTestApp, type TestApp } from './support/app.ts';
import { openBrowser } from './support/browser.ts';

const token = 'm'.repeat(40);
let app: TestApp;
let port: number;

beforeAll(async () => {
  port = await freePort();
  app = await startTestApp({ env: { GATEHOUSE_METRICS_TOKEN: token, GATEHOUSE_METRICS_PORT: String(port) } });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

async function read(authorization?: string, at = app.url): Promise<{ status: number; text: string; type: string }> {
  const answer = await fetch(`${at}/metrics`, { headers: authorization === undefined ? {} : { authorization } });

  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' };
}

test('requests by route, events by kind and the process are told to whoever has the token', async () => {
  await enter(openBrowser(app.url), await app.account());
  await fetch(`${app.url}/oauth/token`, { method: 'POST' });

  const { status, text, type } = await read(`Bearer ${token}`);

  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text).toMatch(
    /^gatehouse_http_request_duration_seconds_count\{method="POST",route="\/sign-in\/:uid",status="303"\} 1$/m,
  );
  expect(text).toMatch(/duration_seconds_count\{method="POST",route="\/oauth\/token",status="4\d\d"\} 1$/m);
  expect(text).toMatch(/^gatehouse_security_events_total\{kind="sign_in.succeeded"\} 1$/m);
  expect(text).toMatch(/^gatehouse_build_info\{version="[\d.]+"\} 1$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});

test('S114: without the token nothing tells that it is there', async () => {
  const nowhere = await (await fetch(`${app.url}/metricz`)).text();
  const without = (text: string) => text.replaceAll(/metric[sz]|[\w-]{20,}/g, '');

  for (const shown of [undefined, '', 'Bearer ', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`]) {
    const { status, text } = await read(shown);

    expect([shown, status]).toEqual([shown, 404]);
    expect(without(text)).toBe(without(nowhere));
  }

  expect((await fetch(`${app.url}/metrics?token=${token}`)).status).toBe(404);
});

test('a port of its own needs none, and serves nothing else', async () => {
  const own = `http://127.0.0.1:${port}`;

  expect(await read(undefined, own)).toMatchObject({ status: 200, text: expect.stringContaining('gatehouse_') });
  expect((await fetch(`${own}/`)).status).toBe(404);
  expect((await fetch(`${own}/metrics`, { method: 'POST' })).status).toBe(404);
});

test('whatever somebody sends makes no new labels', async () => {
  const labels = async () => new Set((await read(`Bearer ${token}`)).text.match(/route="[^"]*"/g));
  await fetch(`${app.url}/oauth/none-0`);
  const before = await labels();

  for (let count = 1; count <= 30; count += 1) {
    await fetch(`${app.url}/oauth/none-${count}`);
    await fetch(`${app.url}/oauth/authorize/none-${'a'.repeat(count)}`, { redirect: 'manual' });
    await fetch(`${app.url}/account/${count}`, { method: 'PUT' });
    await fetch(`${app.url}/api/admin/v1/clients/${count}`);
  }

  expect([...(await labels())].filter((label) => !before.has(label) && /none-|\/\d+"$/.test(label))).toEqual([]);
});

test('without either there is nothing, and their library is not loaded', async () => {
  await using plain = await startTestApp();

  expect((await fetch(`${plain.url}/metrics`)).status).toBe(404);
});
