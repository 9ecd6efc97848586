import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startTestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty } from '../support/relying-party.ts';
import { confirm, openToNewcomers, password, type Newcomers } from './newcomers.ts';

const hour = 3_600_000;

/** Creating one’s own account, from the app and back to it. */
describe('registration', () => {
  let house: Newcomers;

  beforeAll(async () => {
    house = await openToNewcomers();
  });

  /** Nobody has to wait for what was asked before. */
  beforeEach(() => house.app.clock.advance(2 * hour));

  afterAll(async () => {
    await house[Symbol.asyncDispose]();
  });

  test('a newcomer says who they are, types the code from the mailbox, and is at the app', async () => {
    const { browser, departure, page } = await house.begin('Ada@Example.com');
    expect(page.words).toContain('We have sent a message to Ada@Example.com.');
    expect(await house.accountOf('ada@example.com')).toBeUndefined();

    const after = await confirm({ browser }, page, await house.codeTo('Ada@Example.com'));
    const claims = (await house.wiki.redeem(departure, after.location ?? '')).claims();

    const account = await house.accountOf('ada@example.com');
    expect(account).toMatchObject({ email: 'Ada@Example.com', emailVerified: true, displayName: 'Ada', locale: 'en' });
    expect(claims).toMatchObject({ sub: account?.id, amr: ['pwd'], acr: 'urn:gatehouse:acr:1' });

    const events = await house.app.services.events.read(account ?? { id: '', eventKey: '' });
    expect(events.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['account.created', 'sign_in.succeeded']),
    );

    // And from now on by the password.
    const other = openBrowser(house.app.url);
    const again = await other.submit(await other.open('/account'), { email: 'ada@example.com', password });
    expect(again.status).toBe(200);
  });

  test('says what it is about, with the operator’s documents, and asks no more than it needs', async () => {
    const { page } = await house.atForm();

    expect(page.words).toContain('By creating an account you agree to the terms of use');
    expect(page.html).toContain('href="https://example.com/privacy"');
    expect(page.forms[0]?.names.filter((name) => name !== 'csrf')).toEqual(['email', 'displayName', 'password']);
    expect(page.html).toMatch(/type="password"[^>]*autocomplete="new-password"/);
  });

  test('everything that is wrong is said at once, and nothing typed is lost but the password', async () => {
    const { browser, page } = await house.atForm();
    const wrong = await browser.submit(page, { email: 'ada@', displayName: 'x'.repeat(21), password: 'short' });

    expect(wrong.status).toBe(422);
    expect(wrong.words).toContain('This is not an e-mail address');
    expect(wrong.words).toContain('At most 20 characters');
    expect(wrong.words).toContain('Use at least 15 characters');
    expect(wrong.forms[0]?.fields).toMatchObject({ email: 'ada@', displayName: 'x'.repeat(21), password: '' });
    expect(wrong.html).not.toContain('value="short"');
  });

  test('S65: the password may not hold the name or the address', async () => {
    const { browser, page } = await house.atForm();
    const wrong = await browser.submit(page, {
      email: 'lovelace@example.com',
      displayName: 'Ada',
      password: 'my lovelace is the best of all',
    });

    expect(wrong.status).toBe(422);
    expect(wrong.words).toContain('Please leave out your name');
  });

  test('the account speaks the language in which it was created', async () => {
    const at = await house.atForm(openBrowser(house.app.url), { ui_locales: 'de-AT en' });
    expect(at.page.headers['content-language']).toBe('de');

    const page = await at.browser.submit(at.page, { email: 'mia@example.com', displayName: 'Mia', password });
    expect(page.headers['content-language']).toBe('de');
    expect((await house.app.mail.to('mia@example.com')).subject).toBe('Bestätigen Sie Ihre E-Mail-Adresse');

    await confirm(at, page, await house.codeTo('mia@example.com'));
    expect((await house.accountOf('mia@example.com'))?.locale).toBe('de');
  });

  describe('prompt=create', () => {
    test('leads newcomers there at once, who may still say that they have an account', async () => {
      const { browser, page } = await house.atForm(openBrowser(house.app.url), {
        prompt: 'create',
        login_hint: 'leo@example.com',
      });

      expect(new URL(page.url).pathname).toMatch(/^\/sign-in\/[^/]+\/register$/);
      expect(page.forms[0]?.fields).toMatchObject({ email: 'leo@example.com' });

      const link = /href="(\/sign-in\/[^"]+as=another)"/.exec(page.html)?.[1] ?? '';
      expect((await browser.open(link)).words).toContain('Sign in to go on to');
    });

    test('ends at the app, also where somebody was signed in', async () => {
      const ann = await house.app.account();
      const { browser } = await house.wiki.signIn(ann);
      const at = await house.atForm(browser, { prompt: 'create' });
      const page = await browser.submit(at.page, { email: 'max@example.com', displayName: 'Max', password });
      const after = await confirm({ browser }, page, await house.codeTo('max@example.com'));
      const claims = (await house.wiki.redeem(at.departure, after.location ?? '')).claims();

      expect(claims?.sub).toBe((await house.accountOf('max@example.com'))?.id);
    });

    test('is told to apps, and combined with none it is refused', async () => {
      const discovery = await openBrowser(house.app.url).get('/.well-known/openid-configuration');
      expect(JSON.parse(discovery.html)).toMatchObject({ prompt_values_supported: expect.arrayContaining(['create']) });

      const { url } = await house.wiki.request({ prompt: 'none create' });
      expect((await openBrowser(house.app.url).open(url.href)).location).toContain('error=invalid_request');
    });
  });

  test('the form can be gone back to; the new address gets the code', async () => {
    const { browser, page } = await house.begin('typo@example.com');
    const back = await browser.open(new URL(page.url).pathname.replace('/code', ''));
    expect(back.forms[0]?.fields).toMatchObject({ email: 'typo@example.com', displayName: 'Ada', password: '' });

    const again = await browser.submit(back, { email: 'right@example.com', displayName: 'Ada', password });
    await confirm({ browser }, again, await house.codeTo('right@example.com'));
    expect(await house.accountOf('right@example.com')).toBeDefined();
    expect(await house.accountOf('typo@example.com')).toBeUndefined();
  });

  test('S97: an app that must have two factors gets a newcomer who has set one up', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:gatehouse:acr:2' } } });
    const at = await house.atForm(openBrowser(house.app.url), { claims });
    const page = await at.browser.submit(at.page, { email: 'strong@example.com', displayName: 'Ada', password });
    const after = await confirm(at, page, await house.codeTo('strong@example.com'));

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
