import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Json } from '../../src/domain/json.ts';
import type { Apps } from './apps.ts';
import { appsOf, atOnce } from './apps.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const now = () => Math.floor(Date.now() / 1000);

describe('client assertions', () => {
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    world = await openWorld();
    apps = appsOf(world);

    await world.addClient('robot', {
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicKey.export({ format: 'jwk' }) as Record<string, Json>] },
    });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  type Parts = { header?: object; claims?: object; signer?: (data: string) => Buffer };

  const signed = (data: string, key = privateKey) =>
    sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' });

  function assertion({ header = {}, claims = {}, signer = signed }: Parts = {}): string {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const data = [
      encode({ alg: 'ES256', ...header }),
      encode({ iss: 'robot', sub: 'robot', aud: world.origin, jti: randomUUID(), exp: now() + 60, ...claims }),
    ].join('.');

    return `${data}.${signer(data).toString('base64url')}`;
  }

  async function answerTo(client_assertion: string, headers: Record<string, string> = {}): Promise<string> {
    const { status, json } = await apps.post(
      '/oauth/token',
      {
        grant_type: 'client_credentials',
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
      { headers },
    );

    return status === 200 ? 'accepted' : String(json['error']);
  }

  test('one that is right is accepted', async () => {
    expect(await answerTo(assertion())).toBe('accepted');
    expect(await answerTo(assertion({ claims: { aud: [world.origin] } }))).toBe('accepted');
  });

  test('S37: once, also of 50 at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const one = assertion();
      const answers = await atOnce(50, () => answerTo(one));

      expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
      expect(await answerTo(one)).toBe('invalid_client');
    }
  });

  test('S38: its audience is our issuer, under whatever Host', async () => {
    const wrong = ['https://evil.example', `${world.origin}/oauth/token`, 'http://evil.example/oauth/token'];

    for (const aud of [...wrong, [world.origin, `${world.origin}/oauth/token`], []]) {
      expect(await answerTo(assertion({ claims: { aud } }), { 'x-forwarded-host': 'evil.example' })).toBe(
        'invalid_client',
      );
    }
  });

  test.each([
    ['expired', { exp: () => now() - 16 }],
    ['not valid yet', { nbf: () => now() + 16 }],
    ['from the future', { iat: () => now() + 16 }],
    ['valid for too long', { exp: () => now() + 4000 }],
    ['without an end', { exp: () => undefined }],
    ['without an id', { jti: () => undefined }],
    ['of another issuer', { iss: () => 'wiki' }],
  ])('S34: one that is %s is refused', async (_what, claims) => {
    const made = Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, (value as () => unknown)()]));

    expect(await answerTo(assertion({ claims: made }))).toBe('invalid_client');
  });

  test('S34: clocks may differ by 15 s', async () => {
    expect(await answerTo(assertion({ claims: { exp: now() - 10 } }))).toBe('accepted');
    expect(await answerTo(assertion({ claims: { nbf: now() + 10 } }))).toBe('accepted');
  });

  test('S32: no other algorithm, and none at all', async () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const shared = (data: string) => createHmac('sha256', pem).update(data).digest();

    for (const [alg, signer] of [
      ['none', () => Buffer.alloc(0)],
      ['HS256', shared],
      ['ES384', signed],
      ['XX', signed],
    ] as const) {
      expect(await answerTo(assertion({ header: { alg }, signer }))).toBe('invalid_client');
    }
  });

  test('S33: a key that the assertion brings along is not looked at', async () => {
    const jwk = createPublicKey(stranger.privateKey).export({ format: 'jwk' });
    const signer = (data: string) => signed(data, stranger.privateKey);

    for (const header of [
      { jwk },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example' },
      { kid: '../../dev/null' },
    ]) {
      expect(await answerTo(assertion({ header, signer }))).toBe('invalid_client');
    }
  });
});
