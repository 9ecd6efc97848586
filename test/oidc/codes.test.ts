import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Apps } from './apps.ts';
import { appsOf, atOnce } from './apps.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const refusal = { error: 'invalid_grant', error_description: 'grant request is invalid' };

describe('redeeming an authorization code', () => {
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    world = await openWorld();
    apps = appsOf(world);
    world.freeze();

    const grant_types = ['authorization_code', 'refresh_token'];
    await world.addClient('wiki', { first_party: true, grant_types });
    await world.addClient('pay', { first_party: true, grant_types, redirect_uris: ['https://wiki.example/cb'] });
    await world.addClient('old', { first_party: true, require_pkce: false });
    await world.addClient('spa', { first_party: true, token_endpoint_auth_method: 'none', require_pkce: true });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  test('S8: of 50 at once one succeeds, and what it got stays valid', async () => {
    for (let round = 0; round < 5; round += 1) {
      const code = await apps.code('wiki');
      const answers = await atOnce(50, () => apps.redeem('wiki', code));

      const [winner, ...others] = answers.filter(({ status }) => status === 200);
      const losers = answers.filter((answer) => answer !== winner);
      expect(others).toEqual([]);
      // Whatever was made for one before it lost is not handed out.
      for (const { status, json } of losers) expect([status, json]).toEqual([400, refusal]);

      const { access_token, refresh_token } = winner?.json ?? {};
      expect((await apps.userinfo(String(access_token))).status).toBe(200);
      expect((await apps.refresh('wiki', String(refresh_token))).status).toBe(200);
    }
  });

  test('S7: the same code again at once fails and hurts nobody', async () => {
    const code = await apps.code('wiki');
    const first = await apps.redeem('wiki', code);

    expect((await apps.redeem('wiki', code)).json['error']).toBe('invalid_grant');
    expect((await apps.userinfo(String(first.json['access_token']))).status).toBe(200);
  });

  test('S7: a replay after 5 s revokes everything that came of the code', async () => {
    const code = await apps.code('wiki');
    const { json } = await apps.redeem('wiki', code);

    world.wait(6);
    expect((await apps.redeem('wiki', code)).json['error']).toBe('invalid_grant');

    expect((await apps.userinfo(String(json['access_token']))).status).toBe(401);
    expect((await apps.refresh('wiki', String(json['refresh_token']))).json['error']).toBe('invalid_grant');
    expect(world.events).toContain('code.replayed');
  });

  test('S7: a replay by another client revokes nothing', async () => {
    const code = await apps.code('wiki');
    const { json } = await apps.redeem('wiki', code);

    world.wait(6);
    expect((await apps.redeem('pay', code, { redirect_uri: 'https://wiki.example/cb' })).status).toBe(400);
    expect((await apps.userinfo(String(json['access_token']))).status).toBe(200);
  });

  test('S9: it is over after a minute', async () => {
    const code = await apps.code('wiki');

    world.wait(61);
    expect((await apps.redeem('wiki', code)).json['error']).toBe('invalid_grant');
  });

  test.each([
    ['another client', 'pay', { redirect_uri: 'https://wiki.example/cb' }],
    ['another address', 'wiki', { redirect_uri: 'https://wiki.example/cb/' }],
    ['another verifier', 'wiki', { code_verifier: 'w'.repeat(43) }],
    ['no verifier', 'wiki', { code_verifier: undefined }],
  ])('S10, S6: is bound: %s gets nothing', async (_what, clientId, of) => {
    const code = await apps.code('wiki');
    const { status, json } = await apps.redeem(clientId, code, of);

    expect([status, json['error']]).toEqual([400, 'invalid_grant']);
  });

  test('S4: without PKCE only a confidential client of which an administrator said so', async () => {
    const bare = { code_challenge: undefined, code_challenge_method: undefined };

    for (const clientId of ['wiki', 'spa']) {
      const { url } = await world.browser().go(apps.request(clientId, bare));
      expect([clientId, url.searchParams.get('error')]).toEqual([clientId, 'invalid_request']);
    }

    const code = await apps.code('old', { of: { ...bare, scope: 'openid' } });
    // S6: a verifier without a challenge is a downgrade.
    expect((await apps.redeem('old', code)).json['error']).toBe('invalid_grant');

    const another = await apps.code('old', { of: { ...bare, scope: 'openid' } });
    expect((await apps.redeem('old', another, { code_verifier: undefined })).status).toBe(200);
  });

  test.each(['plain', undefined])('S5: code_challenge_method %s is refused', async (method) => {
    const { url } = await world.browser().go(apps.request('wiki', { code_challenge_method: method }));

    expect(url.searchParams.get('error')).toBe('invalid_request');
  });

  test('S24: doubled parameters are refused', async () => {
    const path = `${apps.request('wiki')}&scope=openid`;
    expect((await world.browser().go(path)).url.searchParams.get('error')).toBe('invalid_request');

    const twice = await fetch(`${world.origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams([
        ['grant_type', 'authorization_code'],
        ['client_id', 'spa'],
        ['code', 'a'],
        ['code', 'b'],
      ]),
    });
    expect(twice.status).toBe(400);
  });

  test('S13, S25: every answer names the issuer, and brings the state back as it was', async () => {
    const state = '<b>&"\'\u00e4 %2B+';
    const browser = world.browser();
    const failed = await browser.go(apps.request('wiki', { prompt: 'none', state }));
    expect(failed.url.searchParams.get('iss')).toBe(world.origin);

    await apps.code('wiki', { browser });
    const { url } = await browser.go(apps.request('wiki', { state }));
    expect([url.searchParams.get('iss'), url.searchParams.get('state')]).toEqual([world.origin, state]);
  });
});
