import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Answer, Apps } from './apps.ts';
import { appsOf, atOnce } from './apps.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const day = 86_400;

const refusal = { error: 'invalid_grant', error_description: 'grant request is invalid' };

describe('refresh tokens', () => {
  let world: World;
  let apps: Apps;

  beforeAll(async () => {
    world = await openWorld({ tokens: { refresh_token_idle: '20d', refresh_token_absolute: '30d' } });
    apps = appsOf(world);
    world.freeze();

    const grant_types = ['authorization_code', 'refresh_token'];
    await world.addClient('wiki', { first_party: true, grant_types });
    await world.addClient('pay', { first_party: true, grant_types });
    await world.addClient('spa', { first_party: true, grant_types, token_endpoint_auth_method: 'none' });
    await world.addClient('plain', { first_party: true });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const refreshTokenIn = ({ json }: Answer) => String(json['refresh_token']);
  const works = async (token: string) => (await apps.refresh('wiki', token)).status === 200;
  const begin = async () => (await apps.tokens('wiki')).refresh_token;

  test('a refresh token comes of offline_access alone, without prompt=consent, where the client may have one', async () => {
    expect(await apps.tokens('wiki', { of: { scope: 'openid' } })).not.toHaveProperty('refresh_token');
    expect(await apps.tokens('plain')).not.toHaveProperty('refresh_token');
    expect((await apps.tokens('wiki')).refresh_token).toMatch(/^[\w-]{65}$/);
  });

  test('S26: each use gives a new one, also to public clients', async () => {
    const code = await apps.code('spa');
    const post = (fields: Record<string, string>) => apps.post('/oauth/token', { client_id: 'spa', ...fields });
    const { json } = await post({
      grant_type: 'authorization_code',
      code,
      redirect_uri: 'https://spa.example/cb',
      code_verifier: 'v'.repeat(43),
    });

    const refreshed = await post({ grant_type: 'refresh_token', refresh_token: String(json['refresh_token']) });
    expect(refreshed.status).toBe(200);
    expect(refreshTokenIn(refreshed)).not.toBe(json['refresh_token']);
  });

  test('S28: of 50 at once one succeeds, and what it got stays valid', async () => {
    for (let round = 0; round < 5; round += 1) {
      const token = await begin();
      const answers = await atOnce(50, () => apps.refresh('wiki', token));

      const [winner, ...others] = answers.filter(({ status }) => status === 200);
      const losers = answers.filter((answer) => answer !== winner);
      expect(others).toEqual([]);
      // Whatever was made for one before it lost is not handed out.
      for (const { status, json } of losers) expect([status, json]).toEqual([400, refusal]);

      expect((await apps.userinfo(String(winner?.json['access_token']))).status).toBe(200);
      expect(await works(refreshTokenIn(winner as Answer))).toBe(true);
    }
  });

  test('S27: one that was exchanged comes again after 10 s: the whole family and the grant are gone', async () => {
    const first = await apps.tokens('wiki');
    const second = await apps.refresh('wiki', first.refresh_token);

    world.wait(11);
    expect((await apps.refresh('wiki', first.refresh_token)).json['error']).toBe('invalid_grant');

    expect(await works(refreshTokenIn(second))).toBe(false);
    expect((await apps.userinfo(String(second.json['access_token']))).status).toBe(401);
    expect((await apps.userinfo(first.access_token)).status).toBe(401);
    expect(world.events).toContain('token.reuse_detected');
  });

  test('S27: one from further back is reuse at once', async () => {
    const first = await begin();
    const second = refreshTokenIn(await apps.refresh('wiki', first));
    const third = refreshTokenIn(await apps.refresh('wiki', second));

    expect(await works(first)).toBe(false);
    expect(await works(third)).toBe(false);
  });

  test('an app that never got its answer may try again within 10 s: the unseen token dies', async () => {
    const first = await begin();
    const unseen = refreshTokenIn(await apps.refresh('wiki', first));

    expect(await works(first)).toBe(false);
    world.wait(5);
    const again = await apps.refresh('wiki', first);

    expect(again.status).toBe(200);
    expect(await works(refreshTokenIn(again))).toBe(true);
    expect(await works(unseen)).toBe(false);
  });

  test('S27: should somebody hold the unseen token after all, using it ends the family', async () => {
    const first = await begin();
    const unseen = refreshTokenIn(await apps.refresh('wiki', first));

    world.wait(5);
    const stolen = refreshTokenIn(await apps.refresh('wiki', first));

    expect(await works(unseen)).toBe(false);
    expect(await works(stolen)).toBe(false);
  });

  test('S28: of 50 retries at once one succeeds', async () => {
    const first = await begin();
    await apps.refresh('wiki', first);
    world.wait(3);

    const answers = await atOnce(50, () => apps.refresh('wiki', first));
    const winners = answers.filter(({ status }) => status === 200);

    expect(winners).toHaveLength(1);
    expect(await works(refreshTokenIn(winners[0] as Answer))).toBe(true);
  });

  test('S29: the end stays where it was at the sign-in, however often it is used', async () => {
    let token = await begin();

    world.wait(19 * day);
    token = refreshTokenIn(await apps.refresh('wiki', token));
    expect(token).not.toBe('undefined');

    world.wait(12 * day);
    expect(await works(token)).toBe(false);
  });

  test('one that was not used for long is dead', async () => {
    const token = await begin();

    world.wait(21 * day);
    expect(await works(token)).toBe(false);
  });

  test('S46: a cut, a longer and a changed one are refused, and hurt nobody', async () => {
    const token = await begin();
    const changed = token
      .split('')
      .map((letter, index) => token.slice(0, index) + (letter === 'A' ? 'B' : 'A') + token.slice(index + 1));

    for (const wrong of [token.slice(0, -1), token.slice(1), `${token}A`, `${token} `, ...changed.slice(15, 30)]) {
      expect((await apps.refresh('wiki', wrong)).status).toBe(400);
    }

    expect(await works(token)).toBe(true);
  });

  test('S10: another client gets nothing and ends nothing', async () => {
    const token = await begin();

    expect((await apps.refresh('pay', token)).json['error']).toBe('invalid_grant');
    expect(await works(token)).toBe(true);
  });

  test('S30: nothing of a person whose account was disabled goes on', async () => {
    const { access_token, refresh_token } = await apps.tokens('wiki', { as: 'bob' });
    const set = (status: 'active' | 'disabled') => world.records.accounts.update('bob', (old) => ({ ...old, status }));

    await set('disabled');
    expect((await apps.refresh('wiki', refresh_token)).json['error']).toBe('invalid_grant');
    expect((await apps.introspect('wiki', access_token)).json).toEqual({ active: false });
    expect((await apps.userinfo(access_token)).status).toBe(401);
    await set('active');
  });

  test('S31: revoking a refresh token ends its access tokens', async () => {
    const { access_token, refresh_token } = await apps.tokens('wiki');
    const revoked = await apps.post('/oauth/revoke', { token: refresh_token }, { as: 'wiki' });

    // RFC 7009 section 2.2: empty, and of no type.
    expect([revoked.status, revoked.text, revoked.headers.get('content-type')]).toEqual([200, '', null]);
    expect((await apps.userinfo(access_token)).status).toBe(401);
    expect(await works(refresh_token)).toBe(false);
  });

  test('revoking an access token leaves the rest', async () => {
    const { access_token, refresh_token } = await apps.tokens('wiki');
    await apps.post('/oauth/revoke', { token: access_token }, { as: 'wiki' });

    expect((await apps.userinfo(access_token)).status).toBe(401);
    expect(await works(refresh_token)).toBe(true);
  });

  test("S49: revoking another client's token does nothing", async () => {
    const { access_token, refresh_token } = await apps.tokens('wiki');

    for (const token of [access_token, refresh_token]) {
      expect((await apps.post('/oauth/revoke', { token }, { as: 'pay' })).status).toBe(200);
    }

    expect((await apps.userinfo(access_token)).status).toBe(200);
    expect(await works(refresh_token)).toBe(true);
  });
});
