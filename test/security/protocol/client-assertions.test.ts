import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { assertingParty, assertion, newSigner, present, signedWithSecret, unsigned } from './assertions.ts';
import { openGround, type Ground, type Party } from './ground.ts';

const refused = { status: 401, body: expect.objectContaining({ error: 'invalid_client' }) };
const now = () => Math.floor(Date.now() / 1000);

/** `private_key_jwt`: a signature by the registered key, for us alone, once, and soon. */
describe('a client assertion', () => {
  const signer = newSigner();
  let ground: Ground;
  let machine: Party;

  beforeAll(async () => {
    ground = await openGround();
    machine = await assertingParty(ground, signer);
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const made = (more: Parameters<typeof assertion>[3] = {}) => assertion(ground, machine.id, signer, more);
  const claims = () => ({
    iss: machine.id,
    sub: machine.id,
    aud: ground.app.url,
    jti: randomUUID(),
    exp: now() + 60,
  });

  test('S38: made for the issuer is accepted', async () => {
    expect((await present(ground, made())).status).toBe(200);
  });

  describe('S32: the algorithm is never the token’s choice', () => {
    test.each(['none', 'None', 'NONE', ''])('not %j', async (alg) => {
      const bare = unsigned({ alg }, claims());

      expect(await present(ground, `${bare}.`)).toMatchObject(refused);
      expect(await present(ground, `${bare}.${Buffer.from('x').toString('base64url')}`)).toMatchObject(refused);
    });

    test.each(['HS256', 'HS384', 'HS512'])('not %s with the public key as the secret', async (alg) => {
      for (const secret of [signer.pem, signer.pem.trimEnd(), JSON.stringify(signer.jwk), signer.jwk['n'] ?? '', '']) {
        const token = signedWithSecret({ alg, kid: signer.kid }, claims(), secret);

        expect(await present(ground, token)).toMatchObject(refused);
      }
    });

    test.each(['RS1', 'RS384', 'ES256K', 'EdDSA', 'unknown', 256])('not %j', async (alg) => {
      expect(await present(ground, made({ header: { alg } }))).toMatchObject(refused);
    });

    test('not another than the registered one, with a key that would fit', async () => {
      const pinned = await assertingParty(ground, signer, { token_endpoint_auth_signing_alg: 'PS256' });

      expect(await present(ground, assertion(ground, pinned.id, signer))).toMatchObject(refused);
    });

    test('not with a client secret in the place of the key', async () => {
      const wiki = await ground.party('web', { first_party: true });
      const own = { ...claims(), iss: wiki.id, sub: wiki.id };

      expect(await present(ground, signedWithSecret({ alg: 'HS256' }, own, wiki.secret ?? ''))).toMatchObject(refused);
    });

    test('registering a symmetric algorithm or key is refused', async () => {
      const create = (more: object) =>
        ground.app.services.clients.create(
          { client_name: 'App', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] }, ...more },
          { actor: 'command-line' },
          { kind: 'machine' },
        );

      for (const alg of ['none', 'HS256']) {
        expect(await create({ token_endpoint_auth_signing_alg: alg })).toMatchObject({ ok: false });
        expect(await create({ id_token_signed_response_alg: alg })).toMatchObject({ ok: false });
      }

      expect(await create({ jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } })).toMatchObject({ ok: false });
      expect(await create({ token_endpoint_auth_method: 'client_secret_jwt' })).toMatchObject({ ok: false });
    });
  });

  describe('S33: the header never brings the key', () => {
    const mine = newSigner('evil');

    test.each([
      ['jwk', { jwk: mine.jwk }],
      ['jwk under the registered kid', { jwk: mine.jwk, kid: 'key-1' }],
      ['jku', { jku: 'https://evil.example/jwks' }],
      ['x5u', { x5u: 'https://evil.example/cert' }],
      ['x5c', { x5c: ['MIIB'] }],
      ['kid of the attacker’s', { kid: 'evil' }],
      ['kid as a path', { kid: '../../../../dev/null' }],
      ['kid as a file', { kid: '/proc/self/environ' }],
      ['kid as SQL', { kid: "x' UNION SELECT 'key'--" }],
      ['kid as an object', { kid: { $ne: null } }],
      ['kid that names a property', { kid: '__proto__' }],
      ['crit', { crit: ['exp'], kid: 'key-1' }],
    ])('not by %s', async (_, header) => {
      expect(await present(ground, assertion(ground, machine.id, mine, { header }))).toMatchObject(refused);
    });

    test('an empty secret behind a kid that is a path is none', async () => {
      const header = { alg: 'HS256', kid: '../../../dev/null' };

      expect(await present(ground, signedWithSecret(header, claims(), ''))).toMatchObject(refused);
    });

    test('a key of another kind under the same kid is refused', async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const input = unsigned({ alg: 'ES256', kid: signer.kid }, claims());
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });

      expect(await present(ground, `${input}.${signature.toString('base64url')}`)).toMatchObject(refused);
    });
  });

  describe('S34: holds for its time, give or take 15 s', () => {
    test.each([
      ['expired 16 s ago', () => ({ exp: now() - 16 })],
      ['expired long ago', () => ({ exp: 1 })],
      ['not valid for another 17 s', () => ({ nbf: now() + 17 })],
      ['issued in 17 s', () => ({ iat: now() + 17 })],
      ['without an end', () => ({ exp: undefined })],
      ['with an end that is text', () => ({ exp: String(now() + 60) })],
      ['with an end that is endless', () => ({ exp: 1e18 })],
      ['good for two hours', () => ({ exp: now() + 7200 })],
      ['with no number for nbf', () => ({ nbf: 'soon' })],
      ['with no number for iat', () => ({ iat: 'now' })],
    ])('one %s is refused', async (_, more) => {
      expect(await present(ground, made({ claims: more() }))).toMatchObject(refused);
    });

    test.each([
      ['expired 10 s ago', () => ({ exp: now() - 10 })],
      ['not valid for another 10 s', () => ({ nbf: now() + 10, iat: now() + 10 })],
    ])('one %s is accepted', async (_, more) => {
      expect((await present(ground, made({ claims: more() }))).status).toBe(200);
    });
  });

  describe('S38: is for us alone', () => {
    test.each([
      ['http://evil.example/token'],
      ['http://evil.example/oauth/token'],
      [['https://evil.example']],
      ['*'],
      [''],
      [[]],
      [{}],
      [null],
      [undefined],
    ])('not for %j', async (aud) => {
      expect(await present(ground, made({ claims: { aud } }))).toMatchObject(refused);
    });

    test('not for the issuer in another spelling, an endpoint of ours, or us and somebody else', async () => {
      const { url } = ground.app;

      for (const aud of [
        `${url}/`,
        url.toUpperCase(),
        `${url}/oauth/token`,
        `${url}/.well-known/openid-configuration`,
        [url, 'https://evil.example'],
        [url, `${url}/oauth/token`],
        url.replace('localhost', '127.0.0.1'),
      ]) {
        expect(await present(ground, made({ claims: { aud } }))).toMatchObject(refused);
      }
    });
  });

  test.each([
    ['another client as issuer', { iss: 'somebody' }],
    ['another client as subject', { sub: 'somebody' }],
    ['no issuer', { iss: undefined }],
    ['no subject', { sub: undefined }],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
  ])('S32: one with %s is refused', async (_, more) => {
    expect(await present(ground, made({ claims: more }))).toMatchObject(refused);
  });

  test('S32: one of another client, under that client’s own key, is refused', async () => {
    const other = newSigner();
    const thief = await assertingParty(ground, other);

    expect(await present(ground, assertion(ground, machine.id, other))).toMatchObject(refused);
    expect(await present(ground, assertion(ground, thief.id, other), { client_id: machine.id })).toMatchObject({
      body: { error: expect.stringMatching(/^invalid_(client|request)$/) },
    });
  });

  test('S37: is good once', async () => {
    const token = made();

    expect((await present(ground, token)).status).toBe(200);
    expect(await present(ground, token)).toMatchObject(refused);
  });

  test('S37: once, also after a restart, at every endpoint, and with another signature over the same jti', async () => {
    const jti = randomUUID();
    expect((await present(ground, made({ claims: { jti } }))).status).toBe(200);
    await ground.app.restart();

    expect(await present(ground, made({ claims: { jti, exp: now() + 90 } }))).toMatchObject(refused);

    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      const answer = await ground.post(path, {
        token: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: made({ claims: { jti } }),
      });

      expect(answer).toMatchObject(refused);
    }
  });

  test('S37: a jti of one client is no matter of another’s', async () => {
    const other = newSigner();
    const second = await assertingParty(ground, other);
    const jti = randomUUID();

    expect((await present(ground, made({ claims: { jti } }))).status).toBe(200);
    expect((await present(ground, assertion(ground, second.id, other, { claims: { jti } }))).status).toBe(200);
  });

  test('S37: one that was refused for something else is not used up by it', async () => {
    const jti = randomUUID();

    expect(await present(ground, made({ claims: { jti, aud: 'https://evil.example' } }))).toMatchObject(refused);
    expect((await present(ground, made({ claims: { jti } }))).status).toBe(200);
  });

  test('S114: what is no JWT is refused like a wrong one', async () => {
    for (const text of ['', 'x', 'x.y', 'x.y.z', '..', 'e30.e30.', `${'A'.repeat(10_000)}.A.A`, 'null', '[]']) {
      const answer = await present(ground, text);

      expect([400, 401]).toContain(answer.status);
      expect(answer.body['error']).toMatch(/^invalid_(client|request)$/);
    }
  });
});
