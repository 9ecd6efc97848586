import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { totpAt } from '../support/totp.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { relyingParty, type Person, type RelyingParty } from '../support/relying-party.ts';

const security = '/account/sign-in-and-security';

/** The second factor as a person meets it: set up in the console, asked for at the door, told to the app. */
describe('the second factor', () => {
  let app: TestApp;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp();
    wiki = await relyingParty(
      app,
      await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
    );
  });

  afterAll(() => app[Symbol.asyncDispose]());

  async function atDoor(person: Person, browser = openBrowser(app.url), more: Record<string, string> = {}) {
    const departure = await wiki.request(more);
    const page = await browser.open(departure.url.href);
    const after = await browser.submit(page, { email: person.email, password: person.password });

    return { browser, departure, page: after };
  }

  async function inConsole(person: Person): Promise<Browser> {
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });

    return browser;
  }

  /** Sets up an authenticator app; answers its secret and the recovery codes. */
  async function withAuthenticator(person: Person): Promise<{ secret: string; codes: string[]; browser: Browser }> {
    const browser = await inConsole(person);
    const begun = await browser.submit(await browser.open(security), {}, { form: '/authenticator/begin' });
    const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    const shown = await browser.submit(begun, { code: totpAt(secret, app.clock.now()) }, { form: '/authenticator' });

    return { secret, codes: codesOn(shown), browser };
  }

  /** The next code: none is accepted twice. */
  function nextCode(secret: string): string {
    app.clock.advance(30_000);

    return totpAt(secret, app.clock.now());
  }

  const tokensOf = async ({
    departure,
    page,
  }: {
    departure: Awaited<ReturnType<typeof atDoor>>['departure'];
    page: Page;
  }) => (await wiki.redeem(departure, page.location ?? '')).claims();

  test('an authenticator app: set up with one right code, asked for from then on, told as two factors', async () => {
    const ana = await app.account();
    const { secret, codes } = await withAuthenticator(ana);
    expect(codes).toHaveLength(10);

    const { browser, departure, page } = await atDoor(ana);
    expect(page.words).toContain('Authenticator app');

    const wrong = await browser.submit(page, { code: '000000' }, { form: '/second-factor' });
    expect([wrong.status, wrong.location]).toEqual([422, undefined]);

    const after = await browser.submit(wrong, { code: nextCode(secret) }, { form: '/second-factor' });
    const claims = await tokensOf({ departure, page: after });
    expect(claims).toMatchObject({ acr: 'urn:gatehouse:acr:2', amr: ['pwd', 'otp', 'mfa'] });
  });

  test('S89: a code that was used is refused at the next door', async () => {
    const ben = await app.account();
    const { secret } = await withAuthenticator(ben);
    const code = nextCode(secret);

    const first = await atDoor(ben);
    expect((await first.browser.submit(first.page, { code }, { form: '/second-factor' })).location).toContain('code=');

    const second = await atDoor(ben);
    const again = await second.browser.submit(second.page, { code }, { form: '/second-factor' });
    expect([again.status, again.location]).toEqual([422, undefined]);
  });

  test('S95: a recovery code gets in once, whatever way it is typed', async () => {
    const cleo = await app.account();
    const { codes } = await withAuthenticator(cleo);
    const typed = ` ${codes[0]?.toLowerCase()} `;

    const first = await atDoor(cleo);
    const other = await first.browser.open(`${new URL(first.page.url).pathname}?method=recovery-code`);
    expect((await first.browser.submit(other, { code: typed })).location).toContain('code=');

    const second = await atDoor(cleo);
    const page = await second.browser.open(`${new URL(second.page.url).pathname}?method=recovery-code`);
    expect((await second.browser.submit(page, { code: typed })).status).toBe(422);
  });

  test('S83: a code by e-mail is asked for, and is no second factor to an app', async () => {
    const dan = await app.account();
    const console = await inConsole(dan);
    const on = await console.submit(await console.open(security), { method: 'email' }, { form: '/add' });
    expect(codesOn(on)).toHaveLength(10);

    const { browser, departure, page } = await atDoor(dan);
    expect(page.words).toMatch(/We have sent a code to \w•••@example\.com/);

    const { code } = await app.mail.to(dan.email, 'sign-in-code');
    const after = await browser.submit(page, { code }, { form: '/second-factor' });
    expect(await tokensOf({ departure, page: after })).toMatchObject({
      acr: 'urn:gatehouse:acr:1',
      amr: ['pwd', 'otp'],
    });
  });

  test('a browser that is remembered is not asked, but for what wants both factors; and is forgotten again', async () => {
    const eve = await app.account();
    const { secret } = await withAuthenticator(eve);
    const browser = openBrowser(app.url);

    const first = await atDoor(eve, browser);
    await browser.submit(first.page, { code: nextCode(secret), remember: 'on' }, { form: '/second-factor' });

    const second = await atDoor(eve, browser, { prompt: 'login' });
    expect(second.page.words).toContain('Authenticator app');

    await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
    const third = await atDoor(eve, browser);
    expect(third.page.location).toContain('code=');

    // The console wants the strongest factor for what is sensitive (S96).
    const asked = await browser.open(security);
    expect(new URL(asked.url).pathname).toMatch(/^\/sign-in\//);
    const proved = await browser.submit(asked, { email: eve.email, password: eve.password });
    const list = await browser.submit(proved, { code: nextCode(secret) }, { form: '/second-factor' });
    expect(list.words).toMatch(/Remembered browsers .* This browser/);

    const forgotten = await browser.submit(list, {}, { form: '/forget' });
    expect(forgotten.words).not.toContain('Remembered browsers');
  });

  test('S98: with the password alone nothing is reached: no console, no answer to the app', async () => {
    const fay = await app.account();
    await withAuthenticator(fay);
    const { browser, page } = await atDoor(fay);
    const uid = new URL(page.url).pathname.split('/')[2];

    const console = await browser.open('/account/personal-information');
    expect(new URL(console.url).pathname).toMatch(/^\/sign-in\//);
    expect((await browser.get(`/oauth/authorize/${uid}`)).location ?? '').not.toContain('code=');
    expect((await browser.post(`/sign-in/${uid}/go-on`, {})).location ?? '').not.toContain('code=');
  });

  test('an app that must have two factors: whoever has none sets one up on the way', async () => {
    const gus = await app.account();
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:gatehouse:acr:2' } } });
    const { browser, departure, page } = await atDoor(gus, openBrowser(app.url), { claims });
    expect(page.words).toContain('Set up a second factor');

    const begun = await browser.submit(page, {}, { form: '/set-up/begin' });
    const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    const shown = await browser.submit(begun, { code: totpAt(secret, app.clock.now()) });
    expect(codesOn(shown)).toHaveLength(10);

    const after = await browser.submit(shown, {}, { form: '/go-on' });
    expect(await tokensOf({ departure, page: after })).toMatchObject({ acr: 'urn:gatehouse:acr:2' });
  });

  test('S102: an administrator sets one up before going on', async () => {
    const admin = await app.account({ administrator: true });
    const { page } = await atDoor(admin);

    expect(page.location).toBeUndefined();
    expect(page.words).toContain('Set up a second factor');
  });

  test('S61: a short password must be made longer before it is all that is asked for', async () => {
    const gus = await app.account();
    const { browser } = await withAuthenticator(gus);
    const change = async (currentPassword: string, newPassword: string) =>
      browser.submit(
        await browser.open(security),
        { currentPassword, newPassword, confirmPassword: newPassword },
        { form: security },
      );
    const off = `${security}/two-factor-off`;
    expect((await change(gus.password, 'k7#vPq2m')).words).toContain('Your password is changed');

    const page = await browser.open(security);
    expect(page.words).toContain('your password would need at least 15 characters');
    const last = await browser.submit(page, {}, { form: '/remove' });
    expect(last.words).toContain('Choose one of at least 15 characters first');
    expect(last.html).toContain(`href="${security}#password"`);
    expect(last.forms.map(({ action }) => action)).not.toContain(off);

    const { csrf = '' } = page.forms.find(({ names }) => names.includes('csrf'))?.fields ?? {};
    const forced = await browser.post(off, { csrf });
    expect([forced.status, forced.words]).toEqual([422, expect.stringContaining('too short to be the only thing')]);
    const mail = await browser.follow(await browser.post(`${security}/add`, { csrf, method: 'email' }));
    expect(mail.words).toContain('too short to be the only thing');
    expect(mail.html).toContain('notice warn');
    expect(await app.services.factors.of(gus.id)).toMatchObject({ authenticators: [{}], shortPassword: true });

    await change('k7#vPq2m', gus.password);
    expect((await browser.submit(await browser.open(off), {}, { form: off })).words).toContain('is off');
  });

  test('switching off says what goes, and then the password alone is enough', async () => {
    const hal = await app.account();
    const { browser } = await withAuthenticator(hal);

    const notice = await browser.open(`${security}/two-factor-off`);
    expect(notice.words).toContain('Your password alone will then be enough');
    const off = await browser.submit(notice, {}, { form: '/two-factor-off' });
    expect(off.words).toContain('Two-factor authentication is off.');

    expect((await atDoor(hal)).page.location).toContain('code=');
  });
});

function codesOn(page: Page): string[] {
  const list = /<ol class="codes"[^]*?<\/ol>/.exec(page.html)?.[0] ?? '';

  return [...list.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code = '']) => code);
}
