import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { goodPassword, startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Page } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { enter, isSignedIn } from '../web/visits.ts';

const by = { actor: 'command-line' };

/** What holds for passwords that are there; what new ones must be is told at the form that makes them (test/flows). */
describe('passwords', () => {
  const outage = createOutage();
  let app: TestApp;

  beforeAll(async () => {
    // On a busy machine, five seconds would be over before all have asked.
    app = await startTestApp({ aroundStores: outage.around, env: { GATEHOUSE_LIMITS_SIGN_IN_FIRST_WAIT: '2m' } });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const signIn = async (email: string, password: string): Promise<boolean> => {
    const browser = openBrowser(app.url, { headers: { connection: 'close' } });
    await enter(browser, { email, password });

    return isSignedIn(browser);
  };

  test.each([
    ['spaces at both ends, and several in the middle', '  quiet   marble  otter  '],
    ['every script', 'тихий 静か هادئ שקט quiet ოტერი'],
    ['emoji with joiners and skin tones', '👩🏽‍🚀👨‍👩‍👧‍👦🏴‍☠️🧑🏿‍🤝‍🧑🏻 otters ahead'],
    ['characters of markup and queries', `<b>&"'\`;--%00%0a+=#?${'${x}'}{{7*7}}`],
    ['64 characters', 'q'.concat('uiet-marble-otter'.repeat(4)).slice(0, 64)],
    ['a line break inside', 'quiet marble\notter lantern'],
  ])('S62, S63: %s are a password, exactly as they are', async (_what, password) => {
    const { email } = await app.account({ password });

    expect(await signIn(email, password)).toBe(true);

    for (const other of [password.slice(0, -1), `${password} `, password.trim().slice(1), password.toUpperCase()]) {
      if (other !== password) expect(await signIn(email, other)).toBe(false);
    }
  });

  test('S62: whichever way a keyboard composes it, it is one password', async () => {
    const composed = 'Grüße aus Ålesund, ﬁn';
    const { email } = await app.account({ password: composed });

    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD']) expect(await signIn(email, composed.normalize(form))).toBe(true);
  });

  test('S67: everything counts up to the last character of the longest', async () => {
    const begin = Array.from({ length: 255 }, (_, at) => String.fromCharCode(97 + ((at * at) % 26))).join('');
    const { email } = await app.account({ password: `${begin}x` });

    expect(await signIn(email, `${begin}y`)).toBe(false);
    expect(await signIn(email, begin)).toBe(false);
    expect(await signIn(email, `${begin}x`)).toBe(true);
  });

  test.each([
    ['1 MB', 1_000_000, 413],
    ['what a form can hold', 60_000, 422],
  ])('S62: %s in the field is refused fast, without hashing', async (_what, length, status) => {
    const { email } = await app.account();
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const from = outage.calls.length;
    const began = performance.now();

    const page = await browser.submit(door, { email, password: 'x'.repeat(length) });

    expect(page.status).toBe(status);
    // Sending a megabyte takes its time too on a busy machine; a hash of one would take minutes of argon2's memory.
    expect(performance.now() - began).toBeLessThan(1000);
    expect(page.html.length).toBeLessThan(20_000);
    if (status === 413) expect(outage.calls.slice(from)).not.toContain('records.passwords.get');
  });

  test('S66: nobody is made to change a password, however old', async () => {
    const { email, password } = await app.account();

    app.clock.advance(10 * 365 * 86_400_000);
    expect(await signIn(email, password)).toBe(true);
  });

  test.each<[string, Record<string, string>]>([
    ['none', {}],
    ['a wrong one', { currentPassword: 'wrong-and-long-enough' }],
    ['the new one', { currentPassword: `${goodPassword}-mallory` }],
    ['the right one in another field', { currentPassword: 'x', password: goodPassword, current: goodPassword }],
  ])('S69: a session alone changes no password: current password %s', async (_what, given) => {
    const { email, password } = await app.account();
    const browser = openBrowser(app.url, { headers: { connection: 'close' } });
    await enter(browser, { email, password });
    const newPassword = `${goodPassword}-mallory`;

    for (const path of ['/account/sign-in-and-security', '/account/personal-information']) {
      const page = await browser.open(path);
      const own = page.forms.find(({ names }) => names.includes('csrf'))?.fields;

      const sent = await browser.post(path, { ...own, newPassword, confirmPassword: newPassword, ...given });
      expect([400, 422]).toContain(sent.status);
    }

    expect(await signIn(email, newPassword)).toBe(false);
    expect(await signIn(email, password)).toBe(true);
  });

  test('S69: guessing the current one in an open session is counted with the sign-in, also at once', async () => {
    const person = await app.account();
    const browser = openBrowser(app.url, { headers: { connection: 'close' } });
    await enter(browser, person);
    const form = await browser.open('/account/sign-in-and-security');
    const newPassword = `${goodPassword}-mallory`;
    const guess = (currentPassword: string) =>
      browser.submit(form, { currentPassword, newPassword, confirmPassword: newPassword }, { follow: false });
    outage.delay(3);

    const pages = await Promise.all(Array.from({ length: 40 }, (_, n) => guess(`wrong-and-long-enough-${n}`)));
    const right = await guess(person.password);
    outage.delay(0);

    expect(pages.filter(({ status }) => status === 422)).toHaveLength(5);
    expect(right.status).toBe(429);
    expect(await signIn(person.email, newPassword)).toBe(false);

    app.clock.advance(5 * 60_000);
    expect(await signIn(person.email, person.password)).toBe(true);
  });

  test('S68: hashes are argon2id, each with a salt of its own, and are made anew when parameters rise', async () => {
    const { id, email, password } = await app.account({});
    const other = await app.account({});
    const hashOf = async (account: string) => (await app.services.records.passwords.get(account))?.hash ?? '';
    const before = await hashOf(id);

    expect(before).toMatch(/^\$argon2id\$v=19\$m=8,t=1,p=1\$[\w+/]{22,}\$[\w+/]{43}$/);
    expect((await hashOf(other.id)).split('$')[4]).not.toBe(before.split('$')[4]);
    expect(before).not.toContain(password);

    await app.restart({ GATEHOUSE_PASSWORDS_ARGON2_MEMORY_KIB: '64', GATEHOUSE_PASSWORDS_ARGON2_ITERATIONS: '3' });
    expect(await signIn(email, 'wrong-and-long-enough')).toBe(false);
    expect(await hashOf(id)).toBe(before);

    expect(await signIn(email, password)).toBe(true);
    await app.services.passwords.settled();
    expect(await hashOf(id)).toMatch(/^\$argon2id\$v=19\$m=64,t=3,p=1\$/);
    expect(await signIn(email, password)).toBe(true);
  });

  test('S62: a password never comes back, right or wrong', async () => {
    const { email } = await app.account();
    const pages: Page[] = [];

    for (const password of ['wrong-canary-and-long-enough', goodPassword]) {
      const browser = openBrowser(app.url, { headers: { connection: 'close' } });
      pages.push(await browser.submit(await browser.open('/account'), { email, password }));
    }
    for (const { html } of pages) expect(html).not.toMatch(/canary|otter/);
  });

  test('a password that the operator sets is the only one from then on', async () => {
    const { id, email, password } = await app.account();
    await app.services.accounts.setPassword(id, `${goodPassword}-new`, by);

    expect(await signIn(email, password)).toBe(false);
    expect(await signIn(email, `${goodPassword}-new`)).toBe(true);
  });
});
