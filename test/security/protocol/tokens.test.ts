import { createHash, createPublicKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { claimsIn, newSigner, assertion, signedWithSecret, unsigned } from './assertions.ts';
import { openGround, type Fields, type Ground, type Party, type Tokens } from './ground.ts';

const config = `
resources:
  - identifier: https://orders.example.com
    name: Orders
    scopes: [{ name: 'orders:read' }]
`;

const consolePage = '/account/personal-information';

/** What tokens say, what they may not be taken for, and where they never stand. */
describe('tokens', () => {
  let ground: Ground;
  let wiki: Party;
  let tokens: Tokens;

  beforeAll(async () => {
    ground = await openGround({ config });
    wiki = await ground.party('web', {
      first_party: true,
      resources: ['https://orders.example.com'],
      scope: 'openid profile email offline_access orders:read',
    });
    tokens = await wiki.tokens(ground.browser);
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const hinted = async (hint: string, more: Fields = {}) =>
    ground.browser.get(wiki.url({ id_token_hint: hint, prompt: 'none', ...more }));

  const endSession = (hint: string) => ground.browser.get(`/oauth/logout?id_token_hint=${encodeURIComponent(hint)}`);

  async function expectNoHint(token: string) {
    expect((await hinted(token)).location).toMatch(/error=invalid_request/);
    expect((await endSession(token)).status).toBe(400);
    expect((await ground.browser.get(consolePage)).status).toBe(200);
  }

  const jwtAccessToken = async () => {
    const resource = 'https://orders.example.com';
    const { code } = await wiki.code(ground.browser, { scope: 'openid orders:read', resource });

    return String((await wiki.redeem(code, { resource })).body['access_token']);
  };

  test('S35: an ID token is no access token', async () => {
    expect((await ground.userinfo(tokens.id_token)).status).toBe(401);
    expect((await wiki.introspect(tokens.id_token)).body).not.toHaveProperty('sub');
    expect((await wiki.refresh(tokens.id_token)).status).toBe(400);
  });

  test('S35: a refresh token and a code are no access tokens, and an access token is neither', async () => {
    const { code } = await wiki.code(ground.browser);

    expect((await ground.userinfo(tokens.refresh_token)).status).toBe(401);
    expect((await ground.userinfo(code)).status).toBe(401);
    expect((await wiki.refresh(tokens.access_token)).status).toBe(400);
    expect((await wiki.refresh(code)).status).toBe(400);
    expect((await wiki.redeem(tokens.access_token)).status).toBe(400);
    expect((await wiki.redeem(tokens.refresh_token)).status).toBe(400);
    expect((await ground.userinfo(tokens.access_token)).status).toBe(200);
  });

  test('S35: an access token is no id_token_hint', async () => {
    await expectNoHint(await jwtAccessToken());
    await expectNoHint(tokens.access_token);
  });

  test('S35: neither is a userinfo answer that we signed', async () => {
    const signing = await ground.party('web', { first_party: true, userinfo_signed_response_alg: 'RS256' });
    const { access_token: access } = await signing.tokens(ground.browser);
    const { text, headers } = await ground.userinfo(access);

    expect(headers['content-type']).toMatch(/^application\/jwt/);
    await expectNoHint(text);
    expect((await ground.browser.get(signing.url({ id_token_hint: text, prompt: 'none' }))).location).toContain(
      'error=invalid_request',
    );
  });

  test('S32: an id_token_hint without a signature of ours is refused', async () => {
    const [header = '', payload = '', signature = ''] = tokens.id_token.split('.');
    const claims = claimsIn(tokens.id_token);
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const evil = newSigner(kid);
    const { body } = await ground.get('/oauth/jwks');
    const [jwk = {}] = body['keys'] as Record<string, string>[];
    const pem = String(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }));

    for (const token of [
      `${unsigned({ alg: 'none' }, claims)}.`,
      `${unsigned({ alg: 'none', kid }, claims)}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${unsigned({ alg: 'RS256', kid }, { ...claims, sub: 'somebody' })}.${signature}`,
      signedWithSecret({ alg: 'HS256', kid }, claims, pem),
      signedWithSecret({ alg: 'HS256' }, claims, wiki.secret ?? ''),
      assertion(ground, wiki.id, evil, { header: { jwk: evil.jwk }, claims }),
      assertion(ground, wiki.id, evil, { header: { jku: 'https://evil.example/keys' }, claims }),
      assertion(ground, wiki.id, evil, { header: { kid: '../../key' }, claims }),
    ]) {
      await expectNoHint(token);
    }
  });

  test('S32: a good id_token_hint is taken, and one of another person asks for that person', async () => {
    expect((await hinted(tokens.id_token)).location).toContain('code=');

    const ben = await ground.app.account();
    const theirs = await wiki.tokens(await ground.signedIn(ben));
    expect((await hinted(theirs.id_token)).location).toContain('error=login_required');
  });

  test('S32: request objects are not offered: nothing in one counts', async () => {
    const evil = newSigner();
    const claims = { client_id: wiki.id, redirect_uri: 'https://evil.example/cb', response_type: 'code' };

    for (const request of [`${unsigned({ alg: 'none' }, claims)}.`, assertion(ground, wiki.id, evil, { claims })]) {
      const page = await ground.browser.get(wiki.url({ request }));

      expect(page.location).toMatch(/^https:\/\/app1\.example\.com\/cb\?error=request_not_supported/);
    }

    const byReference = await ground.browser.get(wiki.url({ request_uri: 'https://evil.example/request' }));
    expect(byReference.location).toMatch(/^https:\/\/app1\.example\.com\/cb\?error=request_uri_not_supported/);
  });

  test('S32: what discovery offers are public-key algorithms alone', async () => {
    const { body } = await ground.get('/.well-known/openid-configuration');
    const offered = Object.entries(body).filter(([name]) => name.endsWith('alg_values_supported'));

    expect(offered.length).toBeGreaterThan(2);
    expect(JSON.stringify(offered)).not.toMatch(/none|HS\d|RSA1_5/);
    expect(JSON.stringify((await ground.get('/oauth/jwks')).body)).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/);
  });

  describe('S42: a bearer token is taken from the Authorization header, or the body of a form', () => {
    test('not from the address', async () => {
      const { access_token: token } = tokens;

      for (const path of [`/oauth/userinfo?access_token=${token}`, `${consolePage}?access_token=${token}`]) {
        expect((await ground.get(path)).text).not.toContain(ground.ana.id);
        expect([303, 400, 401]).toContain((await ground.get(path)).status);
      }

      const posted = await ground.post(`/oauth/userinfo?access_token=${token}`, {});
      expect([400, 401]).toContain(posted.status);
    });

    test('not from a cookie, and not twice', async () => {
      const { access_token: token } = tokens;
      const authorization = `Bearer ${token}`;

      expect((await ground.get('/oauth/userinfo', { cookie: `access_token=${token}` })).status).toBeGreaterThan(399);
      expect((await ground.post('/oauth/userinfo', { access_token: token }, { authorization })).status).toBe(400);
      expect((await ground.post('/oauth/userinfo', { access_token: token })).status).toBe(200);
      expect((await ground.userinfo(token)).status).toBe(200);
    });
  });

  test('S46: cut, stretched or flipped in any bit, an access token is refused', async () => {
    const { access_token: token } = await wiki.tokens(await ground.signedIn(ground.ana));
    const changed = [token.slice(0, -1), token.slice(1), `${token}A`, `A${token}`, token.toLowerCase(), `${token}.`];

    for (let index = 0; index < token.length; index += 1) {
      for (let bit = 0; bit < 7; bit += 1) {
        const character = String.fromCharCode(token.charCodeAt(index) ^ (1 << bit));

        if (/[\w.~+/-]/.test(character)) changed.push(token.slice(0, index) + character + token.slice(index + 1));
      }
    }

    expect(changed.length).toBeGreaterThan(200);
    const answers = await Promise.all(changed.map((one) => ground.userinfo(one)));
    expect(answers.filter(({ status }) => status !== 401)).toEqual([]);
    expect((await ground.userinfo(token)).status).toBe(200);
  });

  test('S46: what the store keeps of a token is no token', async () => {
    const { access_token: access, refresh_token: refresh } = await wiki.tokens(await ground.signedIn(ground.ana));
    const hash = (text: string) => createHash('sha256').update(text).digest('base64url');

    for (const one of [hash(access), `#${hash(access)}`, `#${access}`]) {
      expect((await ground.userinfo(one)).status).toBe(401);
    }

    for (const one of [
      hash(refresh),
      `#${hash(refresh)}`,
      refresh.slice(0, 22),
      `${refresh.slice(0, 22)}${hash(refresh)}`,
    ]) {
      expect((await wiki.refresh(one)).status).toBe(400);
    }

    const { code } = await wiki.code(ground.browser);
    for (const one of [hash(code), `#${hash(code)}`]) expect((await wiki.redeem(one)).status).toBe(400);
    expect((await wiki.redeem(code)).status).toBe(200);
  });

  test('S46: nor is what it keeps of a session', async () => {
    const browser = await ground.signedIn(ground.ana);
    const cookies = await browser.jar.getCookies(ground.app.url);
    expect((await browser.get(consolePage)).status).toBe(200);
    const session = cookies.find(({ key }) => key === 'session');
    const hash = createHash('sha256')
      .update(session?.value ?? '')
      .digest('base64url');

    for (const value of [hash, `#${hash}`, session?.value.slice(0, -1) ?? '']) {
      const thief = openBrowser(ground.app.url);
      await thief.jar.setCookie(`session=${value}`, ground.app.url);

      expect((await thief.get(consolePage)).location).toContain('/oauth/authorize?');
    }
  });

  test('S50: the account console lives by its cookie alone: no token in an address, a page or a script', async () => {
    const browser = openBrowser(ground.app.url);
    const seen: string[] = [];
    let page = await browser.get(consolePage);

    for (let step = 0; step < 12; step += 1) {
      seen.push(page.url, page.html, String(page.headers['set-cookie']));
      if (page.location !== undefined) page = await browser.get(page.location);
      else if (page.url.includes('/sign-in/')) {
        page = await browser.submit(
          page,
          { email: ground.ana.email, password: ground.ana.password },
          { follow: false },
        );
      } else break;
    }

    expect(page).toMatchObject({ status: 200, url: ground.app.url + consolePage });
    expect(seen.join('\n')).not.toMatch(/[?&#](code|access_token|id_token|refresh_token)=|eyJ[\w-]{10}/);

    const scripts = [...page.html.matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, source = '']) => source);
    for (const source of scripts) {
      expect((await ground.get(source)).text).not.toMatch(/localStorage|sessionStorage|indexedDB|access_token/);
    }
  });
});
