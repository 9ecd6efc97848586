import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { startSecureApp } from '../security/web/secure.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { startTextServer, type TextServer } from '../support/text-server.ts';

const personal = '/account/personal-information';

interface Person {
  id: string;
  email: string;
  password: string;
}

async function inConsole(app: TestApp, { email, password }: Person): Promise<Browser> {
  const browser = openBrowser(app.url);
  await browser.submit(await browser.open('/account'), { email, password });

  return browser;
}

async function accountOf(app: TestApp, { id }: { id: string }) {
  const account = await app.services.accounts.get(id);
  if (!account) throw new Error('the account is gone');

  return account;
}

const ask = async (browser: Browser, fields: { number: string; country?: string }): Promise<Page> =>
  browser.submit(await browser.open(`${personal}/phone`), fields);

/** The mobile number, as a person meets it: typed as they dial it, proved by its code, used, removed. */
describe('the mobile number', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { GATEHOUSE_MESSAGES_SMS_CAPS_PER_ADDRESS: '1000' } });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const stored = async (id: string) => (await app.services.accounts.get(id))?.phone;
  const textsTo = async (email: string) => (await app.mail.allTo(email)).map(({ template }) => template);

  async function withPhone(number: string): Promise<{ person: Person; browser: Browser }> {
    const person = await app.account();
    const browser = await inConsole(app, person);
    const page = await ask(browser, { number });
    await browser.submit(page, { code: (await app.texts.to(number, 'phone-code')).code });

    return { person, browser };
  }

  /** Turns text messages on as second factor and proves it, as the next page wants it (S96). */
  async function withFactor(browser: Browser, person: Person, number: string): Promise<void> {
    const security = '/account/sign-in-and-security';
    await browser.submit(await browser.open(security), { method: 'text' }, { form: '/add' });

    const { email, password } = person;
    const second = await browser.submit(await browser.open(security), { email, password });
    const { code } = await app.texts.to(number, 'sign-in-code-text');
    await browser.submit(second, { code }, { form: '/second-factor' });
  }

  test('S61: the number that makes up for a short password stays until there is a longer one', async () => {
    const { person, browser } = await withPhone('+4915112345001');
    await withFactor(browser, person, '+4915112345001');
    const set = await app.services.accounts.setPassword(person.id, 'k7#vPq2m', { actor: 'command-line' });
    expect(set?.ok).toBe(true);

    const page = await browser.open(`${personal}/phone/remove`);
    expect(page.words).toContain('two-factor authentication is then off');
    expect(page.words).toContain('Choose one of at least 15 characters first');
    expect(page.forms.map(({ action }) => action)).not.toContain(`${personal}/phone/remove`);

    const { csrf = '' } = page.forms.find(({ names }) => names.includes('csrf'))?.fields ?? {};
    const forced = await browser.post(`${personal}/phone/remove`, { csrf });
    expect([forced.status, forced.words]).toEqual([422, expect.stringContaining('too short to be the only thing')]);
    expect(await stored(person.id)).toEqual({ number: '+4915112345001', verified: true });
  });

  test('is kept in E.164, shown as it is dialled, and counts once its code was entered', async () => {
    const ana = await app.account();
    const browser = await inConsole(app, ana);

    const page = await ask(browser, { number: '0151-1234 5678', country: 'DE' });
    expect(page.words).toContain('We have sent a code to 01511 2345678');
    expect(await stored(ana.id)).toBeUndefined();
    expect((await browser.open(personal)).words).toContain('A code was sent to 01511 2345678.');

    const { code } = await app.texts.to('+4915112345678', 'phone-code');
    const done = await browser.submit(page, { code });
    expect(done.words).toContain('Your mobile number is verified.');
    expect(done.words).toContain('Mobile phone Verified 01511 2345678 (Germany)');
    expect(await stored(ana.id)).toEqual({ number: '+4915112345678', verified: true });
    expect(await textsTo(ana.email)).toEqual(['phone-changed']);
    expect((await app.mail.to(ana.email)).text).toContain('•••• 78');
  });

  test.each([
    ['06 12 34 56 78', 'FR', '+33612345678'],
    ['010-1234-5678', 'KR', '+821012345678'],
    ['090-1234-5678', 'JP', '+819012345678'],
    ['612 34 56 78', 'ES', '+34612345678'],
    ['(415) 555-2671', 'US', '+14155552671'],
    ['+44 7911 123456', 'DE', '+447911123456'],
    ['00 33 6 12 34 56 78', 'DE', '+33612345678'],
    ['＋８１ ９０ １２３４ ５６７８', 'DE', '+819012345678'],
  ])('%s in %s is %s', async (number, country, expected) => {
    const person = await app.account();
    const browser = await inConsole(app, person);
    await ask(browser, { number, country });

    expect((await app.texts.to(expected, 'phone-code')).text).toContain('is your code');
  });

  test.each(['12', 'my phone', '+999 1234 5678', '0151 12345678 ext. 9', '+49 151 12345678; drop'])(
    '%s is no number: said beside the field, and nothing typed is lost',
    async (number) => {
      const person = await app.account();
      const page = await ask(await inConsole(app, person), { number, country: 'FR' });

      expect(page.status).toBe(422);
      expect(page.words).toContain('This is no phone number of the chosen country.');
      expect(page.html).toContain(`value="${number}"`);
      expect(page.html).toMatch(/<option value="FR" selected/);
    },
  );

  test('a wrong code changes nothing; it can be cancelled; only the newest code is right', async () => {
    const ben = await app.account();
    const browser = await inConsole(app, ben);
    const page = await ask(browser, { number: '+4915112340001' });
    const { code } = await app.texts.to('+4915112340001');

    const wrong = await browser.submit(page, { code: code === '000000' ? '000001' : '000000' });
    expect([wrong.status, await stored(ben.id)]).toEqual([422, undefined]);

    const cancelled = await browser.submit(wrong, {}, { form: '/cancel' });
    expect(cancelled.words).toContain('Nothing was changed.');
    expect((await browser.submit(page, { code })).words).not.toContain('is verified');
    expect(await stored(ben.id)).toBeUndefined();
  });

  test('removing it tells so, and takes the second factor along that it is', async () => {
    const { person, browser } = await withPhone('+4917112345601');
    await withFactor(browser, person, '+4917112345601');

    const page = await browser.open(`${personal}/phone/remove`);
    expect(page.words).toContain(
      'two-factor authentication is then off, and your password alone is enough to sign in.',
    );

    const removed = await browser.submit(page, {}, { form: '/phone/remove' });
    expect(removed.words).toContain('Your mobile number is removed.');
    expect(await stored(person.id)).toBeUndefined();
    expect((await app.services.factors.of(person.id)).text).toBeUndefined();
    expect((await textsTo(person.email)).slice(-2)).toEqual(['factor-removed', 'phone-changed']);
  });

  test('an administrator’s last strong factor is not removed that way', async () => {
    const root = await app.account({ administrator: true });
    const { services } = app;
    await services.records.accounts.update(root.id, (old) => ({
      ...old,
      phone: { number: '+4915112349999', verified: true },
    }));
    const account = await accountOf(app, root);
    await services.twoFactor.add(account, 'text', { actor: root.id });

    const removed = await services.phoneChange.remove(account, { actor: root.id });
    expect(removed).toMatchObject({ ok: false, problems: [{ key: 'problem.lastStrongFactor' }] });
    expect(await stored(root.id)).toBeDefined();
  });

  test('a code for the second factor that went to the old number is dead once there is another', async () => {
    const { person, browser } = await withPhone('+4917112345602');
    const { services } = app;
    await withFactor(browser, person, '+4917112345602');
    const account = await accountOf(app, person);
    let code = '';
    const binding = 'sign-in of somebody else';
    await services.secondFactor.send(account, { method: 'text', binding }, (issued) => {
      code = issued.code;
      return [];
    });

    const page = await ask(browser, { number: '+4915112340002' });
    await browser.submit(page, { code: (await app.texts.to('+4915112340002')).code });

    const tried = { purpose: 'second-factor:text', accountId: person.id, binding, code } as const;
    expect(await services.oneTimeCodes.check(tried)).toEqual({ outcome: 'ended' });
    expect(await stored(person.id)).toEqual({ number: '+4915112340002', verified: true });
  });

  test.each([
    ['030 901820', 'DE'],
    ['+33 1 23 45 67 89', 'DE'],
  ])('a landline gets no text message: %s', async (number, country) => {
    const browser = await inConsole(app, await app.account());
    const page = await ask(browser, { number, country });

    expect([page.status, page.words]).toEqual([422, expect.stringContaining('This is a landline number.')]);
    expect(page.html).toContain('id="field-number-problem"');
  });

  test('where the digits don’t tell whether it is a landline, it is asked for a code', async () => {
    const { person } = await withPhone('+12125550123');

    expect(await stored(person.id)).toEqual({ number: '+12125550123', verified: true });
  });
});

describe('in production without a mail server and Twilio', () => {
  test('it says so in words; the number is kept without being verified, the address stays', async () => {
    await using app = await startSecureApp();
    const { email, password } = await app.account();
    const browser = openBrowser(app.url, app.reach);
    await browser.submit(await browser.open('/account'), { email, password });

    const page = await browser.open(`${personal}/phone`);
    expect(page.words).toContain('Whoever runs this service has not set up text messages.');
    const kept = await browser.submit(page, { number: '+44 7400 123456' });
    expect(kept.words).toContain('Your number is saved. It is not verified');
    expect(kept.words).toContain('Mobile phone Not verified 07400 123456 (United Kingdom)');

    expect((await browser.open(`${personal}/email`)).words).toContain('This service sends no e-mail');
  });
});

describe('through Twilio', () => {
  let provider: TextServer;
  let app: TestApp;

  beforeAll(async () => {
    provider = await startTextServer();
    app = await startTestApp({
      env: { ...provider.env },
      config: 'messages: { sms: { caps: { per_number: 2 } } }',
    });
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });

  test('the code arrives; numbers of other countries are kept without proof; S99: caps hold and say how long', async () => {
    const ana = await app.account();
    const browser = await inConsole(app, ana);

    const page = await ask(browser, { number: '0151 12345678', country: 'DE' });
    await provider.accepted.reaches(1);
    const code = /\d{6}/.exec(provider.to('+4915112345678').body)?.[0] ?? '';
    expect((await browser.submit(page, { code })).words).toContain('is verified');

    const warned = await ask(browser, { number: '+44 7400 123456', country: 'DE' });
    expect(warned.status).toBe(422);
    expect(warned.words).toContain('It would replace your number 01511 2345678, which is.');
    expect(warned.forms.find(({ names }) => names.includes('number'))?.fields).toMatchObject({
      number: '+44 7400 123456',
      country: 'GB',
    });
    expect((await accountOf(app, ana)).phone).toEqual({ number: '+4915112345678', verified: true });

    const kept = await browser.submit(warned, { unproved: 'on' }, { form: '/phone' });
    expect(kept.words).toContain('It is not verified');
    expect(kept.words).toContain('sends no text messages to numbers of this country');
    expect(kept.html).not.toContain('id="verify-phone"');

    const { csrf = '' } = kept.forms.find(({ names }) => names.includes('csrf'))?.fields ?? {};
    const forced = await browser.post(`${personal}/phone`, { csrf, number: '+447400123456' });
    expect(forced.words).toContain('can be sent');
    expect(forced.html).toMatch(/<option value="GB" selected>/);

    const cleo = await app.account();
    await app.services.records.accounts.update(cleo.id, (old) => ({
      ...old,
      phone: { number: '+4915112345670', verified: true },
    }));
    const account = await accountOf(app, cleo);
    await app.services.twoFactor.add(account, 'text', { actor: cleo.id });
    const from = { ip: '192.0.2.1', userAgent: '', requestId: '' };
    const asking = { binding: 'account 1', from, locale: 'en' } as const;
    const asked = await app.services.phoneChange.ask(account, { number: '+447400123456' }, asking);
    expect(asked).toMatchObject({ ok: false, problems: [{ path: 'number', key: 'problem.phoneIsFactor' }] });

    const ben = await inConsole(app, await app.account());
    await ask(ben, { number: '+4915112345678' });
    const full = await ask(ben, { number: '+4915112345678' });
    expect(full.status).toBe(429);
    // The cap is of a day (UTC), whose rest may be minutes.
    expect(full.words).toMatch(/Too many codes were sent or tried. Wait \d+ (hours?|minutes?)/);
  });
});
