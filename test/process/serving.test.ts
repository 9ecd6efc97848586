import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';

import { describe, expect, test } from '@jest/globals';

import { openBrowser } from '../support/browser.ts';
import { openPlace } from '../support/process.ts';
import { within } from '../support/within.ts';

/** For a test that asks again and again. */
const unlimited = { GATEHOUSE_LIMITS_REQUESTS_AUTHORIZATIONS: '1000000' };

const password = 'quiet-marble-otter-47-lantern';

describe('a running server', () => {
  test('says where it answers, where its key is, how the first administrator is made and where the sample app is', async () => {
    await using place = await openPlace();
    const server = await place.start();

    expect(server.err()).toContain(`Gatehouse answers at ${server.url} (development mode).`);
    expect(server.err()).toContain(`${place.env['GATEHOUSE_DATA']}/gatehouse.key`);
    expect(server.setupUrl).toMatch(/^http:\/\/localhost:\d+\/setup\?token=[\w-]{43}$/);
    expect((await fetch(server.demoUrl)).status).toBe(200);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test('listens on the loopback address alone in development mode', async () => {
    await using place = await openPlace();

    const refused = await place.run(['start'], { env: { GATEHOUSE_HOST: '0.0.0.0' } });

    expect(refused.code).toBe(78);
    expect(refused.err).toContain('host');
  });

  test('SIGTERM finishes what is running, refuses what is new, and ends with 0', async () => {
    await using place = await openPlace();
    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });
    const { port } = new URL(server.url);

    // A request that has begun: its last line comes after the signal.
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost:${port}\r\n`);
    await fetch(`${server.url}/healthz`);

    server.kill('SIGTERM');
    await refusesConnections(Number(port));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('\r\n');
    await closed;

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await server.exit).toBe(0);
  });

  test('SIGTERM cuts off after 10 s what does not finish, and leaves storage closed', async () => {
    await using place = await openPlace();
    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });
    const { port } = new URL(server.url);

    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => socket.destroy()).write('POST /oauth/token HTTP/1.1\r\nHost: ');
    await fetch(`${server.url}/healthz`);

    server.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    socket.destroy();

    expect((await readdir(place.env['GATEHOUSE_DATA'] ?? '')).filter((name) => name.endsWith('-wal'))).toEqual([]);
    await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });
  });

  test('a second server on the same data is refused in a sentence, and the first goes on', async () => {
    await using place = await openPlace();
    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });

    const second = await place.run(['start']);

    expect(second.code).toBe(75);
    expect(second.err).toContain('Another server');
    expect(second.err).not.toContain('    at ');
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test('sees within 5 s what the command line changes beside it', async () => {
    await using place = await openPlace();
    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false', ...unlimited });
    const authorize = (id: string) =>
      openBrowser(server.url).get(
        `/oauth/authorize?${new URLSearchParams({
          client_id: id,
          response_type: 'code',
          scope: 'openid',
          redirect_uri: 'https://wiki.example.net/cb',
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
          code_challenge_method: 'S256',
        }).toString()}`,
      );

    const made = await place.run([
      'client',
      'create',
      '--kind',
      'web',
      '--name',
      'Wiki',
      '--redirect-uri',
      'https://wiki.example.net/cb',
    ]);
    const { client_id: id } = JSON.parse(made.out) as { client_id: string };

    expect((await authorize(id)).location).toContain('/sign-in/');

    expect((await place.run(['client', 'disable', id])).code).toBe(0);
    const disabled = await within(
      5000,
      () => authorize(id),
      ({ status }) => status === 400,
    );
    expect(disabled.location).toBeUndefined();

    expect((await place.run(['client', 'enable', id])).code).toBe(0);
    const enabled = await within(
      5000,
      () => authorize(id),
      ({ status }) => status === 303,
    );
    expect(enabled.location).toContain('/sign-in/');
  });

  test('a start with an administrator prints no set-up link', async () => {
    await using place = await openPlace();
    await place.run(['admin', 'create', '--email', 'boss@example.com', '--password-stdin'], { input: password });

    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });

    expect(server.setupUrl).toBeUndefined();
  });

  test('a taken port is told in a sentence', async () => {
    await using place = await openPlace();
    await using other = await openPlace();
    const server = await place.start({ GATEHOUSE_DEMO_ENABLED: 'false' });

    const refused = await other.run(['start'], { env: { GATEHOUSE_ISSUER: server.url } });

    expect(refused.code).toBe(75);
    expect(refused.err).toContain(`port ${new URL(server.url).port} is taken`);
  });
});

/** Resolves once nothing accepts there any more. */
async function refusesConnections(port: number): Promise<void> {
  const refused = await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(false))).once('error', () => resolve(true));
  });

  if (!refused) await refusesConnections(port);
}
