import { request as send } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { goodPassword } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import type { Need } from '../support/machine.ts';
import { describeWith } from '../support/need.ts';
import { openProxySite, type Proxy, type ProxySite, type StartProxy } from '../support/proxy.ts';
import { startSecureApp, type SecureApp } from '../security/web/secure.ts';

/** What a proxy's example has to do, with the whole of Gatehouse behind it in production mode. */
export function describeBehind(need: Need, start: StartProxy): void {
  describeWith(need, `behind ${need}, by the example in config/proxies`, () => {
    let site: ProxySite;
    let app: SecureApp;
    let proxy: Proxy;

    beforeAll(async () => {
      site = await openProxySite();
      app = await startSecureApp({
        env: { GATEHOUSE_ISSUER: site.issuer, GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '20' },
      });
      proxy = await start(site, [app.reach.connect.port]);
    });

    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    });

    /** One person, at an address of this machine that is not the proxy's. */
    function browserAt(from: string, headers: Record<string, string> = {}): Browser {
      return openBrowser(site.issuer, { connect: { ...proxy.connect, from }, headers });
    }

    test('people sign in over https, with cookies that only https carries', async () => {
      const { email } = await app.account();
      const browser = browserAt('127.0.0.9');
      const door = await browser.open('/account');
      const page = await browser.submit(door, { email, password: goodPassword });

      expect(page.title).toContain('Personal information');
      expect(page.headers['strict-transport-security']).toBe('max-age=63072000');

      const cookies = await browser.jar.getCookies(site.issuer);
      expect(cookies.map(({ key }) => key)).toContain('__Host-session');
      expect(cookies.filter(({ key, secure }) => !key.startsWith('__Host-') || !secure)).toEqual([]);
    });

    test.each<[string, Record<string, string>]>([
      ['X-Forwarded-For', { 'x-forwarded-for': '192.0.2.1' }],
      ['several in it', { 'x-forwarded-for': '192.0.2.1, 127.0.0.1' }],
      ['Forwarded', { forwarded: 'for=192.0.2.1;proto=http;host=evil.example' }],
      ['X-Real-IP', { 'x-real-ip': '192.0.2.1' }],
      ['all at once', { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '192.0.2.1', 'x-client-ip': '192.0.2.1' }],
    ])('S60: a failed sign-in is on record with the true address, whatever %s claims', async (_what, headers) => {
      const ana = await app.account();
      const browser = browserAt('127.0.0.5', headers);

      await browser.submit(await browser.open('/account'), { email: ana.email, password: 'wrong-and-long-enough' });

      const { events } = await app.services.events.read(ana, { limit: 1 });
      expect(events[0]?.ip).toBe('127.0.0.5');
    });

    test('S60: limits count by that address: a claim starts no new count, and nobody pays for a neighbour', async () => {
      const tries = async (from: string): Promise<number[]> => {
        const browser = browserAt(from);
        const door = await browser.open('/account');
        const statuses: number[] = [];

        for (let n = 0; n < 22; n += 1) {
          const fields = { email: `nobody-${n}@example.com`, password: 'wrong-and-long-enough' };
          const csrf = door.forms[0]?.fields['csrf'] ?? '';

          statuses.push(
            (await browser.post(door.url, { ...fields, csrf }, { 'x-forwarded-for': `192.0.2.${n}` })).status,
          );
        }

        return statuses;
      };

      expect((await tries('127.0.0.6')).slice(20)).toEqual([429, 429]);
      expect((await tries('127.0.0.7')).slice(0, 1)).toEqual([422]);
    });

    test.each([
      { 'x-forwarded-proto': 'http' },
      { 'x-forwarded-host': 'evil.example' },
      { 'x-forwarded-port': '80', 'x-forwarded-ssl': 'off' },
      { forwarded: 'host=evil.example;proto=http' },
    ])('S58: who we are is ours to say, not %j', async (headers) => {
      const page = await browserAt('127.0.0.9', headers).get('/account/personal-information');

      expect(String(page.location)).toMatch(`${site.issuer}/oauth/authorize`);
    });

    test('S58: another name is not served', async () => {
      const { connect: to } = proxy;
      const foreign = await openBrowser(site.issuer, { connect: to }).get('/account', { host: 'evil.example' });

      expect(foreign.headers['x-request-id']).toBeUndefined();
      expect(foreign.html).not.toContain('Gatehouse');

      // RFC 9112 section 3.2.2: the target in the first line counts, not the header.
      const target = `${site.issuer}/.well-known/openid-configuration`;
      const absolute = await speak(to.port, `GET ${target} HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
      expect(absolute).not.toContain('evil.example');
    });

    test('plain http leads to our name', async () => {
      const answer = await plainly(proxy.httpPort, '/account?x=1', { host: 'id.example.com' });

      expect([301, 307, 308]).toContain(answer.status);
      expect(answer.location).toMatch(/^https:\/\/id\.example\.com(:\d+)?\/account\?x=1$/);
    });

    test('speaks HTTP/2, and refuses TLS 1.1', async () => {
      const session = connectHttp2(site.issuer, {
        ca: proxy.connect.ca,
        createConnection: () => openTls(proxy.connect.port, { ca: proxy.connect.ca, ALPNProtocols: ['h2'] }),
      });
      const stream = session.request({ ':path': '/.well-known/openid-configuration' });
      let body = '';

      stream.setEncoding('utf8').on('data', (text: string) => (body += text));
      await new Promise((resolve, reject) => void stream.once('end', resolve).once('error', reject));
      session.destroy();
      expect(JSON.parse(body)).toMatchObject({ issuer: site.issuer });

      const old = openTls(proxy.connect.port, {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
        rejectUnauthorized: false,
      });
      const failure = await new Promise<Error | undefined>((resolve) => {
        old.once('error', resolve).once('secureConnect', () => resolve(undefined));
      });
      expect(failure?.message).toMatch(/protocol version/);
    });

    test('large cookies and long addresses pass, both ways', async () => {
      const { client } = await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'] });
      const query = new URLSearchParams({
        client_id: client.id,
        redirect_uri: 'https://wiki.example.net/cb',
        response_type: 'code',
        scope: 'openid',
        prompt: 'none',
        state: 's'.repeat(7000),
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      });
      const browser = browserAt('127.0.0.9', { cookie: `other=${'c'.repeat(12_000)}` });
      const page = await browser.get(`/oauth/authorize?${query.toString()}`);

      expect(page.status).toBe(303);
      expect(page.location).toMatch(/^https:\/\/wiki\.example\.net\/cb\?.*error=login_required/);
      expect(page.location).toContain('s'.repeat(7000));
    });

    test('what is larger than any form is refused, and pages are not compressed', async () => {
      const browser = browserAt('127.0.0.9', { 'accept-encoding': 'gzip, br' });
      const door = await browser.open('/account');

      expect(door.headers['content-encoding']).toBeUndefined();
      expect([400, 413]).toContain((await browser.post(door.url, 'x'.repeat(200_000))).status);
    });

    test('S114: what is secret in an address is not in its log', async () => {
      await browserAt('127.0.0.9').get('/setup?token=a-secret-token');

      expect(await proxy.requests()).not.toContain('a-secret-token');
    });
  });
}

function openTls(port: number, options: ConnectionOptions): TLSSocket {
  return connect({ host: '127.0.0.1', port, servername: 'id.example.com', ...options });
}

/** Says it as it stands; everything that came back. */
async function speak(port: number, text: string): Promise<string> {
  const socket = openTls(port, { rejectUnauthorized: false });
  let answer = '';

  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  socket.write(text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  await new Promise((resolve) => socket.once('close', resolve));

  return answer;
}

function plainly(port: number, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
    send({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, location: response.headers.location });
    })
      .once('error', reject)
      .end();
  });
}
