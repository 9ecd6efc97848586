import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refreshTokenGrant } from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { createOutage } from '../support/outage.ts';
import { relyingParty, type Person, type RelyingParty } from '../support/relying-party.ts';

const path = '/account/sign-in-and-security';
const wanted = 'nine herons judge the moor';
const minute = 60_000;

describe('changing one’s password', () => {
  let app: TestApp;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp();
    const metadata = {
      redirect_uris: ['https://wiki.example.net/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      first_party: true,
    };
    wiki = await relyingParty(app, await app.client('web', metadata));
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function signIn({ email, password }: Person, browser = openBrowser(app.url)) {
    const page = await browser.submit(await browser.open(path), { email, password });

    return { browser, page };
  }

  async function change(browser: Browser, current: string, next = wanted) {
    const fields = { currentPassword: current, newPassword: next, confirmPassword: next };

    return browser.submit(await browser.open(path), fields, { form: path });
  }

  const atWiki = (person: Person) =>
    wiki.signIn(person, { request: { scope: 'openid offline_access', prompt: 'consent' } });
  const isIn = async (browser: Browser) =>
    new URL((await browser.open('/account')).url).pathname.startsWith('/account');
  const refresh = (token = '') => refreshTokenGrant(wiki.config, token);

  test('S69: a wrong current one is refused and counted; with the right one the old one signs nobody in', async () => {
    const ana = await app.account();
    const { browser } = await signIn(ana);

    for (let index = 0; index < 5; index += 1) {
      expect((await change(browser, `a wrong one ${index}`)).status).toBe(422);
    }

    const waiting = await change(browser, ana.password);
    expect([waiting.status, Number(waiting.headers['retry-after'])]).toEqual([429, expect.any(Number)]);

    app.clock.advance(minute);
    expect((await change(browser, ana.password)).words).toContain('Your password is changed');

    expect((await signIn(ana)).page.words).toContain('don’t match');
    expect((await signIn({ ...ana, password: wanted })).page.title).toContain('Sign-in &amp; security');

    const { events } = await app.services.events.read(ana);
    expect(events.filter(({ kind }) => kind === 'password.changed')).toHaveLength(1);
  });

  test('S70: other browsers and what apps were given there are out at once, this one goes on under a new id', async () => {
    const ana = await app.account();
    const here = await atWiki(ana);
    const there = await atWiki(ana);
    const thief = openBrowser(app.url);
    for (const cookie of await here.browser.jar.getCookies(app.url)) await thief.jar.setCookie(cookie, app.url);
    expect(await Promise.all([here.browser, there.browser, thief].map(isIn))).toEqual([true, true, true]);

    await change(here.browser, ana.password);

    expect(await Promise.all([here.browser, there.browser, thief].map(isIn))).toEqual([true, false, false]);
    await expect(refresh(there.tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(refresh(here.tokens.refresh_token)).resolves.toMatchObject({ access_token: expect.any(String) });
  });

  test('S70: a sign-in with the old password that was not finished by then is worth nothing', async () => {
    const ana = await app.account();
    const { browser } = await signIn(ana);
    const late = openBrowser(app.url);
    const { email, password } = ana;
    const onItsWay = await late.submit(await late.open(path), { email, password }, { follow: false });
    app.clock.advance(1000);

    await change(browser, password);

    const asked = await late.follow(onItsWay);
    expect(new URL(asked.url).pathname).toMatch(/^\/sign-in\//);
    expect(await isIn(late)).toBe(false);
    expect(new URL((await late.submit(asked, { email, password: wanted })).url).pathname).toBe(path);
  });

  test('S70: the tick can be taken out', async () => {
    const ana = await app.account();
    const { browser } = await signIn(ana);
    const there = await atWiki(ana);
    const fields = { currentPassword: ana.password, newPassword: wanted, confirmPassword: wanted };

    await browser.submit(await browser.open(path), { ...fields, everywhere: undefined }, { form: path });

    expect(await isIn(there.browser)).toBe(true);
    await expect(refresh(there.tokens.refresh_token)).resolves.toBeDefined();
  });

  test('a sign-in that is too old is asked for again, and leads back', async () => {
    const ana = await app.account();
    const { browser } = await signIn(ana);
    app.clock.advance(10 * minute);

    const asked = await browser.open(path);
    expect(asked.words).toContain('Confirm that it’s you');

    const back = await browser.submit(asked, { password: ana.password });
    expect(new URL(back.url).pathname).toBe(path);
    expect((await change(browser, ana.password)).words).toContain('signed out everywhere else');
  });

  test('fifty changes at once end in one password, with which one can sign in', async () => {
    const ana = await app.account();
    const { browser } = await signIn(ana);
    const page = await browser.open(path);
    const nexts = Array.from({ length: 50 }, (_, index) => `${wanted} ${index}`);

    const answers = await Promise.all(
      nexts.map((next) => {
        const fields = { currentPassword: ana.password, newPassword: next, confirmPassword: next };
        return browser.submit(page, fields, { form: path, follow: false });
      }),
    );
    const winners = nexts.filter((_, index) => answers[index]?.location === app.url + path);

    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    await expect(app.services.passwords.verify(ana.id, winners[0] ?? '')).resolves.toBe(true);
    expect(await isIn(browser)).toBe(true);
  });
});

test('S113: a password is changed and set together with the mail that tells of it, or not at all', async () => {
  const outage = createOutage();
  await using app = await startTestApp({ aroundStores: outage.around });
  const { email, password, id } = await app.account();
  const browser = openBrowser(app.url);
  const form = await browser.submit(await browser.open(path), { email, password });
  const told = async () => (await app.mail.allTo(email)).filter(({ template }) => template === 'password-changed');
  const fields = { currentPassword: password, newPassword: wanted, confirmPassword: wanted };

  outage.take('records.messages.create');
  expect((await browser.submit(form, fields, { form: path })).status).toBe(503);
  await expect(app.services.accounts.setPassword(id, wanted, { actor: 'command-line' })).rejects.toThrow();
  outage.mend();

  const elsewhere = openBrowser(app.url);
  const inside = await elsewhere.submit(await elsewhere.open(path), { email, password });
  expect(new URL(inside.url).pathname).toBe(path);
  expect(await told()).toHaveLength(0);

  expect((await browser.submit(await browser.open(path), fields, { form: path })).status).toBe(200);
  expect(await told()).toHaveLength(1);
});
