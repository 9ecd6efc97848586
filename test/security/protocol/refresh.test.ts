import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openGround, type Answer, type Ground, type Party, type Tokens } from './ground.ts';

const refused = { status: 400, body: expect.objectContaining({ error: 'invalid_grant' }) };
const day = 86_400_000;

/** Refresh tokens: a new one each time, an old one never again, and none for ever. */
describe('refresh tokens', () => {
  let ground: Ground;
  let wiki: Party;
  let spa: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
    spa = await ground.party('spa', { first_party: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const refreshed = ({ status, body }: Answer): Tokens => {
    expect({ status, ...body }).toEqual(expect.objectContaining({ status: 200 }));

    return body as unknown as Tokens;
  };

  async function expectDead(...all: Tokens[]) {
    for (const { access_token: access, refresh_token: refresh } of all) {
      expect((await ground.userinfo(access)).status).toBe(401);
      expect(await wiki.refresh(refresh)).toMatchObject(refused);
      expect((await wiki.introspect(access)).body).toEqual({ active: false });
      expect((await wiki.introspect(refresh)).body).toEqual({ active: false });
    }
  }

  async function expectReuseRecorded(clientId: string) {
    const { rows } = await ground.app.services.records.events.list('account', ground.ana.id, {
      descending: true,
      limit: 3,
    });

    expect(rows).toContainEqual(expect.objectContaining({ kind: 'token.reuse_detected', clientId }));
  }

  test.each(['public', 'confidential'])(
    'S26: a %s client gets a new one each time, and the old one dies',
    async (kind) => {
      const party = kind === 'public' ? spa : wiki;
      let { refresh_token: token } = await party.tokens(ground.browser);
      const seen = new Set([token]);

      for (let round = 0; round < 5; round += 1) {
        const next = refreshed(await party.refresh(token));

        expect(seen).not.toContain(next.refresh_token);
        expect(await party.refresh(token)).toMatchObject(refused);
        token = next.refresh_token;
        seen.add(token);
      }
    },
  );

  test('S27: one that was exchanged over 10 s ago is refused, and the whole family dies', async () => {
    const first = await wiki.tokens(ground.browser);
    const second = refreshed(await wiki.refresh(first.refresh_token));
    ground.app.clock.advance(10_100);

    expect(await wiki.refresh(first.refresh_token)).toMatchObject(refused);
    await expectDead(first, second);
    await expectReuseRecorded(wiki.id);
  });

  test('S27: the same for a token several rotations old, at once', async () => {
    const first = await wiki.tokens(ground.browser);
    const second = refreshed(await wiki.refresh(first.refresh_token));
    const third = refreshed(await wiki.refresh(second.refresh_token));

    expect(await wiki.refresh(first.refresh_token)).toMatchObject(refused);
    await expectDead(first, second, third);
    await expectReuseRecorded(wiki.id);
  });

  test('S27: after so many rotations that the first is long forgotten, it revokes nothing and gets nothing', async () => {
    const first = await wiki.tokens(ground.browser);
    let last = first;
    for (let round = 0; round < 25; round += 1) last = refreshed(await wiki.refresh(last.refresh_token));

    expect(await wiki.refresh(first.refresh_token)).toMatchObject(refused);
  });

  test('S27: a lost answer is retried within 10 s: a new successor, and the unseen one dies', async () => {
    for (const wait of [2_100, 5_000, 9_500]) {
      const first = await wiki.tokens(ground.browser);
      const unseen = refreshed(await wiki.refresh(first.refresh_token));
      ground.app.clock.advance(wait);

      const seen = refreshed(await wiki.refresh(first.refresh_token));
      expect(seen.refresh_token).not.toBe(unseen.refresh_token);
      expect(refreshed(await wiki.refresh(seen.refresh_token))).toHaveProperty('refresh_token');
    }
  });

  test('S27: the unseen successor is nobody’s: using it after all is reuse', async () => {
    const first = await wiki.tokens(ground.browser);
    const unseen = refreshed(await wiki.refresh(first.refresh_token));
    ground.app.clock.advance(3_000);
    const seen = refreshed(await wiki.refresh(first.refresh_token));

    expect(await wiki.refresh(unseen.refresh_token)).toMatchObject(refused);
    await expectDead(seen, unseen, first);
    await expectReuseRecorded(wiki.id);
  });

  test('S27: no retry once the successor was used: that is reuse, also within 10 s', async () => {
    const first = await wiki.tokens(ground.browser);
    const second = refreshed(await wiki.refresh(first.refresh_token));
    ground.app.clock.advance(2_000);
    const third = refreshed(await wiki.refresh(second.refresh_token));
    ground.app.clock.advance(2_000);

    expect(await wiki.refresh(first.refresh_token)).toMatchObject(refused);
    await expectDead(first, second, third);
  });

  test('S27: reuse in one browser leaves the grants of another alone', async () => {
    const other = await ground.signedIn(ground.ana);
    const theirs = await wiki.tokens(other);
    const first = await wiki.tokens(ground.browser);
    refreshed(await wiki.refresh(first.refresh_token));
    ground.app.clock.advance(11_000);

    expect(await wiki.refresh(first.refresh_token)).toMatchObject(refused);
    refreshed(await wiki.refresh(theirs.refresh_token));
  });

  test('S27: another client can neither use a token nor have its family revoked', async () => {
    const first = await spa.tokens(ground.browser);
    const second = refreshed(await spa.refresh(first.refresh_token));
    ground.app.clock.advance(11_000);

    for (const token of [first.refresh_token, second.refresh_token]) {
      expect(await wiki.refresh(token)).toMatchObject(refused);
    }

    refreshed(await spa.refresh(second.refresh_token));
  });

  test('S27: a refresh that fails for its scope uses the token up no more than asking does', async () => {
    const { refresh_token: token } = await wiki.tokens(ground.browser, { scope: 'openid offline_access' });

    expect(await wiki.refresh(token, { scope: 'openid email offline_access' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
    refreshed(await wiki.refresh(token));
  });

  test('S29: a family ends absolutely, however often it was used', async () => {
    let { refresh_token: token } = await wiki.tokens(ground.browser);

    for (let days = 0; days < 84; days += 12) {
      ground.app.clock.advance(12 * day);
      token = refreshed(await wiki.refresh(token)).refresh_token;
    }

    ground.app.clock.advance(7 * day);
    expect(await wiki.refresh(token)).toMatchObject(refused);
  });

  test('S29: one that is not used ends sooner', async () => {
    const fresh = await ground.signedIn(ground.ana);
    const { refresh_token: token } = await wiki.tokens(fresh);
    ground.app.clock.advance(14 * day + 1_000);

    expect(await wiki.refresh(token)).toMatchObject(refused);
  });

  test('S46: cut, stretched or flipped, a token is refused and its family lives', async () => {
    const fresh = await ground.signedIn(ground.ana);
    const { refresh_token: token } = await wiki.tokens(fresh);

    for (let index = 0; index < token.length; index += 1) {
      const flipped = String.fromCharCode(token.charCodeAt(index) ^ 1);

      expect(await wiki.refresh(token.slice(0, index) + flipped + token.slice(index + 1))).toMatchObject(refused);
    }

    for (const one of [
      token.slice(0, -1),
      token.slice(1),
      `${token}A`,
      `A${token}`,
      token.slice(0, 22),
      `${token}\0`,
    ]) {
      expect(await wiki.refresh(one)).toMatchObject(refused);
    }

    refreshed(await wiki.refresh(token));
  });
});
