import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';

const minute = 60_000;

/** S99: what a stranger can do to somebody's text messages, who knows the number. */
describe('S99: the share of a number', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({
      env: { GATEHOUSE_MESSAGES_SMS_CAPS_PER_ADDRESS: '1000', GATEHOUSE_MESSAGES_SMS_CAPS_PER_NUMBER: '6' },
    });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function inConsole(): Promise<Browser> {
    const { email, password } = await app.account();
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email, password });

    return browser;
  }

  async function ask(browser: Browser, number: string): Promise<Page> {
    return browser.submit(await browser.open('/account/personal-information/phone'), { number });
  }

  /** Somebody who signs in with codes to a number of theirs. */
  async function owner(number: string) {
    const person = await app.account();
    await app.services.records.accounts.update(person.id, (old) => ({ ...old, phone: { number, verified: true } }));
    const account = await app.services.accounts.get(person.id);
    if (account) await app.services.twoFactor.add(account, 'text', { actor: person.id });

    return person;
  }

  async function toSecondFactor({ email, password }: { email: string; password: string }) {
    const browser = openBrowser(app.url);

    return { browser, page: await browser.submit(await browser.open('/account'), { email, password }) };
  }

  const signInCodes = async (number: string) =>
    (await app.texts.allTo(number)).filter(({ template }) => template === 'sign-in-code-text').length;

  test('is not used up by strangers who type the number as theirs', async () => {
    const number = '+4915112345678';
    const person = await owner(number);
    const strangers = [await inConsole(), await inConsole()];
    const statuses: number[] = [];

    for (const stranger of strangers) {
      for (let times = 0; times < 4; times += 1) statuses.push((await ask(stranger, number)).status);
    }

    expect(statuses.filter((status) => status === 429)).toHaveLength(2);

    const { browser, page } = await toSecondFactor(person);
    const { code } = await app.texts.to(number, 'sign-in-code-text');
    const inside = await browser.submit(page, { code }, { form: '/second-factor' });
    expect(new URL(inside.url).pathname).toMatch(/^\/account\//);
  });

  test('is not used up by presses for which no code was made', async () => {
    const number = '+4915187654321';
    const person = await owner(number);
    const { browser, page } = await toSecondFactor(person);
    const statuses: number[] = [];

    // Five codes an hour, of which signing in has sent the first.
    for (let times = 0; times < 8; times += 1) {
      statuses.push((await browser.submit(page, {}, { form: '/send' })).status);
    }

    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    expect(await signInCodes(number)).toBe(5);

    app.clock.advance(61 * minute);
    await toSecondFactor(person);
    expect(await signInCodes(number)).toBe(6);
  });
});
