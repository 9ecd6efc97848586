import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openGround, verifier, type Ground, type Party } from './ground.ts';

const refused = { status: 400, body: expect.objectContaining({ error: 'invalid_grant' }) };

/** Authorization codes: once, soon, and only for whom they were made. */
describe('an authorization code', () => {
  let ground: Ground;
  let wiki: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const events = async () => {
    const { rows } = await ground.app.services.records.events.list('time', 'all', { descending: true, limit: 5 });

    return rows.map(({ kind, clientId }) => ({ kind, clientId }));
  };

  test('S7: replayed after 5 s is refused and takes every token of its grant with it', async () => {
    const { code } = await wiki.code(ground.browser);
    const tokens = (await wiki.redeem(code)).body as { access_token: string; refresh_token: string };
    const { refresh_token: successor } = (await wiki.refresh(tokens.refresh_token)).body as typeof tokens;

    expect((await ground.userinfo(tokens.access_token)).status).toBe(200);
    ground.app.clock.advance(5_100);

    expect(await wiki.redeem(code)).toMatchObject(refused);
    expect((await ground.userinfo(tokens.access_token)).status).toBe(401);
    expect(await wiki.refresh(successor)).toMatchObject(refused);
    expect((await wiki.introspect(tokens.access_token)).body).toEqual({ active: false });
    expect(await events()).toContainEqual({ kind: 'code.replayed', clientId: wiki.id });
  });

  test('S7: sent twice within 5 s is refused the second time, and the first answer stays good', async () => {
    const { code } = await wiki.code(ground.browser);
    const first = await wiki.redeem(code);
    ground.app.clock.advance(4_000);

    expect(await wiki.redeem(code)).toMatchObject(refused);
    expect((await ground.userinfo(String(first.body['access_token']))).status).toBe(200);
    expect((await wiki.refresh(String(first.body['refresh_token']))).status).toBe(200);
  });

  test('S7: replayed by a thief who lacks verifier or redirect URI revokes nothing', async () => {
    const { code } = await wiki.code(ground.browser);
    const first = await wiki.redeem(code);
    ground.app.clock.advance(6_000);

    expect(await wiki.redeem(code, { code_verifier: 'x'.repeat(43) })).toMatchObject(refused);
    expect(await wiki.redeem(code, { redirect_uri: 'https://evil.example/cb' })).toMatchObject(refused);
    expect((await ground.userinfo(String(first.body['access_token']))).status).toBe(200);
  });

  test('S9: is dead after 60 s', async () => {
    const early = await wiki.code(ground.browser);
    ground.app.clock.advance(58_000);
    expect((await wiki.redeem(early.code)).status).toBe(200);

    const late = await wiki.code(ground.browser);
    ground.app.clock.advance(60_100);
    expect(await wiki.redeem(late.code)).toMatchObject(refused);
  });

  describe('S10: is bound to', () => {
    test('its client: another one, confidential or public, can do nothing with it', async () => {
      const thief = await ground.party('web', { first_party: true, redirect_uris: [wiki.redirectUri] });
      const stranger = await ground.party('spa', { first_party: true, redirect_uris: [wiki.redirectUri] });
      const { code } = await wiki.code(ground.browser);

      expect(await thief.redeem(code)).toMatchObject(refused);
      expect(await stranger.redeem(code)).toMatchObject(refused);
      expect(await stranger.redeem(code, { client_id: wiki.id })).toMatchObject({ status: 401 });
      expect((await wiki.redeem(code)).status).toBe(200);
    });

    test.each([
      ['another registered one', 'https://wiki.example.com/other'],
      ['one that differs in a slash', 'https://wiki.example.com/cb/'],
      ['none', undefined],
      ['an empty one', ''],
    ])('its redirect URI: not %s', async (_, redirectUri) => {
      const two = await ground.party('web', {
        first_party: true,
        redirect_uris: ['https://wiki.example.com/cb', 'https://wiki.example.com/other'],
      });
      const { code } = await two.code(ground.browser);

      expect((await two.redeem(code, { redirect_uri: redirectUri })).status).toBe(400);
      expect((await two.redeem(code)).status).toBe(200);
    });

    test.each([
      ['another', 'y'.repeat(43)],
      ['one character less', verifier.slice(0, -1)],
      ['another case', verifier.toUpperCase()],
      ['none', undefined],
      ['an empty one', ''],
    ])('its verifier: not %s', async (_, given) => {
      const { code } = await wiki.code(ground.browser);

      expect((await wiki.redeem(code, { code_verifier: given })).status).toBe(400);
      expect((await wiki.redeem(code)).status).toBe(200);
    });
  });

  test('S46: no code but the very one is taken for it', async () => {
    const { code } = await wiki.code(ground.browser);
    const near = [code.slice(0, -1), code.slice(1), `${code}A`, `A${code}`, `${code} `, ` ${code}`, code.toLowerCase()];

    for (const one of near) expect(await wiki.redeem(one)).toMatchObject(refused);

    expect((await wiki.redeem(code)).status).toBe(200);
  });
});
