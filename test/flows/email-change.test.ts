import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { addressVisits, personal, type AddressVisits } from './address-visits.ts';
import { openBrowser, type Page } from '../support/browser.ts';

/** S82: another address, as a person meets it: typed, proved by its code, told to the old one, taken back. */
describe('a change of the e-mail address', () => {
  let app: TestApp;
  let visits: AddressVisits;

  beforeAll(async () => {
    app = await startTestApp();
    visits = addressVisits(app);
  });

  afterAll(() => app[Symbol.asyncDispose]());

  test('the old address stays in force until the code was entered; then the new one is verified, and the old one told', async () => {
    const ana = await app.account({ email: 'ana@example.com' });
    const browser = await visits.inConsole(ana);

    const page = await visits.ask(browser, 'Ana@New.example');
    expect(new URL(page.url).pathname).toBe(`${personal}/email/code`);
    expect(page.words).toContain('We have sent a code to Ana@New.example');
    expect((await browser.open(personal)).words).toContain('A code was sent to Ana@New.example.');
    expect((await visits.stored(ana.id)).email).toBe('ana@example.com');

    const { code } = await app.mail.to('Ana@New.example', 'change-email-code');
    const done = await browser.submit(page, { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    expect(done.words).toContain('Your e-mail address is verified');
    expect(done.words).toContain('E-mail Verified Ana@New.example');
    expect(await visits.stored(ana.id)).toMatchObject({ email: 'Ana@New.example', emailVerified: true });

    const told = await app.mail.to('ana@example.com', 'email-changed');
    expect(told.text).toContain('Ana@New.example');
    expect(told.link).toContain(`${app.url}/undo-email-change?code=`);

    const again = await openBrowser(app.url).open('/account');
    const refused = await openBrowser(app.url).submit(again, { email: 'ana@example.com', password: ana.password });
    expect(refused.words).not.toContain('Personal information');
    await visits.inConsole({ email: 'ana@new.example', password: ana.password });
  });

  test('a wrong code changes nothing; another code ends the first; what waits can be cancelled', async () => {
    const ben = await app.account();
    const browser = await visits.inConsole(ben);
    const page = await visits.ask(browser, 'ben@new.example');
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
    expect((await visits.stored(ben.id)).email).toBe(ben.email);
  });

  test('whoever takes more than five minutes over it signs in again, and goes on where they were', async () => {
    const amy = await app.account();
    const browser = await visits.inConsole(amy);
    const page = await visits.ask(browser, 'amy@new.example');
    const { code } = await app.mail.to('amy@new.example', 'change-email-code');
    app.clock.advance(6 * 60_000);

    const door = await browser.submit(page, { code });
    expect(door.words).toContain('Confirm that it’s you');
    const back = await browser.submit(door, { email: amy.email, password: amy.password });
    expect(new URL(back.url).pathname).toBe(`${personal}/email/code`);
    expect((await browser.submit(back, { code })).words).toContain('E-mail Verified amy@new.example');
  });

  test('two people who ask for one address each get their code; the first to enter it has it', async () => {
    const [one, two] = [await app.account(), await app.account()];
    const [first, second] = [await visits.inConsole(one), await visits.inConsole(two)];
    const page = await visits.ask(first, 'shared@new.example');
    const later = await visits.ask(second, 'shared@new.example');
    const [codeOfOne, codeOfTwo] = (await app.mail.allTo('shared@new.example')).map(({ code }) => code);

    expect((await second.submit(later, { code: codeOfTwo ?? '' })).words).toContain('shared@new.example');
    const refused = await first.submit(page, { code: codeOfOne ?? '' });
    expect(refused.words).toContain('There is an account with this address already.');
    expect((await visits.stored(one.id)).email).toBe(one.email);
  });

  test('S93: the code is right in the browser that asked, and the pending change is seen in the others', async () => {
    const cleo = await app.account();
    const first = await visits.inConsole(cleo);
    await visits.ask(first, 'cleo@new.example');
    const { code } = await app.mail.to('cleo@new.example', 'change-email-code');

    const second = await visits.inConsole(cleo);
    const page = await second.open(`${personal}/email/code`);
    expect(page.words).toContain('from another browser');
    const { csrf = '' } = page.forms.find(({ action }) => action.endsWith('/email/code'))?.fields ?? {};
    const tried = await second.post(`${personal}/email/code`, { csrf, code });
    expect(tried.status).toBe(422);
    expect((await visits.stored(cleo.id)).email).toBe(cleo.email);
  });

  test('nothing typed is lost, and what is no address or the same one is said beside the field', async () => {
    const dan = await app.account();
    const browser = await visits.inConsole(dan);

    const wrong = await visits.ask(browser, 'dan at example');
    expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('This is not an e-mail address')]);
    expect(wrong.html).toContain('value="dan at example"');
    expect((await visits.ask(browser, dan.email)).words).toContain('This is your e-mail address already.');
  });

  test('S71, S82: somebody else’s address gets the same answers, no code is right, and its owner is told once a day', async () => {
    const [eve, owner] = [await app.account(), await app.account()];
    const browser = await visits.inConsole(eve);

    const free = await visits.ask(browser, 'free@new.example');
    const taken = await visits.ask(browser, owner.email.toUpperCase());
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
    const later = await visits.inConsole(eve);
    const other = await later.submit(await later.open(`${personal}/email`), { email: 'other@new.example' });
    for (const [at, answer] of answers.entries()) {
      const page = await later.submit(other, { code: String(at).repeat(6) });
      expect(answer).toContain(String(page.status));
    }

    expect((await visits.stored(eve.id)).email).toBe(eve.email);
    expect(await visits.textsTo(owner.email)).toEqual(['address-tried']);
    expect(await visits.textsTo(typed)).toEqual([]);
  });

  test('S73: a link to choose a new password that went to the old address is dead', async () => {
    const fay = await app.account();
    const { oneTimeSecrets } = app.services;
    const { secret } = await oneTimeSecrets.issue({ purpose: 'password-reset', accountId: fay.id });
    expect(await oneTimeSecrets.find('password-reset', secret)).toBeDefined();

    await visits.change(await visits.inConsole(fay), 'fay@new.example');
    expect(await oneTimeSecrets.find('password-reset', secret)).toBeUndefined();
  });

  test('an address that is not verified is verified here, too', async () => {
    const gus = await app.account();
    const browser = await visits.inConsole(gus);
    await app.services.records.accounts.update(gus.id, (old) => ({ ...old, emailVerified: false }));

    const page = await browser.open(personal);
    expect(page.words).toContain('Not verified');
    const asked = await browser.submit(page, {}, { form: '/email' });
    const { code } = await app.mail.to(gus.email, 'change-email-code');
    expect((await browser.submit(asked, { code })).words).toContain(`E-mail Verified ${gus.email}`);
    expect(await visits.textsTo(gus.email)).toEqual(['change-email-code']);
  });
});
