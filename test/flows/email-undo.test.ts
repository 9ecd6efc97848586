import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { totpAt } from '../support/totp.ts';
import { addressVisits, type AddressVisits, type Person } from './address-visits.ts';

const day = 86_400_000;

/** DECISIONS 11: from the mail to the old address, with what proved who the person was before. */
describe('a change of the e-mail address is taken back', () => {
  let app: TestApp;
  let visits: AddressVisits;

  beforeAll(async () => {
    app = await startTestApp();
    visits = addressVisits(app);
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function changed(email: string): Promise<{ person: Person; browser: Browser; link: string }> {
    const person = await app.account();
    const browser = await visits.inConsole(person);
    await visits.change(browser, email);

    return { person, browser, link: (await app.mail.to(person.email, 'email-changed')).link };
  }

  test('opening the link has no effect; with the password it is taken back, once, and everybody is signed out', async () => {
    const { person, browser, link } = await changed('hal@new.example');
    const owner = openBrowser(app.url);

    const page = await owner.open(link);
    expect(page.words).toContain(person.email);
    expect((await visits.stored(person.id)).email).toBe('hal@new.example');

    const wrong = await owner.submit(page, { proofPassword: 'a wrong one' });
    expect(wrong.words).toContain('This was not your password before the change.');
    expect((await visits.stored(person.id)).email).toBe('hal@new.example');

    const done = await owner.submit(wrong, { proofPassword: person.password });
    expect(done.words).toContain('The change is taken back');
    expect(await visits.stored(person.id)).toMatchObject({
      email: person.email,
      emailVerified: true,
      formerEmails: [],
    });

    // Nobody is signed in by it, and nobody is any more.
    for (const one of [owner, browser]) {
      expect(new URL((await one.open('/account')).url).pathname).toMatch(/^\/sign-in\//);
    }
    expect(await visits.textsTo('hal@new.example')).toEqual(['change-email-code', 'email-undone']);
    expect((await owner.open(link)).status).toBe(410);
    await visits.inConsole(person);
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

  test('a code that is none is told so, on the page where it was typed', async () => {
    const browser = openBrowser(app.url);
    const page = await browser.submit(await browser.open('/undo-email-change'), { code: 'blah' });

    expect(page.status).toBe(422);
    expect(page.html).toContain('role="alert"');
    expect(page.html).toContain('id="field-code-problem"');
    expect(page.forms.find(({ names }) => names.includes('code'))?.action).toBe('/undo-email-change');
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
    const browser = await visits.inConsole(kim);
    const security = '/account/sign-in-and-security';
    const begun = await browser.submit(await browser.open(security), {}, { form: '/authenticator/begin' });
    const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    await browser.submit(begun, { code: totpAt(secret, app.clock.now()) }, { form: '/authenticator' });
    await visits.change(browser, 'kim@new.example');
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
    await visits.change(browser, 'lea@newer.example');
    const later = (await app.mail.to('lea@new.example', 'email-changed')).link;

    const owner = openBrowser(app.url);
    await owner.submit(await owner.open(link), { proofPassword: person.password });
    expect((await visits.stored(person.id)).email).toBe(person.email);
    expect((await owner.open(later)).status).toBe(410);
    expect(await visits.textsTo('lea@newer.example')).toContain('email-undone');

    // Neither is kept from anybody any more.
    for (const email of ['lea@new.example', 'lea@newer.example']) await app.account({ email });
  });

  test('whoever had the mailbox in between can’t undo that the person went back', async () => {
    const { person, browser } = await changed('max@new.example');
    await visits.change(browser, person.email);

    expect((await visits.stored(person.id)).email).toBe(person.email);
    const told = await app.mail.to('max@new.example', 'email-changed');
    expect(told.text).not.toContain('/undo-email-change');
  });

  test('for seven days, in which the old address is nobody else’s', async () => {
    const { person, link } = await changed('nat@new.example');
    const other = await app.account();
    const browser = await visits.inConsole(other);

    await visits.ask(browser, person.email);
    expect(await visits.textsTo(person.email)).toEqual(['email-changed', 'address-kept']);
    await expect(app.account({ email: person.email })).rejects.toThrow('problem.emailTaken');

    app.clock.advance(7 * day - 60_000);
    expect((await openBrowser(app.url).open(link)).status).toBe(200);

    app.clock.advance(61_000);
    expect((await openBrowser(app.url).open(link)).status).toBe(410);
    expect((await app.account({ email: person.email })).email).toBe(person.email);
  });

  test('an address that was never verified is told nothing and leads nowhere back', async () => {
    const oda = await app.account();
    const browser = await visits.inConsole(oda);
    await app.services.records.accounts.update(oda.id, (old) => ({ ...old, emailVerified: false }));
    await visits.change(browser, 'oda@new.example');

    expect(await visits.textsTo(oda.email)).toEqual([]);
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
