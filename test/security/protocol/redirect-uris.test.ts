import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser } from '../../support/browser.ts';
import { answerAt, openGround, type Ground, type Party } from './ground.ts';

/** Where an answer may go. Everything else is answered by a page of ours with 400, and redirects nowhere. */
describe('redirect URIs', () => {
  let ground: Ground;
  let wiki: Party;
  let native: Party;

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true, redirect_uris: ['https://app.example.com/cb'] });
    native = await ground.party('native', {
      first_party: true,
      redirect_uris: ['http://127.0.0.1/cb', 'com.example.app:/cb'],
    });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  async function expectNoRedirect(url: string, evil: string) {
    for (const browser of [ground.browser, openBrowser(ground.app.url)]) {
      const page = await browser.get(url);

      expect(page.status).toBe(400);
      expect(page.location).toBeUndefined();
      expect(page.headers['refresh']).toBeUndefined();
      if (evil !== '') expect(page.html).not.toContain(evil);
    }
  }

  test.each([
    'https://app.example.com/cb/',
    'https://app.example.com/cb?next=1',
    'https://app.example.com/cb?',
    'https://APP.example.com/cb',
    'HTTPS://app.example.com/cb',
    'https://app.example.com:443/cb',
    'https://app.example.com:8443/cb',
    'https://app.example.com/cb#',
    'https://app.example.com/cb#x',
    'https://app.example.com/a/../cb',
    'https://app.example.com/./cb',
    'https://app.example.com//cb',
    'https://app.example.com/%63b',
    'https://app.example.com/cb%00',
    'https://app.example.com/cb%0d%0aLocation:%20https://evil.example',
    'https://app.example.com@evil.example/cb',
    'https://user@app.example.com/cb',
    'https://app.example.com.evil.example/cb',
    'https://app.example.com\\@evil.example/cb',
    'https://app.example.com/cb ',
    ' https://app.example.com/cb',
    'https://app.example.com/cb\t',
    'https://app.example.com/other',
    'https://app.example.com/',
    'http://app.example.com/cb',
    '//app.example.com/cb',
    '/cb',
    'https://evil.example/cb',
    'javascript:alert(1)//https://app.example.com/cb',
    'data:text/html,x',
  ])('S1: %j is not the registered one', async (uri) => {
    await expectNoRedirect(wiki.url({ redirect_uri: uri }), uri);
    await expectNoRedirect(wiki.url({ redirect_uri: uri, prompt: 'none' }), uri);
    await expectNoRedirect(wiki.url({ redirect_uri: uri, response_mode: 'form_post' }), uri);
  });

  test('S1: the registered one is', async () => {
    const page = await ground.browser.open(wiki.url());

    expect(page.location).toMatch(/^https:\/\/app\.example\.com\/cb\?code=/);
  });

  test('S1: another client’s is refused', async () => {
    await ground.party('web', { redirect_uris: ['https://else.example.com/cb'] });

    await expectNoRedirect(wiki.url({ redirect_uri: 'https://else.example.com/cb' }), 'else.example.com');
  });

  test('S1: one that comes by POST is held against the same list', async () => {
    const { search } = new URL(wiki.url({ redirect_uri: 'https://evil.example/cb' }));
    const answer = await ground.browser.post('/oauth/authorize', search.slice(1), { 'sec-fetch-site': 'cross-site' });

    expect(answer.location).toMatch(`${ground.app.url}/oauth/authorize?`);
    expect(await ground.browser.follow(answer)).toMatchObject({ status: 400 });
  });

  test.each(['http://127.0.0.1:51234/cb', 'http://127.0.0.1/cb', 'com.example.app:/cb'])(
    'S2: a native app is answered at %s',
    async (uri) => {
      const page = await ground.browser.open(native.url({ redirect_uri: uri, prompt: 'none' }));

      expect(page.location?.startsWith(uri)).toBe(true);
    },
  );

  test.each([
    'http://127.0.0.1:51234/other',
    'http://127.0.0.1:51234/cb/',
    'http://127.0.0.1:51234/cb?x=1',
    'http://127.0.0.1:51234/cb#x',
    'http://127.0.0.2:51234/cb',
    'http://localhost:51234/cb',
    'http://[::1]:51234/cb',
    'https://127.0.0.1:51234/cb',
    'http://127.0.0.1:51234@evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://2130706433/cb',
    'http://127.1:51234/cb',
    'http://127.0.0.1:99999/cb',
    'com.example.app:/cb/other',
    'com.example.app://cb',
    'com.example.other:/cb',
  ])('S2: a native app is not answered at %s', async (uri) => {
    await expectNoRedirect(native.url({ redirect_uri: uri }), uri);
  });

  test('S2: a web client’s port is fixed, on loopback too', async () => {
    const web = await ground.party('web', { first_party: true, redirect_uris: ['http://127.0.0.1:4000/cb'] });

    await expectNoRedirect(web.url({ redirect_uri: 'http://127.0.0.1:4001/cb' }), '127.0.0.1:4001');
    await expectNoRedirect(web.url({ redirect_uri: 'http://127.0.0.1/cb' }), 'http://127.0.0.1/cb');
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
  ])('S3: a %s redirect_uri is refused, with one registered and with several', async (_, uri) => {
    const several = await ground.party('web', {
      first_party: true,
      redirect_uris: ['https://b.example.com/1', 'https://b.example.com/2'],
    });

    for (const party of [wiki, several, native]) await expectNoRedirect(party.url({ redirect_uri: uri }), '');
  });

  test.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: undefined }],
    ['an empty client', { client_id: '' }],
    ['a client with a name that means something to JavaScript', { client_id: '__proto__' }],
    ['a client that has no redirect URI', { client_id: 'constructor' }],
  ])('S15: %s never redirects', async (_, more) => {
    await expectNoRedirect(wiki.url(more), 'app.example.com/cb');
  });

  test('S15: a disabled or deleted client never redirects', async () => {
    const by = { actor: 'command-line' };
    const disabled = await ground.party('web', { first_party: true });
    const deleted = await ground.party('web', { first_party: true });
    await ground.app.services.clients.disable(disabled.id, by);
    await ground.app.services.clients.delete(deleted.id, by);

    await expectNoRedirect(disabled.url(), disabled.redirectUri);
    await expectNoRedirect(deleted.url(), deleted.redirectUri);
  });

  test.each([
    ['no scope', { scope: undefined }],
    ['a scope without openid', { scope: 'profile' }],
    ['an unknown scope', { scope: 'openid everything admin' }],
    ['an unknown response type', { response_type: 'token' }],
    ['an unknown prompt', { prompt: 'sometimes' }],
    ['a bad max_age', { max_age: '-1' }],
    ['bad claims', { claims: '{' }],
  ])('S15: %s ends at the registered URI or at none', async (_, more) => {
    const good = await ground.browser.open(wiki.url(more));

    if (good.location !== undefined) expect(good.location).toMatch(/^https:\/\/app\.example\.com\/cb[?#]/);

    await expectNoRedirect(wiki.url({ ...more, redirect_uri: 'https://evil.example/cb' }), 'evil.example');
  });

  test.each(['client_id', 'redirect_uri'])('S24: a doubled %s is refused without a redirect', async (name) => {
    const value = name === 'client_id' ? wiki.id : wiki.redirectUri;

    await expectNoRedirect(`${wiki.url()}&${name}=${encodeURIComponent(value)}`, wiki.redirectUri);
    await expectNoRedirect(`${wiki.url()}&${name}=evil.example`, 'evil.example');
    await expectNoRedirect(`${wiki.url({ [name]: undefined })}&${name}=evil.example&${name}=${value}`, 'evil.example');
  });

  test.each([
    'scope',
    'state',
    'response_type',
    'code_challenge',
    'code_challenge_method',
    'nonce',
    'prompt',
    'max_age',
  ])('S24: a doubled %s gets no code', async (name) => {
    const once = new URL(wiki.url({ prompt: 'none', max_age: '1000' })).searchParams.get(name);
    const url = `${wiki.url({ prompt: 'none', max_age: '1000' })}&${name}=${encodeURIComponent(once ?? '')}`;
    const page = await ground.browser.open(url);

    expect(page.location === undefined ? { error: page.status } : answerAt(page)).toMatchObject({
      error: page.location === undefined ? 400 : 'invalid_request',
    });
  });

  test('S24: doubled parameters are refused by POST too', async () => {
    const { search } = new URL(wiki.url());
    const body = `${search.slice(1)}&redirect_uri=${encodeURIComponent('https://evil.example/cb')}`;
    const page = await ground.browser.follow(await ground.browser.post('/oauth/authorize', body));

    expect(page).toMatchObject({ status: 400 });
    expect(page.location).toBeUndefined();
  });

  test.each(['code', 'redirect_uri', 'client_id', 'code_verifier', 'grant_type', 'client_secret'])(
    'S24: a doubled %s at the token endpoint is refused, and the code stays good',
    async (name) => {
      const post = await ground.party('web', { first_party: true, token_endpoint_auth_method: 'client_secret_post' });
      const { code } = await post.code(ground.browser);
      const fields = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: post.redirectUri,
        client_id: post.id,
        client_secret: post.secret ?? '',
        code_verifier: new URL(post.url()).searchParams.get('code_challenge') ?? '',
      });
      const doubled = `${fields.toString()}&${name}=${encodeURIComponent(fields.get(name) ?? '')}`;

      expect(await ground.post('/oauth/token', doubled)).toMatchObject({
        status: 400,
        body: { error: 'invalid_request' },
      });
      expect((await post.redeem(code)).status).toBe(200);
    },
  );

  test.each(['refresh_token', 'scope'])('S24: a doubled %s at a refresh is refused', async (name) => {
    const { refresh_token: token } = await wiki.tokens(ground.browser);
    const fields = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, scope: 'openid' });
    const doubled = `${fields.toString()}&${name}=${fields.get(name)}`;
    const { authorization } = { authorization: `Basic ${btoa(`${wiki.id}:${wiki.secret}`)}` };

    expect(await ground.post('/oauth/token', doubled, { authorization })).toMatchObject({ status: 400 });
    expect((await wiki.refresh(token)).status).toBe(200);
  });

  test('S54: plain http is refused at registration but on loopback', async () => {
    const create = (kind: 'web' | 'spa' | 'native', uri: string) =>
      ground.app.services.clients.create(
        { client_name: 'App', redirect_uris: [uri] },
        { actor: 'command-line' },
        { kind },
      );

    for (const kind of ['web', 'spa', 'native'] as const) {
      for (const uri of [
        'http://a.example/cb',
        'HTTP://a.example/cb',
        'http://127.0.0.1.example/cb',
        'http://localhost.example/cb',
        'http://127.0.0.1@a.example/cb',
        'http://2130706433/cb',
        'http://10.0.0.1/cb',
        'http://[::ffff:127.0.0.1]/cb',
      ]) {
        expect({ kind, uri, ...(await create(kind, uri)) }).toMatchObject({ ok: false });
      }
    }

    expect(await create('native', 'http://127.0.0.1/cb')).toMatchObject({ ok: true });
  });
});
