import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { claimsIn } from './assertions.ts';
import { basic, openGround, type Ground, type Party, type Tokens } from './ground.ts';

const config = `
resources:
  - identifier: https://orders.example.com
    name: Orders
    scopes: [{ name: 'orders:read' }]
    introspected_by: [orders-api]
  - identifier: https://mail.example.com
    name: Mail
    format: opaque
    scopes: [{ name: 'mail:read' }]
    introspected_by: [mail-api]
`;
const consolePage = '/account/personal-information';
const inactive = { active: false };
const by = { actor: 'command-line' };

/** Who may do what with a token, and how soon it ends. */
describe('access', () => {
  let ground: Ground;
  let wiki: Party;
  let other: Party;

  beforeAll(async () => {
    ground = await openGround({ config });
    wiki = await ground.party('web', {
      first_party: true,
      resources: ['https://orders.example.com', 'https://mail.example.com'],
      scope: 'openid profile email offline_access orders:read mail:read',
    });
    other = await ground.party('web', { first_party: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  async function expectAlive({ access_token: access, refresh_token: refresh }: Tokens) {
    expect((await ground.userinfo(access)).status).toBe(200);
    expect((await wiki.introspect(access)).body).toMatchObject({ active: true, client_id: wiki.id });
    expect((await wiki.introspect(refresh)).body).toMatchObject({ active: true });
  }

  async function expectDead({ access_token: access, refresh_token: refresh }: Tokens) {
    expect((await ground.userinfo(access)).status).toBe(401);
    expect((await wiki.introspect(access)).body).toEqual(inactive);
    expect((await wiki.introspect(refresh)).body).toEqual(inactive);
    expect(await wiki.refresh(refresh)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  }

  const person = async () => {
    const account = await ground.app.account();

    return { account, browser: await ground.signedIn(account) };
  };

  test('S22: an application that was removed is dead at the next request', async () => {
    const { account, browser } = await person();
    const tokens = await wiki.tokens(browser);
    const kept = await other.tokens(browser);
    await expectAlive(tokens);

    await ground.app.services.endings.application(account.id, wiki.id);

    await expectDead(tokens);
    expect((await ground.userinfo(kept.access_token)).status).toBe(200);
  });

  describe('S30: nothing of an account goes on once it is', () => {
    test.each(['locked', 'deleted'] as const)('%s', async (what) => {
      const { account, browser } = await person();
      const tokens = await wiki.tokens(browser);
      const { code } = await wiki.code(browser);
      await expectAlive(tokens);

      const { accounts, locking } = ground.app.services;
      await (what === 'locked' ? locking.lock(account.id, { reason: 'Lost' }, by) : accounts.delete(account.id, by));

      await expectDead(tokens);
      expect(await wiki.redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect((await browser.get(wiki.url({ prompt: 'none' }))).location).toContain('error=login_required');
      expect((await browser.get(consolePage)).location).toContain('/oauth/authorize?');
    });

    test('disabled, and what it had does not come back when it is enabled', async () => {
      const { account, browser } = await person();
      const tokens = await wiki.tokens(browser);

      await ground.app.services.locking.lock(account.id, { reason: 'Lost' }, by);
      await ground.app.services.locking.unlock(account.id, by);

      await expectDead(tokens);
    });
  });

  test('S31: revoking a refresh token kills its access tokens, and every rotation', async () => {
    const first = await wiki.tokens((await person()).browser);
    const second = (await wiki.refresh(first.refresh_token)).body as unknown as Tokens;

    expect((await wiki.revoke(second.refresh_token)).status).toBe(200);

    await expectDead(first);
    await expectDead(second);
  });

  test('S31: revoking an access token leaves what it came of', async () => {
    const tokens = await wiki.tokens((await person()).browser);

    expect((await wiki.revoke(tokens.access_token)).status).toBe(200);
    expect((await ground.userinfo(tokens.access_token)).status).toBe(401);
    expect((await wiki.refresh(tokens.refresh_token)).status).toBe(200);
  });

  test.each(['access_token', 'refresh_token'] as const)(
    'S49: another client’s revocation of an %s does nothing',
    async (kind) => {
      const tokens = await wiki.tokens((await person()).browser);
      const spa = await ground.party('spa', { first_party: true });

      for (const stranger of [other, spa]) {
        for (const hint of ['access_token', 'refresh_token', undefined]) {
          const answer = await stranger.post('/oauth/revoke', { token: tokens[kind], token_type_hint: hint });

          expect(answer.body).not.toHaveProperty('access_token');
        }
      }

      await expectAlive(tokens);
    },
  );

  test('S49: nor does a revocation with somebody’s client_id and no proof', async () => {
    const tokens = await wiki.tokens((await person()).browser);

    expect((await ground.post('/oauth/revoke', { token: tokens.refresh_token, client_id: wiki.id })).status).toBe(401);
    await expectAlive(tokens);
  });

  describe('S40: a token is explained', () => {
    test('to its own client, and to no other', async () => {
      const tokens = await wiki.tokens((await person()).browser);
      const machine = await ground.party('machine');
      const spa = await ground.party('spa', { first_party: true });

      for (const stranger of [other, machine, spa]) {
        for (const token of [tokens.access_token, tokens.refresh_token, tokens.id_token]) {
          expect((await stranger.introspect(token)).body).not.toMatchObject({ active: true });
          expect((await stranger.introspect(token)).text).not.toMatch(/sub|client_id|scope/);
        }
      }
    });

    test('to the API that it is for, and to no other API', async () => {
      const created = (id: string) =>
        ground.app.services.clients.create({ client_name: id }, by, { kind: 'machine', id });
      const made = [await created('mail-api'), await created('orders-api')];
      const secrets = made.map((one) => (one.ok ? (one.value.secret ?? '') : ''));
      const ask = async (api: string, secret = '') =>
        (await ground.post('/oauth/introspect', { token }, { authorization: basic(api, secret) })).body;

      const { browser } = await person();
      const { code } = await wiki.code(browser, { scope: 'openid mail:read', resource: 'https://mail.example.com' });
      const token = String((await wiki.redeem(code, { resource: 'https://mail.example.com' })).body['access_token']);

      expect(await ask('mail-api', secrets[0])).toMatchObject({ active: true, aud: 'https://mail.example.com' });
      expect(await ask('orders-api', secrets[1])).toEqual(inactive);
    });

    test('to nobody by GET', async () => {
      const tokens = await wiki.tokens((await person()).browser);
      const headers = { authorization: basic(wiki.id, wiki.secret) };

      expect((await ground.get(`/oauth/introspect?token=${tokens.access_token}`, headers)).text).not.toContain(
        '"active":true',
      );
    });
  });

  describe('S36: a token for one API is good for no other', () => {
    test.each([
      ['JWT', 'https://orders.example.com', 'orders:read'],
      ['opaque', 'https://mail.example.com', 'mail:read'],
    ])('%s: not for userinfo', async (_, resource, scope) => {
      const { browser } = await person();
      const { code } = await wiki.code(browser, { scope: `openid profile ${scope}`, resource });
      const token = String((await wiki.redeem(code, { resource })).body['access_token']);

      const answer = await ground.userinfo(token);

      expect([401, 403]).toContain(answer.status);
      expect(answer.text).not.toContain('sub');
      expect((await ground.get(consolePage, { authorization: `Bearer ${token}` })).status).toBe(303);
    });

    test('a JWT names its API alone, and its kind', async () => {
      const resource = 'https://orders.example.com';
      const { browser, account } = await person();
      const { code } = await wiki.code(browser, { scope: 'openid orders:read', resource });
      const token = String((await wiki.redeem(code, { resource })).body['access_token']);
      const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as object;

      expect(header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
      expect(claimsIn(token)).toMatchObject({
        iss: ground.app.url,
        aud: resource,
        sub: account.id,
        client_id: wiki.id,
        scope: 'orders:read',
        jti: expect.any(String),
      });
    });

    test('nobody gets a token for an API that the client is not registered for', async () => {
      const { browser } = await person();
      const page = await browser.open(
        other.url({ resource: 'https://orders.example.com', scope: 'openid orders:read' }),
      );
      expect(page.location).toMatch(/error=invalid_(target|scope)/);

      const { code } = await wiki.code(browser, { scope: 'openid mail:read', resource: 'https://mail.example.com' });
      expect(await wiki.redeem(code, { resource: 'https://orders.example.com' })).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      });
    });
  });

  describe('S41: a machine is never a person', () => {
    test('its sub is its own name, and userinfo refuses it', async () => {
      const { account } = await person();
      const machine = await ground.party('machine', {
        resources: ['https://orders.example.com'],
        scope: 'orders:read',
      });
      const ask = (more = {}) => machine.post('/oauth/token', { grant_type: 'client_credentials', ...more });
      const jwt = String((await ask({ resource: 'https://orders.example.com' })).body['access_token']);
      const opaque = String((await ask()).body['access_token']);

      expect(claimsIn(jwt)).toMatchObject({ sub: machine.id, client_id: machine.id });
      expect((await machine.introspect(opaque)).body).not.toMatchObject({ sub: account.id });
      for (const token of [jwt, opaque]) expect((await ground.userinfo(token)).status).toBe(401);
    });

    test.each(['sub', 'login_hint', 'username', 'account_id', 'scope'])(
      'asking with %s makes it none',
      async (name) => {
        const { account } = await person();
        const machine = await ground.party('machine', {
          resources: ['https://orders.example.com'],
          scope: 'orders:read',
        });
        const answer = await machine.post('/oauth/token', {
          grant_type: 'client_credentials',
          resource: 'https://orders.example.com',
          [name]: account.id,
        });

        if (answer.status === 200)
          expect(claimsIn(String(answer.body['access_token']))).toMatchObject({ sub: machine.id });
        expect(answer.text).not.toContain(account.id);
      },
    );

    test('no registration takes a name of its own choice', async () => {
      const { account } = await person();
      const metadata = { client_name: 'Machine', client_id: account.id, sub: account.id };

      expect(await ground.app.services.clients.create(metadata, by, { kind: 'machine' })).toMatchObject({ ok: false });
    });

    test('openid or offline_access for a machine gives neither ID token nor refresh token', async () => {
      const machine = await ground.party('machine');
      const answer = await machine.post('/oauth/token', {
        grant_type: 'client_credentials',
        scope: 'openid profile email offline_access',
      });

      expect(answer.body).not.toHaveProperty('id_token');
      expect(answer.body).not.toHaveProperty('refresh_token');
    });
  });
});
