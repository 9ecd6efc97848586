import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { assertingParty, assertion, newSigner, present } from './assertions.ts';
import { openGround, type Ground } from './ground.ts';

const wellKnown = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const forms = [
  ['X-Forwarded-Host: evil.example'],
  ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'],
  ['X-Forwarded-Proto: javascript'],
  ['X-Forwarded-Prefix: /evil', 'X-Forwarded-Server: evil.example'],
  ['Forwarded: for=10.0.0.1;host=evil.example;proto=https'],
  ['X-Host: evil.example', 'X-HTTP-Host-Override: evil.example', 'X-Original-Host: evil.example'],
  ['X-Original-URL: http://evil.example/', 'X-Rewrite-URL: http://evil.example/'],
];

/** What we say of ourselves never follows what a request says of us. */
describe('a request that lies about where it went', () => {
  let ground: Ground;
  let host: string;

  beforeAll(async () => {
    ground = await openGround();
    host = new URL(ground.app.url).host;
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  /** Sends the very lines; answers everything that came back. */
  function raw(lines: string[], body = ''): Promise<{ status: number; text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(ground.app.url).port) });
    let text = '';

    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text }));
    socket.write([...lines, 'Connection: close', `Content-Length: ${body.length}`, '', body].join('\r\n'));

    return promise;
  }

  const bodyOf = ({ text }: { text: string }) => text.slice(text.indexOf('\r\n\r\n') + 4);

  test.each([
    'evil.example',
    'evil.example:443',
    'localhost',
    'localhost:1',
    'localhost.evil.example',
    '127.0.0.1',
    '',
    ' ',
  ])('S58: Host %j is answered 421 on every path, and repeated nowhere', async (name) => {
    for (const path of [
      ...wellKnown,
      '/oauth/jwks',
      '/oauth/token',
      '/oauth/authorize',
      '/account',
      '/assets/x',
      '/',
    ]) {
      const answer = await raw([`GET ${path} HTTP/1.1`, `Host: ${name}`]);

      expect(answer.status).toBe(421);
      if (name.length > 10) expect(answer.text).not.toContain(name);
    }
  });

  test('S58: a Host that hides another one is refused', async () => {
    for (const name of [
      `${host}@evil.example`,
      `evil.example@${host}`,
      `${host}:80`,
      `${host}.`,
      `${host}/evil`,
      `${host}#evil`,
      `${host}, evil.example`,
      `[${host}]`,
    ]) {
      expect([400, 421]).toContain((await raw([`GET ${wellKnown[0]} HTTP/1.1`, `Host: ${name}`])).status);
    }
  });

  test('S58: two Hosts, or none, are refused in any order', async () => {
    const get = `GET ${wellKnown[0]} HTTP/1.1`;

    for (const lines of [
      [get, `Host: ${host}`, 'Host: evil.example'],
      [get, 'Host: evil.example', `Host: ${host}`],
      [get, `Host: ${host}`, `Host: ${host}`],
      [get],
      [`GET ${wellKnown[0]} HTTP/1.0`],
    ]) {
      expect([400, 421]).toContain((await raw(lines)).status);
    }
  });

  test('S58: a target in absolute form names nobody else', async () => {
    for (const target of [
      `http://evil.example${wellKnown[0]}`,
      `https://evil.example${wellKnown[0]}`,
      `//evil.example${wellKnown[0]}`,
      `/\\evil.example${wellKnown[0]}`,
      `http://${host}@evil.example${wellKnown[0]}`,
      'http://evil.example/oauth/authorize',
      '//evil.example/oauth/authorize',
    ]) {
      for (const name of [host, 'evil.example']) {
        const answer = await raw([`GET ${target} HTTP/1.1`, `Host: ${name}`]);

        expect([400, 404, 421]).toContain(answer.status);
        expect(answer.text).not.toContain('evil.example');
      }
    }
  });

  test.each(forms)('S58: discovery is the same to the byte under %s', async (...headers) => {
    for (const path of wellKnown) {
      const plain = bodyOf(await raw([`GET ${path} HTTP/1.1`, `Host: ${host}`]));
      const lied = bodyOf(await raw([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers]));

      expect(lied).toBe(plain);
    }
  });

  test('S58: every address in it is ours', async () => {
    for (const path of wellKnown) {
      const { body } = await ground.get(path);
      const addresses = Object.entries(body).filter(([, value]) => typeof value === 'string' && value.includes('://'));

      expect(body['issuer']).toBe(ground.app.url);
      expect(addresses.length).toBeGreaterThan(6);
      for (const [, value] of addresses) expect(new URL(String(value)).origin).toBe(ground.app.url);
    }
  });

  test.each(forms)('S48, S58: no page and no redirect shows it: %s', async (...headers) => {
    const wiki = await ground.party('web', { first_party: true });
    const { pathname, search } = new URL(wiki.url());

    for (const path of [
      pathname + search,
      '/account',
      '/oauth/logout',
      '/oauth/authorize',
      '/nowhere',
      '/oauth/userinfo',
    ]) {
      const answer = await raw([`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Accept: text/html', ...headers]);

      expect(answer.status).toBeGreaterThan(0);
      expect(answer.text).not.toMatch(/evil|javascript:/);
    }
  });

  test.each(forms)('S58: cookies and links to come are those of the issuer under %s', async (...headers) => {
    const [name, value] = (headers[0] ?? '').split(': ');
    const answer = await ground.browser.get('/account/personal-information', { [name ?? '']: value ?? '' });

    expect(answer.status).toBe(200);
    expect(answer.html).not.toContain('evil.example');
    expect(String(answer.headers['set-cookie'])).not.toContain('evil');
  });

  describe('S38: an assertion for another server', () => {
    const signer = newSigner();

    const fields = (token: string) =>
      new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: token,
      }).toString();

    test('is not accepted under that server’s name, nor does it get a token by any header', async () => {
      const machine = await assertingParty(ground, signer);
      const type = 'Content-Type: application/x-www-form-urlencoded';
      const made = () =>
        fields(assertion(ground, machine.id, signer, { claims: { aud: 'http://evil.example/oauth/token' } }));

      const spoofed = await raw(['POST /oauth/token HTTP/1.1', 'Host: evil.example', type], made());
      expect(spoofed.status).toBe(421);

      const absolute = ['POST http://evil.example/oauth/token HTTP/1.1', `Host: ${host}`, type];
      expect((await raw(absolute, made())).status).toBe(421);

      for (const headers of forms) {
        const answer = await raw(['POST /oauth/token HTTP/1.1', `Host: ${host}`, type, ...headers], made());

        expect(answer.status).toBe(401);
        expect(answer.text).not.toContain('access_token');
      }

      expect((await present(ground, assertion(ground, machine.id, signer))).status).toBe(200);
    });
  });

  test.each([
    '/oauth/register',
    '/oauth/par',
    '/oauth/backchannel-authentication',
    '/oauth/challenge',
    '/oauth/credential',
    '/oauth/device',
    '/oauth/device/auth',
    '/reg',
    '/token',
    '/auth',
    '/interaction/x',
    '/session/end',
  ])('S48, S51: %s is not there', async (path) => {
    expect((await ground.get(path)).status).toBe(404);
    expect((await ground.post(path, { client_id: 'x' })).status).toBe(404);
  });
});
