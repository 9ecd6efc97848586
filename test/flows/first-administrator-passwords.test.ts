import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { textOf } from '../support/html.ts';

const person = {
  email: 'ana.lindqvist@example.com',
  firstName: 'Ana',
  lastName: 'Lindqvist',
  displayName: 'Ana',
};

const setUp = async (app: TestApp, password: string): Promise<Page> => {
  const browser = openBrowser(app.url);
  const page = await browser.open(app.setupUrl ?? '');

  return browser.submit(page, { ...person, password }, { follow: false });
};

const signIn = async (app: TestApp, password: string): Promise<Page> => {
  const browser = openBrowser(app.url);

  return browser.submit(await browser.open('/account'), { email: person.email, password });
};

/** What stands beside the password's field. */
const besidePassword = ({ html }: Page) =>
  textOf(/id="field-password-problem"[^>]*>(.*?)<\/(?:p|span)>/s.exec(html)?.[1] ?? '');

/** The rules of passwords where the first person meets them: at the form of the set-up link. */
describe('the first administrator’s password', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  test.each([
    ['S61: too short', 'vexing otters', 'Use at least 15 characters. A few words or a sentence do well.'],
    ['S64: common', '1234567890qwertyuiop', 'This password is among those that are tried first'],
    ['S65: with a name', 'the moors of Lindqvist', 'Please leave out your name'],
    ['S65: with the e-mail address', 'over ANA.LINDQVIST hills', 'Please leave out your name'],
    ['S65: with the product’s name', 'open the gatehouse now', 'Please leave out your name'],
    ['S62: longer than is accepted', 'marble otter '.repeat(20), 'At most 256 characters, please.'],
  ])('%s: refused with the reason beside the field', async (_what, password, words) => {
    const page = await setUp(app, password);

    expect(page.status).toBe(422);
    expect(besidePassword(page)).toContain(words);
    expect(page.html).not.toContain(password);
    expect(await app.services.accounts.hasAdministrator()).toBe(false);
  });

  test.each([
    ['a megabyte', 1_000_000, 413],
    ['as much as a form may hold', 60_000, 422],
  ])('S62: %s is refused at once, and nothing is hashed', async (_what, length, status) => {
    const { passwords } = app.services;
    const { set } = passwords;
    let hashed = 0;
    passwords.set = (...all) => ((hashed += 1), set(...all));

    expect((await setUp(app, 'x'.repeat(length))).status).toBe(status);
    passwords.set = set;

    expect(hashed).toBe(0);
    expect(await app.services.accounts.hasAdministrator()).toBe(false);
  });

  test('S67: what no page sends, a NUL, is refused instead of cut off', async () => {
    expect((await setUp(app, 'quiet marble otter\0 lantern')).status).toBe(400);
    expect(await app.services.accounts.hasAdministrator()).toBe(false);
  });

  test('after all of that the link still makes the administrator', async () => {
    expect((await setUp(app, 'quiet marble otter 47 lantern')).location).toBe(`${app.url}/account`);
    expect((await signIn(app, 'quiet marble otter 47 lantern')).status).toBe(200);
  });
});

const animals = ['🦊', '🐻', '🦉', '🐙', '🦔', '🐢', '🦩', '🐝', '🦋', '🐬', '🦜'];

describe('an unusual password', () => {
  test('S62: 256 emoji are accepted and sign in', async () => {
    await using app = await startTestApp();
    const password = Array.from({ length: 256 }, (_, at) => animals[(at * at + at * 3) % 11]).join('');

    expect((await setUp(app, password)).location).toBe(`${app.url}/account`);
    expect(await signIn(app, password)).toMatchObject({ status: 200, url: expect.stringMatching(/\/set-up$/) });
  });

  test('S67: two that differ in the 73rd byte are two', async () => {
    await using app = await startTestApp();
    const begin = 'quiet marble otter 47 lantern, seven lamps over the harbour, vexing owls';
    expect(Buffer.byteLength(begin)).toBe(72);

    expect((await setUp(app, `${begin}!`)).location).toBe(`${app.url}/account`);
    expect((await signIn(app, `${begin}?`)).words).toContain('That e-mail and password don’t match.');
    expect((await signIn(app, `${begin}!`)).url).toMatch(/\/set-up$/);
  });
});
