import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { RequestListener } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { assertion, claimsIn, newSigner, present } from './assertions.ts';
import { openCanary, type Canary } from './canary.ts';
import { openGround, type Ground, type Party } from './ground.ts';

const file = (name: string) => fileURLToPath(new URL(`certificate/${name}`, import.meta.url));

/** Where an operator allows private addresses: what is fetched, and what a server there can do to us. */
describe('what is fetched from a client’s server', () => {
  const signer = newSigner();
  const received: { path: string; body: string }[] = [];
  let ground: Ground;
  let server: Server;
  let origin: string;
  let canary: Canary;
  let answer: RequestListener;

  beforeAll(async () => {
    server = createServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('certificate.pem')) });
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];

      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString() });
        answer(request, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `https://localhost:${(server.address() as AddressInfo).port}`;

    canary = await openCanary();
    ground = await openGround({
      env: {
        GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true',
        GATEHOUSE_OUTBOUND_TRUSTED_CA_FILE: file('certificate.pem'),
        GATEHOUSE_OUTBOUND_TIMEOUT: '1s',
        GATEHOUSE_OUTBOUND_MAX_BYTES: '50kB',
      },
    });
  });

  afterAll(async () => {
    await ground[Symbol.asyncDispose]();
    await canary[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const json =
    (body: unknown): RequestListener =>
    (_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    };

  /** A new client each time: what was fetched is kept. */
  async function presentByKeysAt(path: string) {
    const party = await ground.party('machine', {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${origin}${path}`,
    });

    return present(ground, assertion(ground, party.id, signer));
  }

  test('S55: keys come from jwks_uri, over a certificate that the operator trusts', async () => {
    answer = json({ keys: [signer.jwk] });

    expect(await presentByKeysAt('/keys')).toMatchObject({ status: 200 });
    expect(received).toContainEqual({ path: '/keys', body: '' });
  });

  test.each([301, 302, 303, 307, 308])('S55: a redirect (%d) is not followed', async (status) => {
    for (const target of [`http://127.0.0.1:${canary.port}/`, `https://localhost:${canary.port}/`, `${origin}/keys`]) {
      received.length = 0;
      answer = (request, response) => {
        if (request.url === '/keys') return json({ keys: [signer.jwk] })(request, response);

        response.writeHead(status, { location: target });
        response.end();
      };

      expect(await presentByKeysAt('/redirect')).toMatchObject({ status: 401 });
      expect(received.map(({ path }) => path)).not.toContain('/keys');
    }

    expect(canary.connections()).toBe(0);
  });

  const hostile: [string, RequestListener][] = [
    ['never answers', () => undefined],
    ['sends headers, then nothing', (_, response) => response.writeHead(200).flushHeaders()],
    [
      'sends a byte at a time, for ever',
      (_, response) => {
        const timer = setInterval(() => response.write(' '), 100);
        response.on('close', () => clearInterval(timer));
      },
    ],
    [
      'sends too much',
      (_, response) => void response.end(JSON.stringify({ keys: [signer.jwk], x: 'x'.repeat(60_000) })),
    ],
    [
      'sends too much, packed small',
      (_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(JSON.stringify({ keys: [signer.jwk], x: 'x'.repeat(5_000_000) })));
      },
    ],
    ['announces little and sends no JSON', (_, response) => void response.end('<html>')],
    ['sends null', json(null)],
    ['sends a list', json([signer.jwk])],
    ['sends keys that are none', json({ keys: [{}, null, 'x', { kty: 'RSA' }] })],
    ['sends a secret for a key', json({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })],
    [
      'answers 500 with keys',
      (_, response) => void response.writeHead(500).end(JSON.stringify({ keys: [signer.jwk] })),
    ],
    ['breaks off', (request) => void request.socket.destroy()],
  ];

  test.each(hostile)('S116: a server that %s costs little and gets nothing', async (_, how) => {
    answer = how;
    const began = performance.now();

    const { status, text } = await presentByKeysAt('/hostile');

    expect([400, 401]).toContain(status);
    expect(text).not.toContain('access_token');
    expect(performance.now() - began).toBeLessThan(4_000);
    expect((await ground.get('/healthz')).status).toBe(200);
  });

  describe('S57: a pairwise client at several hosts', () => {
    const uris = ['https://one.example.com/cb', 'https://two.example.com/cb'];
    const party = (more: object) =>
      ground.party('web', { first_party: true, subject_type: 'pairwise', redirect_uris: uris, ...more });
    const codeOf = async (one: Party) => (await ground.browser.open(one.url())).location ?? '';

    test('needs a list of them', async () => {
      await expect(party({})).rejects.toThrow('sector_identifier_uri');
      await expect(party({ redirect_uris: uris.slice(0, 1) })).resolves.toBeDefined();
    });

    test.each([
      ['that names all of them', uris, true],
      ['with more besides', [...uris, 'https://three.example.com/'], true],
      ['that leaves one out', uris.slice(0, 1), false],
      ['of hosts instead of addresses', ['one.example.com', 'two.example.com'], false],
      ['that is empty', [], false],
      ['that is none', { uris }, false],
      ['with what is no text', [...uris, 5], false],
    ])('with a list %s', async (_, list, good) => {
      answer = json(list);
      const code = await codeOf(await party({ sector_identifier_uri: `${origin}/sector` }));

      expect(code.includes('code=')).toBe(good);
    });

    test('with a list behind a redirect or an error is refused', async () => {
      answer = (_, response) => void response.writeHead(302, { location: `http://127.0.0.1:${canary.port}/` }).end();
      expect(await codeOf(await party({ sector_identifier_uri: `${origin}/sector` }))).not.toContain('code=');

      answer = (_, response) => void response.writeHead(404).end(JSON.stringify(uris));
      expect(await codeOf(await party({ sector_identifier_uri: `${origin}/sector` }))).not.toContain('code=');
      expect(canary.connections()).toBe(0);
    });

    test('knows a person by another name than other sectors do, and by the same each time', async () => {
      answer = json(uris);
      const mine = await party({ sector_identifier_uri: `${origin}/sector` });
      const other = await party({ redirect_uris: ['https://else.example.com/cb'] });
      const sub = async (one: Party) => claimsIn((await one.tokens(ground.browser)).id_token)['sub'];

      expect(await sub(mine)).toBe(await sub(mine));
      expect(new Set([await sub(mine), await sub(other), ground.ana.id]).size).toBe(3);
    });
  });

  test('S35: a logout token is no ID token, no access token and no proof of a client', async () => {
    answer = (_, response) => void response.end();
    const browser = await ground.signedIn(ground.ana);
    const party = await ground.party('web', { first_party: true, backchannel_logout_uri: `${origin}/out` });
    const { id_token: hint, access_token: access } = await party.tokens(browser, { scope: 'openid' });
    await browser.get(`/oauth/logout?id_token_hint=${hint}`);
    // Told in the background.
    await ground.app.logged('logout_notice');

    const [token = ''] = received
      .filter(({ path }) => path === '/out')
      .map(({ body }) => new URLSearchParams(body).get('logout_token') ?? '');
    expect(claimsIn(token)).toMatchObject({ aud: party.id, sub: ground.ana.id });
    expect(claimsIn(token)).not.toHaveProperty('nonce');
    expect((await ground.userinfo(access)).status).toBe(401);

    const again = await ground.signedIn(ground.ana);
    expect((await again.get(party.url({ id_token_hint: token, prompt: 'none' }))).location).toContain(
      'error=invalid_request',
    );
    expect((await again.get(`/oauth/logout?id_token_hint=${token}`)).status).toBe(400);
    expect((await again.get('/account/personal-information')).status).toBe(200);
    expect((await ground.userinfo(token)).status).toBe(401);
    expect((await present(ground, token)).status).toBe(401);
    expect((await party.refresh(token)).status).toBe(400);
  });
});
