import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser, type Page } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import { basic, openGround, type Ground, type Party } from './ground.ts';

const consolePage = '/account/personal-information';

/** Every page that a person can meet on the way, and what other sites could do with it. */
describe('pages', () => {
  let ground: Ground;
  let third: Party;
  const pages: [string, Page][] = [];

  beforeAll(async () => {
    ground = await openGround();
    third = await ground.party('web', {
      client_name: 'Wiki',
      logo_uri: 'https://wiki.example.net/logo.png',
      post_logout_redirect_uris: ['https://wiki.example.net/bye'],
    });

    const person = { email: ground.ana.email, password: ground.ana.password };
    const browser = openBrowser(ground.app.url);
    const url = third.url({
      state: 'marker-state',
      nonce: 'marker-nonce',
      code_challenge: 'marker-challenge'.padEnd(43, 'x'),
    });
    const add = (name: string, page: Page) => {
      pages.push([name, page]);

      return page;
    };

    const signIn = add('sign-in', await browser.open(url));
    add('sign-in, refused', await browser.submit(signIn, { ...person, password: 'wrong-wrong-wrong-wrong' }));
    add('a step that never was', await browser.get(`/sign-in/${'x'.repeat(43)}`));
    add('a step of somebody else', await openBrowser(ground.app.url).get(signIn.url));
    const consent = add('consent', await browser.submit(signIn, person));
    await browser.submit(consent, tickAll(consent), { button: 'Allow' });
    add('form_post', await browser.open(third.url({ response_mode: 'form_post' })));
    add('account picker', await browser.open(third.url({ prompt: 'select_account' })));
    add('sign-in again', await browser.open(third.url({ prompt: 'login' })));
    add('console', await browser.get(consolePage));
    add('a form that nobody made', await browser.post(consolePage, { csrf: 'x' }));
    add('sign-out', await browser.get('/oauth/logout'));
    add('signed out', await browser.submit(await browser.get('/oauth/logout'), {}));
    add('set-up', await browser.get('/setup?token=wrong'));
    add('a bad request', await browser.get(third.url({ redirect_uri: 'https://evil.example/cb' })));
    add('nothing', await browser.get('/nowhere'));
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  test('all of them were met', () => {
    const titles = new Set(pages.map(([, { title }]) => title));

    expect(pages).toHaveLength(15);
    expect(titles.size).toBeGreaterThan(9);
    expect(pages.filter(([, { html }]) => !html.includes('</h1>')).map(([name]) => name)).toEqual([]);
  });

  test('S16: none is shown in a frame', () => {
    for (const [name, { headers }] of pages) {
      expect([name, String(headers['content-security-policy']).split('; ')]).toEqual([
        name,
        expect.arrayContaining(["frame-ancestors 'none'"]),
      ]);
    }
  });

  test('S17: none tells another site where it was', () => {
    for (const [name, { headers }] of pages) {
      expect([name, headers['referrer-policy']]).toEqual([name, 'no-referrer']);
    }
  });

  test('S17: none that loads from elsewhere has anything secret in an address', () => {
    const foreign = pages.filter(([, { html }]) => html.includes('https://wiki.example.net/logo.png'));

    expect(foreign.map(([name]) => name)).toContain('consent');
    for (const [, { html, url }] of foreign) expect(url + html).not.toMatch(/marker-|[?&]code=/);
  });

  test('S18: none is kept by a cache', () => {
    for (const [name, { headers }] of pages) {
      expect([name, headers['cache-control']]).toEqual([name, expect.stringContaining('no-store')]);
    }
  });

  test('S18: nor is any answer with a token or about one, good or bad', async () => {
    const { code } = await third.code(ground.browser);
    const good = await third.redeem(code);
    const token = String(good.body['access_token']);
    const answers = [
      good,
      await third.redeem(code),
      await ground.userinfo(token),
      await ground.post('/oauth/userinfo', { access_token: token }),
      await ground.userinfo('wrong'),
      await third.introspect(token),
      await ground.post('/oauth/introspect', { token }, { authorization: basic(third.id, 'wrong') }),
      await third.revoke(token),
      await ground.post('/oauth/token', 'x'),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200, 401, 200, 401, 200, expect.any(Number)]);
    for (const { headers } of answers) expect(headers['cache-control']).toContain('no-store');
  });

  test('S18: nor is a redirect with a code in it', async () => {
    const page = await ground.browser.open(third.url());

    expect(page.location).toContain('code=');
    expect(page.headers['cache-control']).toContain('no-store');
    expect(page.headers['referrer-policy']).toBe('no-referrer');
  });
});

/** Nobody is signed in, or made to allow something, without doing it. */
describe('S23: what is sent without the person', () => {
  let ground: Ground;
  let wiki: Party;
  let third: Party;
  let person: { email: string; password: string };

  beforeAll(async () => {
    ground = await openGround();
    wiki = await ground.party('web', { first_party: true });
    third = await ground.party('web');
    person = { email: ground.ana.email, password: ground.ana.password };
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const isSignedIn = async (browser: ReturnType<typeof openBrowser>) => (await browser.get(consolePage)).status === 200;
  const csrfIn = (page: Page) => page.forms[0]?.fields['csrf'] ?? '';

  test('S23: getting any page signs nobody in', async () => {
    const browser = openBrowser(ground.app.url);
    const query = new URLSearchParams(person).toString();
    const signIn = await browser.open(wiki.url());

    for (const path of [signIn.url, `/sign-in?${query}`, `${signIn.url}?${query}`, '/account', `/setup?${query}`]) {
      await browser.open(path);
    }

    expect(await isSignedIn(browser)).toBe(false);
  });

  test.each([
    ['no token', () => ({ csrf: undefined })],
    ['an empty token', () => ({ csrf: '' })],
    ['a token that was made up', () => ({ csrf: 'x'.repeat(43) })],
    ['a token of another browser', async () => ({ csrf: csrfIn(await openBrowser(ground.app.url).open(wiki.url())) })],
  ])('S23: the sign-in form with %s signs nobody in', async (_, fields) => {
    const browser = openBrowser(ground.app.url);
    const page = await browser.open(wiki.url());
    expect(csrfIn(page)).not.toBe('');

    await browser.submit(page, { ...person, ...(await fields()) }, { form: 0 });
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S23: nor does one from another site, with a good token even', async () => {
    const browser = openBrowser(ground.app.url);
    const page = await browser.open(wiki.url());

    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'https://other.localhost' },
      { 'sec-fetch-site': 'cross-site', origin: 'null' },
    ]) {
      await browser.post(page.url, { ...person, csrf: csrfIn(page) }, headers);
    }

    expect(await isSignedIn(browser)).toBe(false);
  });

  test('S23: an attacker’s half-done sign-in is nobody else’s to finish unknowingly', async () => {
    const attacker = openBrowser(ground.app.url);
    const page = await attacker.open(wiki.url());
    const victim = openBrowser(ground.app.url);

    await victim.open(page.url);
    await victim.post(page.url, { ...person, csrf: csrfIn(page) });

    expect(await isSignedIn(victim)).toBe(false);
    expect((await attacker.open(wiki.url({ prompt: 'none' }))).location).toContain('error=login_required');
  });

  test.each([
    ['no token', undefined],
    ['a wrong token', 'x'.repeat(43)],
  ])('S23: consent with %s is none', async (_, csrf) => {
    const browser = await ground.signedIn(ground.ana);
    const page = await browser.open(third.url());
    expect(page.url).toContain('/consent/');

    const after = await browser.submit(page, { ...tickAll(page), csrf }, { form: 0 });
    expect(after.location ?? '').not.toContain('code=');
    expect((await browser.open(third.url({ prompt: 'none' }))).location).toContain('error=consent_required');
  });

  test('S23: nor does getting the consent page with everything in its address, or another’s page, allow anything', async () => {
    const browser = await ground.signedIn(ground.ana);
    const page = await browser.open(third.url());
    await browser.open(`${page.url}?${new URLSearchParams({ ...tickAll(page), csrf: csrfIn(page) }).toString()}`);

    const ben = await ground.signedIn(await ground.app.account());
    const own = await ben.open(third.url());
    await ben.post(page.url, { ...tickAll(page), csrf: csrfIn(own) });

    for (const one of [browser, ben]) {
      expect((await one.open(third.url({ prompt: 'none' }))).location).toContain('error=consent_required');
    }
  });

  test('S23: nobody is signed out by an image or a form of another site', async () => {
    const browser = await ground.signedIn(ground.ana);
    await browser.get('/oauth/logout');
    await browser.get('/oauth/logout?post_logout_redirect_uri=https://evil.example/');
    await browser.post('/oauth/logout/confirm', { logout: 'yes' }, { 'sec-fetch-site': 'cross-site' });
    await browser.post('/oauth/logout/confirm', { logout: 'yes', xsrf: 'x' });

    expect(await isSignedIn(browser)).toBe(true);
  });
});
