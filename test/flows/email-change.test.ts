import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { totpAt } from '../support/totp.ts';

const personal = '/account/personal-information';
const day = 86_400_000;

interface Person {
  id: string;
  email: string;
  password: string;
}

/** S82: another address, as a person meets it: typed, proved by its code, told to the old one, taken back. */
describe('a change of the e-mail address', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function inConsole({ email, password }: Pick<Person, 'email' | 'password'>): Promise<Browser> {
    const browser = openBrowser(app.url);
    const page = await browser.submit(await browser.open('/account'), { email, password });
    expect(new URL(page.url).pathname).toBe(personal);

    return browser;
  }

  async function ask(browser: Browser, email: string): Promise<Page> {
    return browser.submit(await browser.open(`${personal}/email`), { email });
  }

  /** Changes it; answers the page behind it. */
  async function change(browser: Browser, email: string): Promise<Page> {
    const page = await ask(browser, email);

    return browser.submit(page, { code: (await app.mail.to(email, 'change-email-code')).code });
  }

  const stored = async (id: string) => (await app.services.accounts.get(id))!;
  const textsTo = async (email: string) => (await app.mail.allTo(email)).map(({ template }) => template);

  test('the old address stays in force until the code was entered; then the new one is verified, and the old one told', async () => {
    const ana = await app.account({ email: 'ana@example.com' });
    const browser = await inConsole(ana);

    const page = await ask(browser, 'Ana@New.example');
    expect(new URL(page.url).pathname).toBe(`${personal}/email/code`);
    expect(page.words).toContain('We have sent a code to Ana@New.example');
    expect((await browser.open(personal)).words).toContain('A code was sent to Ana@New.example.');
    expect((await stored(ana.id)).email).toBe('ana@example.com');

    const { code } = await app.mail.to('Ana@New.example', 'change-email-code');
    const done = await browser.submit(page, { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    expect(done.words).toContain('Your e-mail address is verified');
    expect(done.words).toContain('E-mail Verified Ana@New.example');
    expect(await stored(ana.id)).toMatchObject({ email: 'Ana@New.example', emailVerified: true });

    const told = await app.mail.to('ana@example.com', 'email-changed');
    expect(told.text).toContain('Ana@New.example');
    expect(told.link).toContain(`${app.url}/undo-email-change?code=`);

    const again = await openBrowser(app.url).open('/account');
    const refused = await openBrowser(app.url).submit(again, { email: 'ana@example.com', password: ana.password });
    expect(refused.words).not.toContain('Personal information');
    await inConsole({ email: 'ana@new.example', password: ana.password });
  });

  test('a wrong code changes nothing; another code ends the first; what waits can be cancelled', async () => {
    const ben = await app.account();
    const browser = await inConsole(ben);
    const page = await ask(browser, 'ben@new.example');
    const { code } = await app.mail.to('ben@new.example', 'change-email-code');

    const wrong = await browser.submit(page, { code: code === '000000' ? '000001' : '000000' });
    expect(wrong.status).toBe(422);
    expect(wrong.words).toContain('This code is not right.');
    expect((await browser.submit(wrong, { code: '' })).words).toContain('Type the code.');

    const resent = await browser.submit(wrong, { again: 'on' });
    expect(resent.words).toContain('A code is on its way.');
    const newer = await app.mail.to('ben@new.example', 'change-email-code');
    if (newer.code !== code) expect((await browser.submit(resent, { code })).status).toBe(422);

    const cancelled = await browser.submit(resent, {}, { form: '/cancel' });
    expect(cancelled.words).toContain('Nothing was changed.');
    expect(cancelled.words).not.toContain('ben@new.example');
    expect((await browser.submit(resent, { code: newer.code })).words).not.toContain('Verified ben@new.example');
    expect((await stored(ben.id)).email).toBe(ben.email);
  });

  test('S93: the code is right in the browser that asked, and the pending change is seen in the others', async () => {
    const cleo = await app.account();
    const first = await inConsole(cleo);
    await ask(first, 'cleo@new.example');
    const { code } = await app.mail.to('cleo@new.example', 'change-email-code');

    const second = await inConsole(cleo);
    const page = await second.open(`${personal}/email/code`);
    expect(page.words).toContain('from another browser');
    const { csrf = '' } = page.forms.find(({ action }) => action.endsWith('/email/code'))?.fields ?? {};
    const tried = await second.post(`${personal}/email/code`, { csrf, code });
    expect(tried.status).toBe(422);
    expect((await stored(cleo.id)).email).toBe(cleo.email);
  });

  test('nothing typed is lost, and what is no address or the same one is said beside the field', async () => {
    const dan = await app.account();
    const browser = await inConsole(dan);

    const wrong = await ask(browser, 'dan at example');
    expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('This is not an e-mail address')]);
    expect(wrong.html).toContain('value="dan at example"');
    expect((await ask(browser, dan.email)).words).toContain('This is your e-mail address already.');
  });

  test('S71, S82: somebody else’s address gets the same answers, no code is right, and its owner is told once a day', async () => {
    const [eve, owner] = [await app.account(), await app.account()];
    const browser = await inConsole(eve);

    const free = await ask(browser, 'free@new.example');
    const taken = await ask(browser, owner.email.toUpperCase());
    const typed = owner.email.toUpperCase();
    const same = (page: Page, email: string) => page.html.replaceAll(email, 'X').replaceAll(/value="[\w.-]{20,}"/g, '');
    expect([taken.status, taken.url]).toEqual([free.status, free.url]);
    expect(same(taken, typed)).toBe(same(free, 'free@new.example'));

    // On the way to a second one: the codes of the first address are over by now.
    const answersOf = async (asked: Page) => {
      const answers: string[] = [];
      let page = asked;
      for (let tries = 0; tries < 5; tries += 1) {
        page = await browser.submit(page, { code: String(tries).repeat(6) });
        answers.push(
          `${page.status} ${/class="(?:problem|notice bad)"[^]*?<\/(?:span|div)>/.exec(page.html)?.[0] ?? ''}`,
        );
      }

      return answers;
    };
    const answers = await answersOf(taken);
    expect(answers.join()).toMatch(/is not right.*Tries left: 2.*Tries left: 1.*not valid any more/s);

    app.clock.advance(3_600_000);
    const later = await inConsole(eve);
    const other = await later.submit(await later.open(`${personal}/email`), { email: 'other@new.example' });
    for (const [at, answer] of answers.entries()) {
      const page = await later.submit(other, { code: String(at).repeat(6) });
      expect(answer).toContain(String(page.status));
    }

    expect((await stored(eve.id)).email).toBe(eve.email);
    expect(await textsTo(owner.email)).toEqual(['address-tried']);
    expect(await textsTo(typed)).toEqual([]);
  });

  test('S73: a link to choose a new password that went to the old address is dead', async () => {
    const fay = await app.account();
    const { oneTimeSecrets } = app.services;
    const { secret } = await oneTimeSecrets.issue({ purpose: 'password-reset', accountId: fay.id });
    expect(await oneTimeSecrets.find('password-reset', secret)).toBeDefined();

    await change(await inConsole(fay), 'fay@new.example');
    expect(await oneTimeSecrets.find('password-reset', secret)).toBeUndefined();
  });

  test('an address that is not verified is verified here, too', async () => {
    const gus = await app.account();
    const browser = await inConsole(gus);
    await app.services.records.accounts.update(gus.id, (old) => ({ ...old, emailVerified: false }));

    const page = await browser.open(personal);
    expect(page.words).toContain('Not verified');
    const asked = await browser.submit(page, {}, { form: '/email' });
    const { code } = await app.mail.to(gus.email, 'change-email-code');
    expect((await browser.submit(asked, { code })).words).toContain(`E-mail Verified ${gus.email}`);
    expect(await textsTo(gus.email)).toEqual(['change-email-code']);
  });

  describe('taken back', () => {
    async function changed(email: string): Promise<{ person: Person; browser: Browser; link: string }> {
      const person = await app.account();
      const browser = await inConsole(person);
      await change(browser, email);

      return { person, browser, link: (await app.mail.to(person.email, 'email-changed')).link };
    }

    test('opening the link has no effect; with the password it is taken back, once, and everybody is signed out', async () => {
      const { person, browser, link } = await changed('hal@new.example');
      const owner = openBrowser(app.url);

      const page = await owner.open(link);
      expect(page.words).toContain(person.email);
      expect((await stored(person.id)).email).toBe('hal@new.example');

      const wrong = await owner.submit(page, { proofPassword: 'a wrong one' });
      expect(wrong.words).toContain('This was not your password before the change.');
      expect((await stored(person.id)).email).toBe('hal@new.example');

      const done = await owner.submit(wrong, { proofPassword: person.password });
      expect(done.words).toContain('The change is taken back');
      expect(await stored(person.id)).toMatchObject({ email: person.email, emailVerified: true, formerEmails: [] });

      // Nobody is signed in by it, and nobody is any more.
      for (const one of [owner, browser]) {
        expect(new URL((await one.open('/account')).url).pathname).toMatch(/^\/sign-in\//);
      }
      expect(await textsTo('hal@new.example')).toEqual(['change-email-code', 'email-undone']);
      expect((await owner.open(link)).status).toBe(410);
      await inConsole(person);
    });

    test('the code beside the link works as well, however it is typed', async () => {
      const { person, link } = await changed('ida@new.example');
      const owner = openBrowser(app.url);
      const secret = new URL(link).searchParams.get('code') ?? '';
      const grouped = (secret.match(/.{1,4}/g) ?? []).join('-').toLowerCase();
      expect((await app.mail.to(person.email, 'email-changed')).text).toContain(grouped.toUpperCase());

      const page = await owner.open('/undo-email-change');
      expect((await owner.submit(page, { code: 'nonsense' })).status).toBe(422);
      const found = await owner.submit(page, { code: ` ${grouped} ` });
      const done = await owner.submit(found, { proofPassword: person.password });
      expect(done.words).toContain('The change is taken back');
    });

    test('the password from before counts, and no newer one', async () => {
      const { person, browser, link } = await changed('jo@new.example');
      const newer = 'nine herons judge the moor';
      const changing = { currentPassword: person.password, newPassword: newer, confirmPassword: newer };
      await browser.submit(await browser.open('/account/sign-in-and-security'), changing);

      const owner = openBrowser(app.url);
      const page = await owner.open(link);
      expect((await owner.submit(page, { proofPassword: newer })).status).toBe(422);
      expect((await owner.submit(page, { proofPassword: person.password })).words).toContain('taken back');
    });

    test('a second factor from before counts although it was removed since; it is not put back', async () => {
      const kim = await app.account();
      const browser = await inConsole(kim);
      const security = '/account/sign-in-and-security';
      const begun = await browser.submit(await browser.open(security), {}, { form: '/authenticator/begin' });
      const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
      await browser.submit(begun, { code: totpAt(secret, app.clock.now()) }, { form: '/authenticator' });
      await change(browser, 'kim@new.example');
      await browser.submit(await browser.open(`${security}/two-factor-off`), {}, { form: '/two-factor-off' });

      const owner = openBrowser(app.url);
      const { link } = await app.mail.to(kim.email, 'email-changed');
      const page = await owner.open(`${link}&by=authenticator`);
      app.clock.advance(30_000);
      const done = await owner.submit(page, { code: totpAt(secret, app.clock.now()) });

      expect(done.words).toContain('taken back');
      expect((await app.services.factors.of(kim.id)).authenticators).toEqual([]);
    });

    test('later changes are taken back as well, and their links are dead', async () => {
      const { person, browser, link } = await changed('lea@new.example');
      await change(browser, 'lea@newer.example');
      const later = (await app.mail.to('lea@new.example', 'email-changed')).link;

      const owner = openBrowser(app.url);
      await owner.submit(await owner.open(link), { proofPassword: person.password });
      expect((await stored(person.id)).email).toBe(person.email);
      expect((await owner.open(later)).status).toBe(410);
      expect(await textsTo('lea@newer.example')).toContain('email-undone');

      // Neither is kept from anybody any more.
      for (const email of ['lea@new.example', 'lea@newer.example']) await app.account({ email });
    });

    test('whoever had the mailbox in between can’t undo that the person went back', async () => {
      const { person, browser } = await changed('max@new.example');
      await change(browser, person.email);

      expect((await stored(person.id)).email).toBe(person.email);
      const told = await app.mail.to('max@new.example', 'email-changed');
      expect(told.text).not.toContain('/undo-email-change');
    });

    test('for seven days, in which the old address is nobody else’s', async () => {
      const { person, link } = await changed('nat@new.example');
      const other = await app.account();
      const browser = await inConsole(other);

      await ask(browser, person.email);
      expect(await textsTo(person.email)).toEqual(['email-changed', 'address-kept']);
      await expect(app.account({ email: person.email })).rejects.toThrow('problem.emailTaken');

      app.clock.advance(7 * day - 60_000);
      expect((await openBrowser(app.url).open(link)).status).toBe(200);

      app.clock.advance(61_000);
      expect((await openBrowser(app.url).open(link)).status).toBe(410);
      expect((await app.account({ email: person.email })).email).toBe(person.email);
    });

    test('an address that was never verified is told nothing and leads nowhere back', async () => {
      const oda = await app.account();
      const browser = await inConsole(oda);
      await app.services.records.accounts.update(oda.id, (old) => ({ ...old, emailVerified: false }));
      await change(browser, 'oda@new.example');

      expect(await textsTo(oda.email)).toEqual([]);
      expect((await app.account({ email: oda.email })).email).toBe(oda.email);
    });

    test('guesses are slowed down', async () => {
      const { link } = await changed('pia@new.example');
      const thief = openBrowser(app.url);
      const page = await thief.open(link);
      const statuses: number[] = [];

      for (let tries = 0; tries < 7; tries += 1) {
        statuses.push((await thief.submit(page, { proofPassword: `guess ${tries}` })).status);
      }
      expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429]);
    });
  });
});
