import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as pass, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { examineOutside } from '../../src/cli/doctor-outside.ts';
import type { Reach } from '../../src/cli/outside-asking.ts';
import { freePort, startTestApp, type TestApp } from '../support/app.ts';
import { openCommandLine } from '../support/command-line.ts';
import { testCertificate } from '../support/proxy.ts';

/** What a proxy does to what passes through it. */
interface Meddling {
  request?: (headers: IncomingHttpHeaders) => void;
  answer?: (headers: IncomingHttpHeaders) => void;
  body?: (text: string) => string;
}

const running = new AsyncDisposableStack();
const reach: Reach = {
  ca: testCertificate().cert,
  lookup: (_name, { all }, answer) =>
    all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4),
};
let app: TestApp;
let url: URL;
let meddling: Meddling = {};

beforeAll(async () => {
  const port = await freePort();
  const proxy = createServer(testCertificate(), (request, response) => {
    const headers = { ...request.headers };
    meddling.request?.(headers);

    const passed = pass({ port, host: '127.0.0.1', method: request.method, path: request.url, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const answered = { ...answer.headers };
        delete answered['content-length'];
        delete answered['transfer-encoding'];
        meddling.answer?.(answered);
        const text = Buffer.concat(chunks).toString();
        response.writeHead(answer.statusCode ?? 0, answered);
        response.end(meddling.body?.(text) ?? text);
      });
    });
    request.pipe(passed);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  running.defer(() => void proxy.close());

  url = new URL(`https://id.example.com:${(proxy.address() as AddressInfo).port}/somewhere`);
  const env = {
    GATEHOUSE_ISSUER: url.origin,
    GATEHOUSE_PORT: String(port),
    GATEHOUSE_SECRETS_ENCRYPTION_KEY: randomBytes(32).toString('base64url'),
    GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '19456',
    GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '2',
  };
  app = running.use(await startTestApp({ env }));
});

afterAll(async () => {
  await running.disposeAsync();
});

const troubles = async (how: Meddling) => {
  meddling = how;
  const findings = await examineOutside(url, reach);
  meddling = {};

  return findings.filter(({ state }) => state !== 'good').map(({ area, message }) => `${area}: ${message}`);
};

test('an installation behind a proxy that leaves it alone is as it should be', async () => {
  const findings = await examineOutside(url, reach);

  expect(findings.filter(({ state }) => state !== 'good')).toEqual([]);
  expect(findings.map(({ area }) => area)).toEqual(
    expect.arrayContaining(['certificate', 'discovery', 'keys', 'clock', 'headers', 'cookies', 'host', 'forwarded']),
  );
  expect(JSON.stringify(findings)).toContain('By another name it answers 421.');
  expect(app.log.join('\n')).not.toContain('"unexpected"');
});

test.each<[string, Meddling, string]>([
  ['takes HSTS away', { answer: (all) => delete all['strict-transport-security'] }, 'headers: There is no Strict-'],
  [
    'takes the policy away',
    { answer: (all) => delete all['content-security-policy'] },
    'headers: The sign-in page lacks',
  ],
  [
    'writes cookies anew',
    {
      answer(all) {
        all['set-cookie'] = all['set-cookie']?.map((one) => one.replace(/; *secure/i, '')) ?? [];
      },
    },
    'cookies: These lack',
  ],
  ['goes by another clock', { answer: (all) => (all.date = new Date(0).toUTCString()) }, 'clock: It is'],
  [
    'lets any name in',
    { request: (all) => (all.host = url.host) },
    'host: By another name (foreign.invalid) it answers 200.',
  ],
  [
    'answers by another name',
    { body: (text) => text.replaceAll(url.origin, 'https://elsewhere.example') },
    'discovery: The issuer is https://elsewhere.example',
  ],
  ['answers nothing of ours', { body: () => '<h1>Welcome to nginx</h1>' }, 'discovery: '],
  [
    'shows private keys',
    { body: (text) => text.replaceAll('"kty":', '"d":"x","kty":') },
    'keys: The key set holds private keys.',
  ],
])('S58, S60, S110: a proxy that %s is found out', async (_what, how, said) => {
  expect((await troubles(how)).join('\n')).toContain(said);
});

test('S60: one whose claims are believed is found out, and so is a certificate that nobody knows', async () => {
  let believed = '';
  const how: Meddling = {
    request: (headers) => (believed = String(headers['x-forwarded-host'] ?? '')),
    body: (text) => (believed === '' ? text : text.replaceAll(url.origin, `https://${believed}`)),
  };
  expect(await troubles(how)).toEqual(['forwarded: Forwarded headers of strangers are believed.']);

  const { lookup } = reach;
  const [unknown, ...others] = await examineOutside(url, { ...(lookup && { lookup }) });
  expect([unknown?.area, unknown?.state, others]).toEqual(['certificate', 'wrong', []]);
});

test('the command says it for people and for programs, and ends with 1 where something is wrong', async () => {
  await using line = await openCommandLine();
  await using plain = await startTestApp();

  const good = await line.run(['doctor', '--url', plain.url]);
  expect([good.code, good.out]).toEqual([0, expect.stringContaining('ok   discovery: The issuer is')]);

  const nobody = await line.run(['doctor', '--json', '--url', `http://127.0.0.1:${await freePort()}`]);
  expect([nobody.code, JSON.parse(nobody.out)]).toEqual([1, [expect.objectContaining({ area: 'outside' })]]);
  expect((await line.run(['doctor', '--url', 'id.example.com'])).code).toBe(64);
});
