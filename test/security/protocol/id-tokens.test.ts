import { createHash, createPublicKey, verify } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { claimsIn } from './assertions.ts';
import { openGround, type Ground, type Party } from './ground.ts';

/** What an ID token says (OpenID Connect Core 1.0 section 2). */
describe('an ID token', () => {
  let ground: Ground;
  let wiki: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  test('S45: says who, when, how and to whom, under a key that we publish', async () => {
    const { id_token: token, access_token: access } = await wiki.tokens(ground.browser, { nonce: 'n-<0>&"' });
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string };
    const { body } = await ground.get('/oauth/jwks');
    const jwk = (body['keys'] as Record<string, string>[]).find((key) => key['kid'] === kid) ?? {};
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const claims = claimsIn(token);
    const half = createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url');

    expect(alg).toBe('RS256');
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(claims).toMatchObject({
      iss: ground.app.url,
      sub: ground.ana.id,
      aud: wiki.id,
      nonce: 'n-<0>&"',
      acr: 'urn:gatehouse:acr:1',
      amr: ['pwd'],
    });
    if ('at_hash' in claims) expect(claims['at_hash']).toBe(half);
    expect(Math.abs(Number(claims['auth_time']) - ground.app.clock.now() / 1000)).toBeLessThan(120);
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3600);
  });

  test('S45: keeps auth_time through silent sign-ins and refreshes, and gets a new one with a new proof', async () => {
    const first = claimsIn((await wiki.tokens(ground.browser)).id_token)['auth_time'];
    ground.app.clock.advance(100_000);

    const later = await wiki.tokens(ground.browser);
    expect(claimsIn(later.id_token)['auth_time']).toBe(first);
    expect(claimsIn(String((await wiki.refresh(later.refresh_token)).body['id_token']))).toMatchObject({
      auth_time: first,
      nonce: 'nonce-1',
      sub: ground.ana.id,
    });

    const page = await ground.browser.open(wiki.url({ prompt: 'login' }));
    const after = await ground.browser.submit(page, { password: ground.ana.password });
    const code = new URL(after.location ?? '').searchParams.get('code') ?? '';
    const renewed = claimsIn(String((await wiki.redeem(code)).body['id_token']))['auth_time'];

    expect(Number(renewed) - Number(first)).toBeGreaterThanOrEqual(100);
  });

  test('S45: a request cannot make acr, amr or auth_time other than they are', async () => {
    const claims = JSON.stringify({
      id_token: { acr: { value: 'urn:gatehouse:acr:2' }, amr: { value: ['hwk'] }, auth_time: { value: 1 } },
    });
    const wish = { claims, acr_values: 'urn:gatehouse:acr:2', prompt: 'none' };
    const { id_token: token } = await wiki.tokens(ground.browser, wish);

    expect(claimsIn(token)).toMatchObject({ acr: 'urn:gatehouse:acr:1', amr: ['pwd'] });
    expect(claimsIn(token)['auth_time']).toBeGreaterThan(1e9);
  });

  test('S45: names one person for good, at every client, after a restart', async () => {
    const other = await ground.party('spa', { first_party: true });
    await ground.app.restart();
    const again = claimsIn((await other.tokens(await ground.signedIn(ground.ana))).id_token);

    expect(again['sub']).toBe(ground.ana.id);
  });

  test('S45: never names a new person by what was somebody else’s', async () => {
    const { accounts } = ground.app.services;
    const first = await ground.app.account({ email: 'same@example.com' });
    await accounts.delete(first.id, { actor: 'command-line' });
    const second = await ground.app.account({ email: 'same@example.com' });

    expect(second.id).not.toBe(first.id);
    const claims = claimsIn((await wiki.tokens(await ground.signedIn(second))).id_token);
    expect(claims['sub']).toBe(second.id);
  });

  test('S45: takes no sub, iss or email_verified from what people fill in', async () => {
    for (const name of ['sub', 'iss', 'aud', 'email_verified', 'email', 'acr', '__proto__']) {
      const given = { email: 'x@example.com', displayName: 'X', claims: JSON.parse(`{"${name}": "root"}`) as object };
      const answer = await ground.app.services.accounts.create(given, { actor: 'command-line' });

      if (answer.ok) expect(JSON.stringify(answer.value.claims)).not.toContain('root');
      if (answer.ok) await ground.app.services.accounts.delete(answer.value.id, { actor: 'command-line' });
    }
  });
});
