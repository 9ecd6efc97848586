import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, valueOf, type TestApp } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { enter } from '../security/web/visits.ts';

/** What is sent once stays sent once, and every page of a sign-in can be opened again where it stands. */
describe('reloading', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { GATEHOUSE_REGISTRATION_ALLOWED: 'true' } });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const count = async (email: string, template: string) =>
    (await app.mail.allTo(email)).filter((mail) => mail.template === template).length;
  const stepOf = ({ url }: Page) => new URL(url).pathname.split('/').slice(0, 3).join('/');

  test.each(['in a sign-in', 'outside'])('“Check your mail” sends no second link, %s', async (where) => {
    const ana = await app.account();
    const browser = openBrowser(app.url);
    const step = where === 'outside' ? '' : stepOf(await browser.open('/account'));
    const sent = await browser.submit(await browser.open(`${step}/forgot-password`), { email: ana.email });
    expect(sent.words).toContain(`If there is an account for ${ana.email}`);
    expect([sent.url.includes(ana.email), sent.url.includes(encodeURIComponent(ana.email))]).toEqual([false, false]);

    const again = await browser.open(sent.url);
    expect([again.status, again.words]).toEqual([200, sent.words]);
    expect(await count(ana.email, 'reset-password')).toBe(1);
    expect((await openBrowser(app.url).open((await app.mail.to(ana.email)).link)).status).toBe(200);

    // The address is sealed for this browser; elsewhere the page leads to the form.
    const elsewhere = openBrowser(app.url);
    await elsewhere.open('/forgot-password');
    const other = await elsewhere.open(sent.url);
    expect(other.html).not.toContain(ana.email);

    app.clock.advance(3_600_000);
    const late = await browser.open(`/forgot-password/sent${new URL(sent.url).search}`);
    expect(late.url).toBe(`${app.url}/forgot-password`);
  });

  test('what nobody sealed shows no address', async () => {
    const browser = openBrowser(app.url);
    for (const typed of ['x', 'v1.x.y', 'a'.repeat(5000), 'ana%40example.com']) {
      expect((await browser.open(`/forgot-password/sent?typed=${typed}`)).url).toBe(`${app.url}/forgot-password`);
    }
  });

  test('a typed address goes along to “Forgot password?”, “Create an account” and back', async () => {
    const browser = openBrowser(app.url);
    const wrong = await browser.submit(await browser.open('/account'), { email: 'ana@typed.example', password: 'x' });
    const linkTo = (page: Page, to: string) =>
      (new RegExp(`href="([^"]*/${to}[^"]*)"`).exec(page.html)?.[1] ?? '').replaceAll('&#38;', '&');
    const emailOn = (page: Page) => page.forms.find(({ names }) => names.includes('email'))?.fields['email'];

    expect(linkTo(wrong, 'forgot-password')).not.toContain('ana');
    const forgot = await browser.open(linkTo(wrong, 'forgot-password'));
    const register = await browser.open(linkTo(wrong, 'register'));
    expect([emailOn(forgot), emailOn(register)]).toEqual(['ana@typed.example', 'ana@typed.example']);

    const sent = await browser.submit(forgot, {});
    expect(emailOn(await browser.open(linkTo(sent, 'forgot-password')))).toBe('ana@typed.example');
    const back = /href="(\/sign-in\/[\w-]+\?typed=[^"]*)"/.exec(sent.html)?.[1] ?? '';
    expect(emailOn(await browser.open(back))).toBe('ana@typed.example');
  });

  test('after a limit on sending, the page stands where it can be opened again', async () => {
    const person = await app.account();
    valueOf(await app.services.twoFactor.add(person, 'email', { actor: person.id }));
    const browser = openBrowser(app.url);
    let page = await enter(browser, person);
    for (let n = 0; n < 20 && page.status !== 429; n += 1) page = await browser.submit(page, {}, { form: '/send' });
    expect([page.status, new URL(page.url).pathname]).toEqual([429, expect.stringMatching(/\/second-factor\/send$/)]);

    const again = await browser.open(page.url);
    expect([again.status, again.words]).toEqual([200, expect.stringContaining('One more step')]);
  });

  test('the same while registering, and while proving an address', async () => {
    const browser = openBrowser(app.url);
    const step = stepOf(await browser.open('/account'));
    const fields = { email: 'new@typed.example', displayName: 'New', password: 'quiet-marble-otter-48-lantern' };
    let page = await browser.submit(await browser.open(`${step}/register`), fields);
    expect((await browser.open(`${step}/register/send`)).words).toContain('new@typed.example');
    for (let n = 0; n < 20 && page.status !== 429; n += 1) page = await browser.submit(page, {}, { form: '/send' });
    expect([page.status, (await browser.open(page.url)).status]).toEqual([429, 200]);

    // Nobody who has not come so far sees anything.
    for (const place of ['second-factor/send', 'verify-email/send']) {
      const early = await browser.open(`${step}/${place}`);
      expect(new URL(early.url).pathname).toBe(step);
    }
  });
});
