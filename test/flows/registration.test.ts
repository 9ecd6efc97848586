import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';

const password = 'quiet-marble-otter-47-lantern';
const hour = 3_600_000;

/** Creating one's own account, from the app and back to it. */
describe('registration', () => {
  let app: TestApp;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp({
      config: 'branding: { links: { terms: "https://example.com/terms", privacy: "https://example.com/privacy" } }',
      env: { GATEHOUSE_REGISTRATION_ALLOWED: 'true', GATEHOUSE_LIMITS_REQUESTS_SIGN_INS: '100000' },
    });
    wiki = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
    );
  });

  /** Nobody has to wait for what was asked before. */
  beforeEach(() => app.clock.advance(2 * hour));

  afterAll(() => app[Symbol.asyncDispose]());

  async function atForm(browser: Browser = openBrowser(app.url), more: Record<string, string> = {}) {
    const departure = await wiki.request(more);
    const door = await browser.open(departure.url.href);
    const link = /href="(\/sign-in\/[^"]+\/register)"/.exec(door.html)?.[1];
    const page = link === undefined ? door : await browser.open(link);

    return { browser, departure, page };
  }

  async function begin(email: string, browser?: Browser) {
    const at = await atForm(browser);
    const page = await at.browser.submit(at.page, { email, displayName: 'Ada', password });

    return { ...at, page };
  }

  const codeTo = async (email: string) => (await app.mail.to(email, 'verify-email')).code;
  const accountOf = (email: string) => app.services.accounts.findByEmail(email);
  const confirm = (browser: Browser, page: Page, code: string) => browser.submit(page, { code }, { form: '/code' });

  test('a newcomer says who they are, types the code from the mailbox, and is at the app', async () => {
    const { browser, departure, page } = await begin('Ada@Example.com');
    expect(page.words).toContain('We have sent a message to Ada@Example.com.');
    expect(await accountOf('ada@example.com')).toBeUndefined();

    const after = await confirm(browser, page, await codeTo('Ada@Example.com'));
    const claims = (await wiki.redeem(departure, after.location ?? '')).claims();

    const account = await accountOf('ada@example.com');
    expect(account).toMatchObject({ email: 'Ada@Example.com', emailVerified: true, displayName: 'Ada', locale: 'en' });
    expect(claims).toMatchObject({ sub: account?.id, amr: ['pwd'], acr: 'urn:gatehouse:acr:1' });

    const events = await app.services.events.read(account ?? { id: '', eventKey: '' });
    expect(events.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['account.created', 'sign_in.succeeded']),
    );

    // And from now on by the password.
    const other = openBrowser(app.url);
    const again = await other.submit(await other.open('/account'), { email: 'ada@example.com', password });
    expect(again.status).toBe(200);
  });

  test('says what it is about, with the operator’s documents, and asks no more than it needs', async () => {
    const { page } = await atForm();

    expect(page.words).toContain('By creating an account you agree to the terms of use');
    expect(page.html).toContain('href="https://example.com/privacy"');
    expect(page.forms[0]?.names.filter((name) => name !== 'csrf')).toEqual(['email', 'displayName', 'password']);
    expect(page.html).toMatch(/type="password"[^>]*autocomplete="new-password"/);
  });

  test('everything that is wrong is said at once, and nothing typed is lost but the password', async () => {
    const { browser, page } = await atForm();
    const wrong = await browser.submit(page, { email: 'ada@', displayName: 'x'.repeat(21), password: 'short' });

    expect(wrong.status).toBe(422);
    expect(wrong.words).toContain('This is not an e-mail address');
    expect(wrong.words).toContain('At most 20 characters');
    expect(wrong.words).toContain('Use at least 15 characters');
    expect(wrong.forms[0]?.fields).toMatchObject({ email: 'ada@', displayName: 'x'.repeat(21), password: '' });
    expect(wrong.html).not.toContain('value="short"');
  });

  test('S65: the password may not hold the name or the address', async () => {
    const { browser, page } = await atForm();
    const wrong = await browser.submit(page, {
      email: 'lovelace@example.com',
      displayName: 'Ada',
      password: 'my lovelace is the best of all',
    });

    expect(wrong.status).toBe(422);
    expect(wrong.words).toContain('Please leave out your name');
  });

  test('the account speaks the language in which it was created', async () => {
    const at = await atForm(openBrowser(app.url), { ui_locales: 'de-AT en' });
    expect(at.page.headers['content-language']).toBe('de');

    const page = await at.browser.submit(at.page, { email: 'mia@example.com', displayName: 'Mia', password });
    expect(page.headers['content-language']).toBe('de');
    expect((await app.mail.to('mia@example.com')).subject).toBe('Bestätigen Sie Ihre E-Mail-Adresse');

    await confirm(at.browser, page, await codeTo('mia@example.com'));
    expect((await accountOf('mia@example.com'))?.locale).toBe('de');
  });

  describe('prompt=create', () => {
    test('leads newcomers there at once, who may still say that they have an account', async () => {
      const { browser, page } = await atForm(openBrowser(app.url), { prompt: 'create', login_hint: 'leo@example.com' });

      expect(new URL(page.url).pathname).toMatch(/^\/sign-in\/[^/]+\/register$/);
      expect(page.forms[0]?.fields).toMatchObject({ email: 'leo@example.com' });

      const link = /href="(\/sign-in\/[^"]+as=another)"/.exec(page.html)?.[1] ?? '';
      expect((await browser.open(link)).words).toContain('Sign in to go on to');
    });

    test('ends at the app, also where somebody was signed in', async () => {
      const ann = await app.account();
      const { browser } = await wiki.signIn(ann);
      const at = await atForm(browser, { prompt: 'create' });
      const page = await browser.submit(at.page, { email: 'max@example.com', displayName: 'Max', password });
      const after = await confirm(browser, page, await codeTo('max@example.com'));
      const claims = (await wiki.redeem(at.departure, after.location ?? '')).claims();

      expect(claims?.sub).toBe((await accountOf('max@example.com'))?.id);
    });

    test('is told to apps, and combined with none it is refused', async () => {
      const discovery = await openBrowser(app.url).get('/.well-known/openid-configuration');
      expect(JSON.parse(discovery.html)).toMatchObject({ prompt_values_supported: expect.arrayContaining(['create']) });

      const { url } = await wiki.request({ prompt: 'none create' });
      expect((await openBrowser(app.url).open(url.href)).location).toContain('error=invalid_request');
    });
  });

  describe('an address that somebody has', () => {
    test('S71: gets the same answer, its owner a mail, and the stranger nothing', async () => {
      const owner = await app.account({ email: 'owner@example.com', locale: 'de' });
      const stranger = await begin('owner@example.com');
      const newcomer = await begin('nobody@example.com');

      const plain = ({ words, status, url }: Page) => [
        status,
        words.replaceAll(/(owner|nobody)@example\.com/g, ''),
        new URL(url).pathname.split('/').at(-1),
      ];
      expect(plain(stranger.page)).toEqual(plain(newcomer.page));

      const mail = await app.mail.to('owner@example.com');
      expect([mail.template, mail.subject]).toEqual(['address-tried', 'Sie haben schon ein Konto']);
      await expect(app.mail.to('owner@example.com', 'verify-email')).rejects.toThrow('nothing');

      const wrong = [stranger, newcomer].map(async ({ browser, page }) =>
        plain(await confirm(browser, page, '000000')),
      );
      const [first, second] = await Promise.all(wrong);
      expect(first).toEqual(second);

      expect((await accountOf('owner@example.com'))?.id).toBe(owner.id);
    });

    test('S81: in whatever way it is written', async () => {
      await app.account({ email: 'straße@example.com' });
      await begin('STRASSE@example.com');
      await begin('  Straße@Example.COM ');

      expect(await app.mail.allTo('straße@example.com')).toHaveLength(1);
      expect((await app.mail.to('STRASSE@example.com')).template).toBe('verify-email');
    });

    test('its owner gets one such mail a day, however often it is tried', async () => {
      await app.account({ email: 'tried@example.com' });
      for (let time = 0; time < 3; time += 1) await begin('tried@example.com');
      app.services.messages.wake();

      const sent = await app.mail.allTo('tried@example.com');
      expect(sent.length).toBeGreaterThanOrEqual(1);
      expect(new Set(sent.map(({ template }) => template))).toEqual(new Set(['address-tried']));
    });
  });

  describe('S80: nothing of a stranger is in the account that the mailbox’s owner makes', () => {
    test('who typed the address first has no account, no password and no way in', async () => {
      const stranger = await begin('victim@example.com');
      const strangersPassword = 'the stranger picked this one first';
      await stranger.browser.submit(
        await stranger.browser.open(new URL(stranger.page.url).pathname.replace('/code', '')),
        { email: 'victim@example.com', displayName: 'Eve', password: strangersPassword },
      );

      const owner = await begin('victim@example.com');
      const code = await codeTo('victim@example.com');
      expect((await confirm(stranger.browser, stranger.page, code)).location).toBeUndefined();
      expect((await confirm(owner.browser, owner.page, code)).location).toContain('code=');

      expect(await accountOf('victim@example.com')).toMatchObject({ displayName: 'Ada' });
      const door = await stranger.browser.open('/account');
      const tried = await stranger.browser.submit(door, { email: 'victim@example.com', password: strangersPassword });
      expect(tried.status).toBe(422);
    });

    test('of two who can read the mailbox the first one wins, the other is told to sign in', async () => {
      const one = await begin('pair@example.com');
      const oneCode = await codeTo('pair@example.com');
      const two = await begin('pair@example.com');
      const twoCode = await codeTo('pair@example.com');

      expect((await confirm(two.browser, two.page, twoCode)).location).toContain('code=');
      const late = await confirm(one.browser, one.page, oneCode);

      expect(late.words).toContain('There is an account with this address by now.');
      expect(new URL(late.url).pathname).toMatch(/^\/sign-in\/[^/]+$/);
      expect(await app.services.records.accounts.find('email', 'pair@example.com')).toBeDefined();
    });
  });

  describe('the code', () => {
    test('S93: works in the browser that asked for it and nowhere else', async () => {
      const mine = await begin('mine@example.com');
      const yours = await begin('yours@example.com');
      const code = await codeTo('mine@example.com');

      expect((await confirm(yours.browser, yours.page, code)).status).toBe(422);
      const thief = await openBrowser(app.url).open(mine.page.url);
      expect(thief.status).toBe(410);
      expect((await confirm(mine.browser, mine.page, code)).location).toContain('code=');
    });

    test('S85, S92: five tries; a new code is another one, and its tries are not given back', async () => {
      const { browser, page } = await begin('five@example.com');
      const first = await codeTo('five@example.com');
      const wrongOne = first === '111111' ? '222222' : '111111';

      for (let tries = 0; tries < 3; tries += 1) await confirm(browser, page, wrongOne);
      const sent = await browser.submit(page, {}, { form: '/send' });
      const second = await codeTo('five@example.com');
      expect(sent.words).toContain('A new code is on its way.');

      if (first !== second) expect((await confirm(browser, sent, first)).status).toBe(422);
      const last = await confirm(browser, sent, wrongOne);
      expect(last.status).toBe(422);
      expect((await confirm(browser, sent, second)).location).toBeUndefined();
      expect(await accountOf('five@example.com')).toBeUndefined();
    });

    test('S90: ten minutes; afterwards a new one is sent without typing everything again', async () => {
      const { browser, page } = await begin('late@example.com');
      const first = await codeTo('late@example.com');
      app.clock.advance(601_000);

      const ended = await confirm(browser, page, first);
      expect(ended.words).toContain('This code is not valid any more.');
      const sent = await browser.submit(ended, {}, { form: '/send' });
      expect((await confirm(browser, sent, await codeTo('late@example.com'))).location).toContain('code=');
    });

    test('typed in groups, and used once', async () => {
      const { browser, page } = await begin('once@example.com');
      const code = await codeTo('once@example.com');
      const grouped = `${code.slice(0, 3)} ${code.slice(3)}`;

      expect((await confirm(browser, page, grouped)).location).toContain('code=');
      expect((await confirm(browser, page, code)).status).toBe(410);
    });

    test('S85: guesses at one address are counted over all attempts and browsers', async () => {
      const statuses: number[] = [];

      for (let attempt = 0; attempt < 3; attempt += 1) {
        const { browser, page } = await begin('guessed@example.com');
        for (let tries = 0; tries < 3; tries += 1) statuses.push((await confirm(browser, page, '000000')).status);
      }

      expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429, 429, 429]);
    });
  });

  test('the form can be gone back to; the new address gets the code', async () => {
    const { browser, page } = await begin('typo@example.com');
    const back = await browser.open(new URL(page.url).pathname.replace('/code', ''));
    expect(back.forms[0]?.fields).toMatchObject({ email: 'typo@example.com', displayName: 'Ada', password: '' });

    const again = await browser.submit(back, { email: 'right@example.com', displayName: 'Ada', password });
    await confirm(browser, again, await codeTo('right@example.com'));
    expect(await accountOf('right@example.com')).toBeDefined();
    expect(await accountOf('typo@example.com')).toBeUndefined();
  });

  test('S76: so many codes to one mailbox from one place, and so many from one place, known or not', async () => {
    await app.account({ email: 'flooded@example.com' });
    const toOne: Record<string, number[]> = { 'flooded@example.com': [], 'unknown@example.com': [] };

    for (const [email, statuses] of Object.entries(toOne)) {
      for (let time = 0; time < 6; time += 1) statuses.push((await begin(email)).page.status);
    }

    expect(toOne['flooded@example.com']).toEqual([200, 200, 200, 200, 200, 429]);
    expect(toOne['unknown@example.com']).toEqual(toOne['flooded@example.com']);

    const others: number[] = [];
    for (let time = 0; time < 12; time += 1) others.push((await begin(`flood-${time}@example.com`)).page.status);
    expect(others.filter((status) => status === 429)).not.toHaveLength(0);
  });

  test('S97: an app that must have two factors gets a newcomer who has set one up', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:gatehouse:acr:2' } } });
    const at = await atForm(openBrowser(app.url), { claims });
    const page = await at.browser.submit(at.page, { email: 'strong@example.com', displayName: 'Ada', password });
    const after = await confirm(at.browser, page, await codeTo('strong@example.com'));

    expect(after.words).toContain('Set up a second factor');
  });
});

describe('where the operator does not allow it', () => {
  test('there is no link, no page, and no prompt', async () => {
    await using app = await startTestApp();
    const wiki = await relyingParty(app, await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'] }));
    const browser = openBrowser(app.url);
    const door = await browser.open((await wiki.request()).url.href);

    expect(door.words).not.toContain('Create an account');
    expect((await browser.get(`${new URL(door.url).pathname}/register`)).status).toBe(404);
    expect((await browser.post(`${new URL(door.url).pathname}/register`, {})).status).toBe(404);

    const { html } = await browser.get('/.well-known/openid-configuration');
    expect(JSON.parse(html)).toMatchObject({ prompt_values_supported: ['none', 'login', 'consent', 'select_account'] });

    const { url } = await wiki.request({ prompt: 'create' });
    const refused = await browser.open(url.href);
    expect(`${refused.location ?? ''} ${refused.words}`).toContain('invalid_request');
  });
});
