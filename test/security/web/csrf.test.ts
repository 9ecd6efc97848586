import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import type { Registered } from '../../../src/operations/clients.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { authorize, isSignedIn, sessionsOf, signIn } from './visits.ts';

type Person = Account & { password: string };

describe('forms that the person did not mean', () => {
  let app: TestApp;
  let ana: Person;
  let mallory: Person;
  let wiki: Registered;

  beforeAll(async () => {
    app = await startTestApp();
    ana = await app.account({ email: 'ana@example.com' });
    mallory = await app.account({ email: 'mallory@example.com' });
    wiki = await app.client('web', { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const request = (more: Record<string, string> = {}) => authorize(wiki.client.id, 'https://wiki.example.net/cb', more);

  const tokenIn = (page: Page) => page.forms.find(({ names }) => names.includes('csrf'))?.fields['csrf'] ?? '';

  describe('no request signs anybody in by itself', () => {
    test.each(['', 'login', 'select_account', 'consent'])(
      'S23: looking makes no session (prompt=%j)',
      async (prompt) => {
        const browser = openBrowser(app.url);

        await browser.open(request(prompt === '' ? {} : { prompt, login_hint: ana.email }));

        expect(await isSignedIn(browser)).toBe(false);
      },
    );

    test('S23: credentials in the address of a page are never tried', async () => {
      const browser = openBrowser(app.url);
      const door = await browser.open('/account');

      const query = new URLSearchParams({ email: ana.email, password: ana.password });
      await browser.open(`${new URL(door.url).pathname}?${query.toString()}`);

      expect(await isSignedIn(browser)).toBe(false);
    });

    test('S23: the steps that an attacker took are nobody’s in another browser', async () => {
      const theirs = openBrowser(app.url);
      const door = await theirs.open(request());
      const resume = await theirs.submit(door, { email: mallory.email, password: mallory.password }, { follow: false });
      const victim = openBrowser(app.url);

      const page = await victim.open(String(resume.location));

      expect(page.status).toBe(410);
      expect(await isSignedIn(victim)).toBe(false);
      expect(await sessionsOf(app, mallory.id)).toBe(0);
    });
  });

  type Forged = (page: Page) => Promise<{ fields: Record<string, string>; headers: Record<string, string> }>;

  const forgeries: [string, Forged][] = [
    ['without the token', async () => ({ fields: {}, headers: {} })],
    ['with an empty one', async () => ({ fields: { csrf: '' }, headers: {} })],
    ['with a made-up one', async () => ({ fields: { csrf: 'A'.repeat(43) }, headers: {} })],
    [
      'with the token of another browser',
      async () => ({ fields: { csrf: tokenIn(await openBrowser(app.url).open('/account')) }, headers: {} }),
    ],
    [
      'from another site, with a right token',
      async (page) => ({ fields: { csrf: tokenIn(page) }, headers: { 'sec-fetch-site': 'cross-site' } }),
    ],
    [
      'from a neighbour under the same domain',
      async (page) => ({ fields: { csrf: tokenIn(page) }, headers: { 'sec-fetch-site': 'same-site' } }),
    ],
  ];

  describe.each(forgeries)('%s', (_how, forge) => {
    async function send(browser: Browser, page: Page, path: string, fields: Record<string, string> = {}) {
      const forged = await forge(page);
      return browser.post(path, { ...fields, ...forged.fields }, forged.headers);
    }

    test('S23: the sign-in form signs nobody in', async () => {
      const browser = openBrowser(app.url);
      const door = await browser.open(request());

      const page = await send(browser, door, door.url, { email: mallory.email, password: mallory.password });

      expect([page.status, page.location]).toEqual([403, undefined]);
      expect(page.html).not.toContain(mallory.password);
      expect(await isSignedIn(browser)).toBe(false);
      expect(await sessionsOf(app, mallory.id)).toBe(0);
    });

    test('S23: consent is not given', async () => {
      const browser = await signIn(app, ana);
      const asked = await browser.open(request());

      const page = await send(browser, asked, asked.url, { answer: 'allow', 'allow scope:email': 'on' });

      expect(page.status).toBe(403);
      expect(await app.services.records.consents.count('account', ana.id)).toBe(0);
      expect((await browser.open(request())).words).toContain('Wiki');
    });

    test('S23: nobody is signed out', async () => {
      const browser = await signIn(app, ana);

      await send(browser, await browser.open('/account'), '/account/sign-out');

      expect(await isSignedIn(browser)).toBe(true);
    });

    test('S23: nothing of the account is changed', async () => {
      const browser = await signIn(app, ana);
      const profile = await browser.open('/account/personal-information');

      await send(browser, profile, profile.url, {
        firstName: 'Evil',
        lastName: 'Evil',
        displayName: 'Evil',
        task: '',
        locale: 'en',
      });

      expect(await app.services.accounts.get(ana.id)).toMatchObject({ firstName: 'Ana', displayName: 'Ana Lind' });
    });

    test('S23: no password is changed, not even with the current one', async () => {
      const browser = await signIn(app, ana);
      const form = await browser.open('/account/sign-in-and-security');
      const newPassword = 'a-very-long-password-93-of-mallory';

      await send(browser, form, form.url, {
        currentPassword: ana.password,
        newPassword,
        confirmPassword: newPassword,
      });

      expect(await app.services.passwords.verify(ana.id, ana.password)).toBe(true);
    });

    test('S23: no administrator is made', async () => {
      const browser = openBrowser(app.url);
      const address = new URL(String(app.setupUrl));
      const setup = await browser.open(address.pathname + address.search);

      const page = await send(browser, setup, address.pathname + address.search, {
        email: 'boss@example.com',
        firstName: 'B',
        lastName: 'B',
        displayName: 'Boss',
        password: 'a-very-long-password-93-of-mallory',
      });

      expect(page.status).toBe(403);
      expect(await app.services.accounts.hasAdministrator()).toBe(false);
    });

    test.each(['refuse', 'switch'])('S23: the app is not told no, and no account is switched (%s)', async (word) => {
      const browser = await signIn(app, ana);
      const asked = await browser.open(request());
      const path = word === 'switch' ? `${asked.url}/switch` : asked.url;

      await send(browser, asked, path, word === 'switch' ? {} : { answer: 'refuse' });

      expect((await browser.get(asked.url)).words).toContain('Wiki');
    });

    test('S23: the language stays', async () => {
      const browser = openBrowser(app.url);

      await send(browser, await browser.open('/signed-out'), '/language', { locale: 'de', here: '/signed-out' });

      expect((await browser.open('/signed-out')).words).not.toContain('abgemeldet');
    });
  });

  describe('S23: two tabs of one browser, and another person has signed in since', () => {
    const security = '/account/sign-in-and-security';

    /** Bo's page is open in one tab; Ana signs in in the other. */
    async function bothIn(path: string) {
      const bo = await app.account();
      const browser = await signIn(app, bo);
      const page = await browser.open(path);
      await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
      await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });

      return { bo, browser, page };
    }

    test('what Bo typed is stored in nobody’s account', async () => {
      const { bo, browser, page } = await bothIn('/account/personal-information');

      const answer = await browser.submit(
        page,
        { firstName: 'Bo', displayName: 'Bo' },
        { form: 'personal-information' },
      );

      expect(answer.status).toBe(409);
      expect(answer.words).toContain('You are signed in as somebody else now');
      expect(await app.services.accounts.get(ana.id)).toMatchObject({ firstName: 'Ana', displayName: 'Ana Lind' });
      expect(await app.services.accounts.get(bo.id)).toMatchObject({ displayName: bo.displayName });
    });

    test.each([
      [`${security}/add`, { method: 'email' }],
      [`${security}/remove`, { method: 'email' }],
      [`${security}/two-factor-off`, {}],
      ['/account/personal-information/phone/remove', {}],
    ])('%s does nothing to Ana', async (path, fields) => {
      const { browser, page } = await bothIn(security);
      const before = await app.services.factors.of(ana.id);

      expect((await browser.post(path, { ...fields, csrf: tokenIn(page) })).status).toBe(409);
      expect(await app.services.factors.of(ana.id)).toEqual(before);
    });

    test('Bo, signed in again, sends the very page', async () => {
      const { bo, browser, page } = await bothIn('/account/personal-information');
      await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
      await browser.submit(await browser.open('/account'), { email: bo.email, password: bo.password });

      const answer = await browser.submit(page, { displayName: 'Bo' }, { form: 'personal-information' });

      expect(answer.words).toContain('Your changes are saved');
      expect(await app.services.accounts.get(bo.id)).toMatchObject({ displayName: 'Bo' });
    });

    test('what Bo sent without a session does not stand in the form of Ana, who signs in for it', async () => {
      const bo = await app.account();
      const browser = await signIn(app, bo);
      const page = await browser.open('/account/personal-information');
      await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });

      const door = await browser.submit(page, { displayName: 'Bo typed this' }, { form: 'personal-information' });
      const after = await browser.submit(door, { email: ana.email, password: ana.password });

      expect(after.words).toContain('What was typed before was for another account');
      expect(after.html).not.toContain('Bo typed this');
      expect(after.html).toContain('Ana Lind');
    });
  });

  test('S23: without Fetch Metadata, the Origin that an older browser sends decides', async () => {
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const fields = { csrf: tokenIn(door), email: ana.email, password: ana.password };
    const body = new URLSearchParams(fields).toString();
    const send = (origin: string) =>
      browser.send('POST', door.url, {
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
        body,
      });

    expect((await send('https://evil.example')).status).toBe(403);
    expect((await send('http://localhost:1')).status).toBe(403);
    expect(await isSignedIn(browser)).toBe(false);

    expect((await send(app.url)).status).toBe(303);
  });
});
