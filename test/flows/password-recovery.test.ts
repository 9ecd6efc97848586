import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refreshTokenGrant } from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { isSignedIn, sessionsOf, signIn } from '../security/web/visits.ts';
import { chosen, recoveryAt, wanted } from './recovery.ts';

const minute = 60_000;

/** A forgotten password, as a person goes about it: on the way in to an app, by link or by code. */
describe('a new password without the old one', () => {
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

  test('on the way in to an app, in the same browser: back to the sign-in, and on to the app', async () => {
    const ana = await app.account();
    const browser = openBrowser(app.url);
    const departure = await wiki.request();
    const door = await browser.open(departure.url.href);

    const href = /href="(\/sign-in\/[\w-]+\/forgot-password)"/.exec(door.html)?.[1] ?? '';
    const sent = await browser.submit(await browser.open(href), { email: ana.email });
    expect(sent.words).toContain(`If there is an account for ${ana.email}`);

    const back = await reset(await linkTo(ana), browser);
    expect(new URL(back.url).pathname).toBe(new URL(door.url).pathname);
    expect(back.words).toContain('Your new password is set');
    expect(await isSignedIn(browser)).toBe(false);

    const end = await browser.submit(back, { email: ana.email, password: wanted });
    await expect(wiki.redeem(departure, String(end.location))).resolves.toMatchObject({
      access_token: expect.any(String),
    });
  });

  test('in another browser, which began nothing: to an ordinary sign-in', async () => {
    const ana = await app.account();
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    await browser.submit(await browser.open(`${new URL(door.url).pathname}/forgot-password`), { email: ana.email });

    const elsewhere = openBrowser(app.url);
    const page = await reset(await linkTo(ana), elsewhere);

    expect(page.words).toContain('Your new password is set');
    expect(new URL(page.url).pathname).not.toBe(new URL(door.url).pathname);
    expect((await elsewhere.submit(page, { email: ana.email, password: wanted })).status).toBe(200);
  });

  test('the code beside the link does the same, however it is typed', async () => {
    const ana = await app.account();
    const browser = openBrowser(app.url);
    const sent = await ask(ana.email, browser);
    const { text } = await app.mail.to(ana.email, 'reset-password');
    const code = /^ {4}(\S+)$/m.exec(text)?.[1] ?? '';

    const wrong = await browser.submit(sent, { code: `${code}0` });
    expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('This code is not right')]);

    const page = await browser.submit(wrong, { code: ` ${code.toLowerCase().replaceAll('-', ' ')} ` });
    expect(page.title).toContain('Choose a new password');

    await browser.submit(page, chosen);
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
    expect(await signsIn(ana)).toBe(false);
  });

  test('S74: nobody is signed in by it, it is told by mail afterwards, and written down', async () => {
    const ana = await app.account();
    const browser = openBrowser(app.url);
    await ask(ana.email, browser);
    await reset(await linkTo(ana), browser);

    expect(await sessionsOf(app, ana.id)).toBe(0);
    expect(await isSignedIn(browser)).toBe(false);
    expect((await app.mail.to(ana.email)).template).toBe('password-changed');

    const { events } = await app.services.events.read(ana);
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['recovery.asked', 'password.reset']));
  });

  test('looking at the link has no effect, however often: mail scanners do', async () => {
    const ana = await app.account();
    await ask(ana.email);
    const path = await linkTo(ana);

    for (let n = 0; n < 3; n += 1) expect((await openBrowser(app.url).open(path)).status).toBe(200);
    expect((await openBrowser(app.url).send('HEAD', path)).status).toBe(200);

    expect(await signsIn(ana)).toBe(true);
    expect((await reset(path)).words).toContain('Your new password is set');
  });

  test('S70: ends every session, refresh token, sign-in under way, remembered browser and other link', async () => {
    const ana = await app.account();
    const request = { scope: 'openid offline_access', prompt: 'consent' };
    const there = await wiki.signIn(ana, { request });
    const console = await signIn(app, ana);
    await app.services.rememberedBrowsers.remember({ accountId: ana.id, provedAt: app.clock.now(), userAgent: 'x' });

    const late = openBrowser(app.url);
    const door = await late.open('/account');
    const { email, password } = ana;
    const onItsWay = await late.submit(door, { email, password }, { follow: false });
    app.clock.advance(1000);

    await ask(ana.email);
    const first = await linkTo(ana);
    app.clock.advance(1000);
    await ask(ana.email);
    expect((await openBrowser(app.url).open(first)).status).toBe(410);
    await reset(await linkTo(ana));

    expect(await Promise.all([there.browser, console].map(isSignedIn))).toEqual([false, false]);
    await expect(refreshTokenGrant(wiki.config, there.tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await late.follow(onItsWay);
    expect(await isSignedIn(late)).toBe(false);
    expect(await app.services.records.rememberedBrowsers.count('account', ana.id)).toBe(0);
    // What is left is in the mail that tells of it.
    const { rows } = await app.services.records.oneTimeSecrets.list('account', ana.id);
    expect(rows.map(({ purpose }) => purpose)).toEqual(['wasnt-me']);
  });

  test('S73: dies after 20 minutes, by its use, by a change of password, and with the account', async () => {
    const ana = await app.account();
    const isOver = async (path: string) => (await openBrowser(app.url).open(path)).status === 410;
    const fresh = async (): Promise<string> => {
      app.clock.advance(60 * minute);
      await ask(ana.email);

      return linkTo(ana);
    };

    const old = await fresh();
    app.clock.advance(20 * minute - 1000);
    expect(await isOver(old)).toBe(false);
    app.clock.advance(1000);
    expect(await isOver(old)).toBe(true);

    const used = await fresh();
    await reset(used);
    expect(await isOver(used)).toBe(true);

    const beforeChange = await fresh();
    app.clock.advance(1000);
    await app.services.accounts.setPassword(ana.id, `${wanted} again`, { actor: 'command-line' });
    expect(await isOver(beforeChange)).toBe(true);

    const beforeEmail = await fresh();
    await app.services.records.write(app.services.oneTimeSecrets.endedBy('email', ana.id));
    expect(await isOver(beforeEmail)).toBe(true);

    const last = await fresh();
    await app.services.accounts.delete(ana.id, { actor: 'command-line' });
    expect(await isOver(last)).toBe(true);
  });

  test('a session of the person’s own, asked to prove it again, goes on after it', async () => {
    const ana = await app.account();
    const browser = await signIn(app, ana);
    app.clock.advance(10 * minute);
    const again = await browser.open('/account/sign-in-and-security');
    const asking = await browser.open(`${new URL(again.url).pathname}/forgot-password`);
    expect(asking.forms.find(({ names }) => names.includes('email'))?.fields['email']).toBe(ana.email);

    await browser.submit(asking, {});
    const page = await reset(await linkTo(ana), browser);
    const end = await browser.submit(page, { email: ana.email, password: wanted });

    expect(new URL(end.url).pathname).toBe('/account/sign-in-and-security');
  });
});
