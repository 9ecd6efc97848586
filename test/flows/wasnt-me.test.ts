import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refreshTokenGrant } from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { enter, isSignedIn, signIn } from '../security/web/visits.ts';
import { addressVisits } from './address-visits.ts';
import { chosen, recoveryAt, wanted } from './recovery.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** The mails about what happened, and what they lead to. */
describe('security mails', () => {
  let app: TestApp;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp({ env: { GATEHOUSE_LIMITS_RECOVERY_PER_ADDRESS: '1000' } });
    const metadata = {
      redirect_uris: ['https://wiki.example.net/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      first_party: true,
    };
    wiki = await relyingParty(app, await app.client('web', metadata));
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const { ask, linkTo, reset, signsIn } = recoveryAt(() => app);
  const templates = async (email: string) => (await app.mail.allTo(email)).map(({ template }) => template);

  /** Somebody whose account is no news. */
  async function settled(about: Parameters<TestApp['account']>[0] = {}) {
    const ana = await app.account(about);
    app.clock.advance(2 * 60 * minute);

    return ana;
  }

  test('a sign-in in a new browser is told, with when, where and in what; in the same one never again', async () => {
    const ana = await settled({ claims: { zoneinfo: 'Asia/Tokyo' } });
    const browser = openBrowser(app.url, { headers: { 'user-agent': firefox } });
    await enter(browser, ana);

    const { template, text } = await app.mail.to(ana.email);
    expect(template).toBe('new-device');
    expect(text).toContain('Device: Firefox on Windows');
    expect(text).toMatch(/When: .* GMT\+9/);
    expect(text).toContain('IP address: ');

    await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
    await enter(browser, ana);
    expect(await templates(ana.email)).toEqual(['new-device']);

    const { events } = await app.services.events.read(ana);
    expect(events.filter(({ kind }) => kind === 'device.new')).toHaveLength(1);
  });

  test('a browser that only knew the password is new when its sign-in is finished, days later', async () => {
    const ana = await settled();
    await app.services.records.factors.create({
      id: ana.id,
      version: 1,
      authenticators: [],
      passkeys: [],
      email: { addedAt: 1 },
      changedAt: 1,
    });
    const browser = openBrowser(app.url);
    await enter(browser, ana);
    expect(await templates(ana.email)).toEqual(['sign-in-code']);

    app.clock.advance(day);
    const page = await enter(browser, ana);
    const { code } = await app.mail.to(ana.email, 'sign-in-code');
    await browser.submit(page, { code });

    expect(await isSignedIn(browser)).toBe(true);
    expect((await templates(ana.email)).toSorted()).toEqual(['new-device', 'sign-in-code', 'sign-in-code']);
  });

  test('a browser with a made-up name is told each time, an account’s first one never', async () => {
    const young = await app.account();
    await enter(openBrowser(app.url), young);
    expect(await templates(young.email)).toEqual([]);

    const ana = await settled();
    const browser = openBrowser(app.url);
    await browser.jar.setCookie('device=x; path=/', app.url);
    for (let n = 0; n < 2; n += 1) {
      await enter(browser, ana);
      await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
    }
    expect(await templates(ana.email)).toEqual(['new-device', 'new-device']);
  });

  test('“This wasn’t me” signs everybody out by its button, and a link to a new password is on its way', async () => {
    const ana = await settled();
    const thief = await wiki.signIn(ana, { request: { scope: 'openid offline_access', prompt: 'consent' } });
    const owner = await signIn(app, ana);
    const { link } = await app.mail.to(ana.email, 'new-device');

    const browser = openBrowser(app.url);
    for (let n = 0; n < 3; n += 1) expect((await browser.open(link)).status).toBe(200);
    expect(await isSignedIn(thief.browser)).toBe(true);
    expect(await templates(ana.email)).not.toContain('reset-password');

    const done = await browser.submit(await browser.open(link), {}, { form: '/wasnt-me' });
    expect(done.words).toContain('Everybody is signed out');

    expect(await Promise.all([thief.browser, owner, browser].map(isSignedIn))).toEqual([false, false, false]);
    await expect(refreshTokenGrant(wiki.config, thief.tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });

    await reset(await linkTo(ana));
    expect([await signsIn(ana), await signsIn({ ...ana, password: wanted })]).toEqual([false, true]);

    const again = await browser.submit(await openBrowser(app.url).open('/wasnt-me/code'), { code: 'x' }).catch(() => 0);
    expect(again).not.toBe(200);
    expect((await browser.open(link)).status).toBe(410);
  });

  test('the code beside it does the same; both are over after seven days, and open nothing else', async () => {
    const ana = await settled();
    await signIn(app, ana);
    const { text, link } = await app.mail.to(ana.email, 'new-device');
    const code = /^ {4}(\S+)$/m.exec(text)?.[1] ?? '';
    const token = new URL(link).searchParams.get('token') ?? '';

    expect((await openBrowser(app.url).open(`/reset-password?token=${token}`)).status).toBe(410);

    const browser = openBrowser(app.url);
    const wrong = await browser.submit(await browser.open('/wasnt-me'), { code: 'nothing' });
    expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('This code is not right')]);

    const page = await browser.submit(wrong, { code: code.toLowerCase() });
    expect(page.words).toContain(ana.email);

    app.clock.advance(7 * day);
    expect((await browser.submit(page, {}, { form: '/wasnt-me' })).status).toBe(410);
  });

  test('of fifty who press it at once one sends a mail', async () => {
    const ana = await settled();
    await signIn(app, ana);
    const { link } = await app.mail.to(ana.email, 'new-device');
    const browser = openBrowser(app.url);
    const page = await browser.open(link);

    const pages = await Promise.all(
      Array.from({ length: 50 }, () => browser.submit(page, {}, { form: '/wasnt-me', follow: false })),
    );

    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(pages.filter(({ status }) => status === 410)).toHaveLength(49);
    expect((await templates(ana.email)).filter((name) => name === 'reset-password')).toHaveLength(1);
  });

  test('where a thief changed the address no link goes to them, also not with the link from before', async () => {
    const ana = await settled();
    const thief = await signIn(app, ana);
    const { link } = await app.mail.to(ana.email, 'new-device');
    const visits = addressVisits(app);
    await visits.change(thief, 'thief@elsewhere.example');

    const owner = openBrowser(app.url);
    const done = await owner.submit(await owner.open(link), {}, { form: '/wasnt-me' });

    expect([done.status, await isSignedIn(thief)]).toEqual([200, false]);
    expect(await visits.textsTo('thief@elsewhere.example')).not.toContain('reset-password');
    expect(await templates(ana.email)).not.toContain('reset-password');
    expect(done.words).toContain('its e-mail address was changed');
    expect(done.words).not.toContain('thief@');
    expect(done.html).toContain('href="/undo-email-change"');

    const undo = await owner.open((await app.mail.to(ana.email, 'email-changed')).link);
    const undone = await owner.submit(undo, { proofPassword: ana.password });
    expect(undone.words).toContain('“Forgot password?” on the sign-in page');

    await ask(ana.email);
    await reset(await linkTo(ana));
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
  });

  test('once the change is taken back, a mail from before it sends the link again', async () => {
    const ana = await settled();
    const thief = await signIn(app, ana);
    const { link } = await app.mail.to(ana.email, 'new-device');
    const visits = addressVisits(app);
    await visits.change(thief, 'thief@somewhere.example');
    await visits.change(thief, ana.email);

    const owner = openBrowser(app.url);
    const done = await owner.submit(await owner.open(link), {}, { form: '/wasnt-me' });
    expect(done.words).toContain(`on its way to ${ana.email}`);
    expect(await templates(ana.email)).toContain('reset-password');
  });

  test('a thief who spent the share of links keeps none from the person', async () => {
    const ana = await settled();
    await signIn(app, ana);
    const { link } = await app.mail.to(ana.email, 'new-device');
    for (let n = 0; n < 7; n += 1) await ask(ana.email);
    const before = (await templates(ana.email)).filter((name) => name === 'reset-password').length;
    const live = await linkTo(ana);

    const owner = openBrowser(app.url);
    const done = await owner.submit(await owner.open(link), {}, { form: '/wasnt-me' });
    expect(done.words).toContain('on its way');

    const after = (await templates(ana.email)).filter((name) => name === 'reset-password').length;
    expect([before, after]).toEqual([5, 6]);
    expect((await owner.open(live)).status).toBe(410);
    await reset(await linkTo(ana));
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
  });

  test('a password that is changed in the account leads there as well', async () => {
    const ana = await settled();
    const browser = await signIn(app, ana);
    const path = '/account/sign-in-and-security';
    await browser.submit(await browser.open(path), { currentPassword: ana.password, ...chosen }, { form: path });

    const { link } = await app.mail.to(ana.email, 'password-changed');
    expect((await openBrowser(app.url).open(link)).words).toContain('signs everybody out');
  });
});
