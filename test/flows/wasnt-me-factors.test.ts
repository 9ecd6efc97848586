import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { enter, isSignedIn } from '../security/web/visits.ts';
import { goodPassword, startTestApp, valueOf, type TestApp } from '../support/app.ts';
import type { softwareAuthenticator } from '../support/authenticator.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { addingAt, day } from './adding-factors.ts';
import { addressVisits } from './address-visits.ts';
import { recoveryAt, wanted } from './recovery.ts';

/** Somebody who got in adds a way to come back, and the person finds the mail about it. */
describe('“This wasn’t me”, from a mail about a factor that was added', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { GATEHOUSE_LIMITS_RECOVERY_PER_ADDRESS: '1000' } });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const { linkTo, reset, signsIn } = recoveryAt(() => app);
  const { by, settled, addPasskey, addAuthenticator, addMail, passkeyVisit } = addingAt(() => app);
  const factorsOf = ({ id }: Account) => app.services.factors.of(id);
  const added = ({ email }: Account) => app.mail.to(email, 'factor-added');
  const kindsOf = async (person: Account) =>
    (await app.services.events.read(person)).events.map(({ kind }) => kind as string);

  const passkeySignsIn = async (device: ReturnType<typeof softwareAuthenticator>) =>
    isSignedIn(await passkeyVisit(device));

  /** With the password from before what was added, unless told otherwise. */
  async function press(link: string, formerPassword = goodPassword): Promise<Page> {
    const browser = openBrowser(app.url);

    return browser.submit(await browser.open(link), { formerPassword }, { form: '/wasnt-me' });
  }

  test('a passkey goes by the button, with the recovery codes that came with it, and the person gets in again', async () => {
    const ana = await settled();
    const { device, recoveryCodes } = await addPasskey(ana, 'Blue key');
    const mails = (await app.mail.allTo(ana.email)).filter(({ template }) => template === 'factor-added');
    expect(mails.map(({ text }) => /the passkey “Blue key”, and with recovery codes/.test(text))).toEqual([true]);
    expect([await passkeySignsIn(device), recoveryCodes?.length]).toEqual([true, 10]);

    const { link, text } = await added(ana);
    expect(text).toContain('with your password, removes what was added');
    const page = await openBrowser(app.url).open(link);
    expect(page.words).toContain('Passkey Blue key');
    expect(await passkeySignsIn(device)).toBe(true);

    const done = await press(link);
    expect(done.words).toMatch(/This was removed.*Passkey Blue key/s);
    expect(done.words).not.toContain('Added in the last seven days');
    expect(await passkeySignsIn(device)).toBe(false);
    expect(await factorsOf(ana)).toMatchObject({ passkeys: [], authenticators: [] });
    expect((await factorsOf(ana)).recovery).toBeUndefined();
    expect((await app.services.records.passkeys.list('account', ana.id)).rows).toEqual([]);
    expect((await app.mail.allTo(ana.email)).map(({ template }) => template)).toContain('factor-removed');

    await reset(await linkTo(ana));
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
  });

  test('S75: whoever has the mailbox alone signs everybody out and takes nothing, also after a reset', async () => {
    const ana = await settled();
    await addAuthenticator(ana);
    const { link } = await added(ana);
    const { device } = await addPasskey(ana, 'Own key');
    const later = (await added(ana)).link;
    const before = await factorsOf(ana);

    const wrong = await press(link, 'not the password of anybody');
    expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('not your password before')]);

    const empty = await press(later, '');
    expect(empty.words).toMatch(/Everybody is signed out.*Added in the last seven days.*Passkey Own key/s);
    expect(empty.words).not.toContain('This was removed');

    await reset(await linkTo(ana));
    const known = await press(link, wanted);
    expect(known.status).toBe(422);
    expect(await factorsOf(ana)).toMatchObject({ passkeys: before.passkeys, recovery: before.recovery });
    expect((await factorsOf(ana)).authenticators).toHaveLength(1);
    expect(await signsIn({ ...ana, password: wanted })).toBe(false);
    expect(await passkeySignsIn(device)).toBe(true);
  });

  test('S86: guesses at the password behind a mail are counted, and lock the person out of nothing', async () => {
    const ana = await settled();
    const { device } = await addPasskey(ana);
    const { link } = await added(ana);
    const statuses: number[] = [];
    for (let n = 0; n < 8; n += 1) statuses.push((await press(link, `not the password ${n}`)).status);

    expect(statuses.filter((status) => status === 422)).toHaveLength(5);
    expect(statuses.at(-1)).toBe(429);
    expect((await press(link)).status).toBe(429);
    expect([await signsIn(ana), await passkeySignsIn(device)]).toEqual([true, true]);
  });

  test('an authenticator that kept the person out goes, too', async () => {
    const ana = await settled();
    await addAuthenticator(ana);
    expect(await signsIn(ana)).toBe(false);

    await press((await added(ana)).link);
    await reset(await linkTo(ana));
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
    expect(await kindsOf(ana)).toEqual(
      expect.arrayContaining(['account.disowned', 'two_factor.method_removed', 'recovery_codes.removed']),
    );
  });

  test('S61: a short password that a thief set behind their factor keeps neither, and the new one is a long one', async () => {
    const ana = await settled();
    const code = await addAuthenticator(ana);
    const thief = openBrowser(app.url);
    await thief.submit(await enter(thief, ana), { code: code() }, { form: '/second-factor' });
    const path = '/account/sign-in-and-security';
    const short = { newPassword: 'otter 47 moor', confirmPassword: 'otter 47 moor' };
    await thief.submit(await thief.open(path), { currentPassword: ana.password, ...short }, { form: path });
    expect((await factorsOf(ana)).shortPassword).toBe(true);
    const halfway = openBrowser(app.url);
    const step = await enter(halfway, { ...ana, password: short.newPassword });
    expect(step.words).toContain('Authenticator app');

    const done = await press((await added(ana)).link);
    expect([done.status, await isSignedIn(thief)]).toEqual([200, false]);
    expect(await factorsOf(ana)).toMatchObject({ authenticators: [] });
    expect(await signsIn({ ...ana, password: short.newPassword })).toBe(false);
    expect((await factorsOf(ana)).shortPassword).toBeUndefined();
    await halfway.submit(await halfway.open(step.url), { code: code() }).catch(() => undefined);
    await halfway.open('/account');
    expect(await isSignedIn(halfway)).toBe(false);

    const link = await linkTo(ana);
    expect((await reset(link, openBrowser(app.url), short)).status).toBe(422);
    await reset(link);
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
  });

  test('what was there before stays, with its codes; a link of another mail takes nothing and says what is new', async () => {
    const ana = await settled();
    const code = await addAuthenticator(ana);
    app.clock.advance(8 * day);
    const before = await factorsOf(ana);
    const { device } = await addPasskey(ana);
    const thief = openBrowser(app.url);
    await thief.submit(await enter(thief, ana), { code: code() }, { form: '/second-factor' });
    expect(await isSignedIn(thief)).toBe(true);

    const done = await press((await app.mail.to(ana.email, 'new-device')).link);
    expect(done.words).toMatch(/Added in the last seven days.*Passkey Key/s);
    expect(done.words).not.toContain('Authenticator app');
    expect([await passkeySignsIn(device), await isSignedIn(thief)]).toEqual([true, false]);

    const later = await press((await added(ana)).link);
    expect(later.words).not.toContain('Added in the last seven days');
    expect(await passkeySignsIn(device)).toBe(false);
    const { authenticators, recovery } = await factorsOf(ana);
    expect(authenticators.map(({ id }) => id)).toEqual(before.authenticators.map(({ id }) => id));
    expect(recovery).toEqual(before.recovery);
  });

  test('each mail takes what it is about: others that were added are named', async () => {
    const ana = await settled();
    await addMail(ana);
    const first = (await added(ana)).link;
    await addPasskey(ana, 'Laptop');
    const second = (await added(ana)).link;

    const done = await press(second);
    expect(done.words).toMatch(/This was removed.*Passkey Laptop.*Added in the last seven days.*Code by e-mail/s);
    expect((await factorsOf(ana)).email).toBeDefined();
    expect((await factorsOf(ana)).recovery).toBeDefined();

    await press(first);
    expect((await factorsOf(ana)).email).toBeUndefined();
    expect((await factorsOf(ana)).recovery).toBeUndefined();
  });

  test('codes that were removed and turned on once more are others, and outlive the mail about the first', async () => {
    const ana = await settled();
    await addMail(ana);
    const { link } = await added(ana);
    valueOf(await app.services.twoFactor.remove(ana, 'email', by(ana)));
    await addMail(ana);
    const now = await factorsOf(ana);

    expect((await openBrowser(app.url).open(link)).words).not.toContain('Code by e-mail');
    const done = await press(link);
    expect(done.words).not.toContain('This was removed');
    expect(await factorsOf(ana)).toEqual(now);
  });

  test('new recovery codes go, and the factor that they stood in for stays', async () => {
    const ana = await settled();
    await addAuthenticator(ana);
    valueOf(await app.services.twoFactor.renewRecoveryCodes(ana, by(ana)));
    const { link, text } = await added(ana);
    expect(text).toContain('new recovery codes');

    const done = await press(link);
    expect(done.words).toMatch(/This was removed.*Recovery codes.*Added in the last seven days.*Authenticator app/s);
    expect((await factorsOf(ana)).recovery).toBeUndefined();
    expect((await factorsOf(ana)).authenticators).toHaveLength(1);
  });

  test('S102: an administrator who is left without a strong factor sets one up on the way in', async () => {
    const root = await settled({ email: 'root@example.com', administrator: true });
    await addAuthenticator(root);

    await press((await added(root)).link);
    await reset(await linkTo(root));
    const page = await enter(openBrowser(app.url), { ...root, password: wanted });
    expect(page.words).toContain('Set up a second factor');
  });

  test('after seven days the mail takes nothing any more', async () => {
    const ana = await settled();
    const { device } = await addPasskey(ana);
    const { link } = await added(ana);
    const browser = openBrowser(app.url);
    const page = await browser.open(link);
    app.clock.advance(7 * day);

    expect((await browser.submit(page, { formerPassword: goodPassword }, { form: '/wasnt-me' })).status).toBe(410);
    expect(await passkeySignsIn(device)).toBe(true);
  });

  test('of fifty who press it at once one is told so, and it is removed once', async () => {
    const ana = await settled();
    await addPasskey(ana);
    const browser = openBrowser(app.url);
    const page = await browser.open((await added(ana)).link);

    const pages = await Promise.all(
      Array.from({ length: 50 }, () =>
        browser.submit(page, { formerPassword: goodPassword }, { form: '/wasnt-me', follow: false }),
      ),
    );

    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await kindsOf(ana)).filter((kind) => kind === 'passkey.removed')).toHaveLength(1);
    expect((await factorsOf(ana)).passkeys).toEqual([]);
  });

  test('where a thief changed the address as well, what they added goes before the change is taken back', async () => {
    const ana = await settled();
    const { device } = await addPasskey(ana);
    const { link } = await added(ana);
    const thief = await passkeyVisit(device);
    await addressVisits(app).change(thief, 'thief@moved.example');
    expect((await app.services.accounts.get(ana.id))?.email).toBe('thief@moved.example');

    const done = await press(link);
    expect(done.words).toMatch(/its e-mail address was changed.*This was removed.*Passkey Key/s);
    expect((await factorsOf(ana)).passkeys).toEqual([]);
    expect(await isSignedIn(thief)).toBe(false);
  });
});
