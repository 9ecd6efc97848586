import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';
import { startTestApp, valueOf, type TestApp } from '../support/app.ts';
import { softwareAuthenticator } from '../support/authenticator.ts';
import { openBrowser } from '../support/browser.ts';
import { totpAt } from '../support/totp.ts';

/** What stands beside a code that is not taken: it names what the person can do, and nothing else. */
describe('texts about codes', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const by = (person: Account) => ({ actor: person.id });

  async function withMail(): Promise<Account & { password: string }> {
    const person = await app.account();
    valueOf(await app.services.twoFactor.add(person, 'email', by(person)));

    return person;
  }

  test('a code that was sent has no next one: a new one is sent, also after the last try', async () => {
    const browser = openBrowser(app.url);
    let page = await enter(browser, await withMail());
    const said: string[] = [];

    for (let n = 0; n < 5; n += 1) {
      app.clock.advance(600_000 / 20);
      page = await browser.submit(page, { code: '000000' }, { form: '/second-factor' });
      said.push(page.words);
    }

    expect(said[0]).toContain('This code is not right. Check it, or have a new one sent.');
    expect(said[3]).toContain('Tries left: 1.');
    expect(said[4]).toContain('that was its last try. Have a new one sent.');
    expect(said.join()).not.toMatch(/wait for the next|Tries left: 0/);
    expect(page.words).toContain('Send code');
  });

  test('an app has a next one', async () => {
    const person = await app.account();
    const { secret } = await app.services.authenticators.begin(person, 'session');
    const code = totpAt(secret.replaceAll(' ', ''), app.clock.now());
    const confirmed = await app.services.authenticators.confirm(person, { code, binding: 'session' }, by(person));
    expect(confirmed).toMatchObject({ ok: true });

    const browser = openBrowser(app.url);
    const page = await browser.submit(await enter(browser, person), { code: '000000' }, { form: '/second-factor' });
    expect(page.words).toContain('wait for the next one');
    expect(page.words).toMatch(/The password of person\d+@example.com is right. Now a second factor is needed./);
  });

  test('a limit on sending codes says nothing of checking them, and another way works meanwhile', async () => {
    const person = await withMail();
    const { secret } = await app.services.authenticators.begin(person, 'session');
    const digits = secret.replaceAll(' ', '');
    const given = { code: totpAt(digits, app.clock.now()), binding: 'session' };
    expect(await app.services.authenticators.confirm(person, given, by(person))).toMatchObject({ ok: true });
    app.clock.advance(30_000);

    const browser = openBrowser(app.url);
    const path = new URL((await enter(browser, person)).url).pathname;
    let page = await browser.open(`${path}?method=email`);
    for (let n = 0; n < 20 && page.status !== 429; n += 1) {
      page = await browser.submit(page, {}, { form: '/send' });
    }
    expect([page.status, page.words]).toEqual([429, expect.stringContaining('Another one can be sent in')]);
    expect(page.words).not.toContain('not even the right one');

    const other = await browser.open(`${path}?method=authenticator`);
    await browser.submit(other, { code: totpAt(digits, app.clock.now()) }, { form: '/second-factor' });
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('nobody can ask for a new message about what wasn’t them', async () => {
    const browser = openBrowser(app.url);
    const wrong = await browser.submit(await browser.open('/wasnt-me/code'), { code: 'nothing' });

    expect(wrong.words).toContain('This code is not right, or not valid any more: it works once, for seven days.');
    expect(wrong.words).not.toContain('new message');
  });

  test('a passkey that was not used after the password leads nobody back to it', async () => {
    const person = await app.account();
    const device = softwareAuthenticator({ synced: true, origin: app.url });
    const response = device.create(await app.services.passkeys.creationOptions(person, 'session'));
    valueOf(await app.services.passkeys.add(person, { response, name: 'Key', binding: 'session' }, by(person)));
    valueOf(await app.services.twoFactor.add(person, 'email', by(person)));

    const browser = openBrowser(app.url);
    const { url } = await enter(browser, person);
    const page = await browser.open(`${new URL(url).pathname}?method=passkey`);
    const cancelled = await browser.submit(page, { response: '' }, { form: '/second-factor/passkey' });
    expect(cancelled.words).toContain('The passkey was not used. Try again when you are ready.');
    expect(cancelled.words).not.toContain('sign in with your password');
  });

  test('creating one that is cancelled on the way in of an administrator speaks of none that was used', async () => {
    const root = await app.account({ administrator: true });
    const browser = openBrowser(app.url);
    const page = await enter(browser, root);
    expect(page.words).toContain('Set up a second factor');

    const cancelled = await browser.submit(page, { response: '' }, { form: '/set-up/passkey' });
    expect(cancelled.words).toContain('No passkey was made.');
  });
});
