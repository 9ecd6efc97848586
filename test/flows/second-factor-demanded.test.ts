import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { totpAt } from '../support/totp.ts';
import { startTestApp, valueOf, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { setUpAuthenticator } from '../support/second-factor.ts';
import { relyingParty, type Person, type RelyingParty } from '../support/relying-party.ts';

const security = '/account/sign-in-and-security';
const twoFactors = 'urn:gatehouse:acr:2';
/** What anybody may ask for from their own browser. */
const essential = { claims: JSON.stringify({ id_token: { acr: { essential: true, value: twoFactors } } }) };

/** Somebody who knows the password, and nothing else of what the person has set up. */
describe('a second factor that is there', () => {
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

  async function atDoor({ email, password }: Person, more: Record<string, string> = {}) {
    const browser = openBrowser(app.url);
    const departure = await wiki.request(more);
    const page = await browser.submit(await browser.open(departure.url.href), { email, password });

    return { browser, departure, page, uid: new URL(page.url).pathname.split('/')[2] ?? '' };
  }

  const placeOf = ({ url }: Page) => new URL(url).pathname.split('/').slice(3).join('/');
  const factorsOf = ({ id }: { id: string }) => app.services.factors.of(id);
  const secretOn = ({ html }: Page) => (/class="secret">([A-Z2-7 ]+)</.exec(html)?.[1] ?? '').replaceAll(' ', '');

  function codeOf(secret: string): string {
    app.clock.advance(30_000);

    return totpAt(secret, app.clock.now());
  }

  async function inConsole({ email, password }: Person): Promise<Browser> {
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email, password });

    return browser;
  }

  async function withAuthenticator(person: Person): Promise<string> {
    const browser = await inConsole(person);
    const begun = await browser.submit(await browser.open(security), {}, { form: '/authenticator/begin' });
    const secret = secretOn(begun);
    await browser.submit(begun, { code: codeOf(secret) }, { form: '/authenticator' });

    return secret;
  }

  async function withEmail(person: { id: string }): Promise<void> {
    const account = await app.services.accounts.get(person.id);
    if (!account) throw new Error('no account');
    valueOf(await app.services.twoFactor.add(account, 'email', { actor: account.id }));
  }

  /** As the page sends it: with its token. */
  const post = (browser: Browser, page: Page, path: string, fields: Record<string, string> = {}) =>
    browser.post(path, { csrf: page.forms.find(({ fields: own }) => own['csrf'])?.fields['csrf'] ?? '', ...fields });

  test.each([
    ['whatever the app asks for', {}],
    ['also where two factors are a must', essential],
  ])('S98: none is set up in its place by the password alone, %s', async (_how, more) => {
    const ana = await app.account();
    await withAuthenticator(ana);
    const before = await factorsOf(ana);
    const { browser, page, uid } = await atDoor(ana, more);
    expect(placeOf(page)).toBe('second-factor');

    for (const path of ['set-up/begin', 'set-up', 'set-up/passkey', 'go-on']) {
      const answer = await post(browser, page, `/sign-in/${uid}/${path}`, { code: '123456', response: '{}' });

      expect([path, answer.status, answer.location]).toEqual([path, 303, expect.stringMatching(/\/second-factor$/)]);
    }

    const looked = await browser.open(`/sign-in/${uid}/set-up`);
    expect([placeOf(looked), secretOn(looked)]).toEqual(['second-factor', '']);
    expect(await factorsOf(ana)).toEqual(before);
  });

  test('S98: nor an administrator’s', async () => {
    const root = await app.account({ administrator: true });
    const door = await atDoor(root);
    await setUpAuthenticator(door.browser, door.page, app.clock.now);
    const before = await factorsOf(root);
    expect(before.authenticators).toHaveLength(1);

    const { browser, page, uid } = await atDoor(root);
    const answer = await post(browser, page, `/sign-in/${uid}/set-up/begin`);

    expect(answer.location).toMatch(/\/second-factor$/);
    expect(await factorsOf(root)).toEqual(before);
  });

  test('S98: codes by e-mail are given before a stronger one is set up, where two factors are a must', async () => {
    const ben = await app.account();
    await withEmail(ben);
    const before = await factorsOf(ben);
    const { browser, page, uid } = await atDoor(ben, essential);
    expect(placeOf(page)).toBe('second-factor');

    expect((await post(browser, page, `/sign-in/${uid}/set-up/begin`)).location).toMatch(/\/second-factor$/);
    expect(await factorsOf(ben)).toEqual(before);

    const after = await browser.submit(
      page,
      { code: (await app.mail.to(ben.email, 'sign-in-code')).code },
      { form: '/second-factor' },
    );
    expect(placeOf(after)).toBe('set-up');
  });

  test('what wants the strongest asks for it and for nothing less, whatever is preferred', async () => {
    const eve = await app.account();
    const secret = await withAuthenticator(eve);
    await withEmail(eve);
    const account = await app.services.accounts.get(eve.id);
    if (account) valueOf(await app.services.twoFactor.prefer(account, 'email', { actor: eve.id }));

    const sent = (await app.mail.allTo(eve.email)).length;

    const browser = openBrowser(app.url);
    const door = await browser.open(security);
    const asked = await browser.submit(door, { email: eve.email, password: eve.password });
    const proved = await browser.submit(asked, { code: codeOf(secret) }, { form: '/second-factor' });

    expect(asked.words).toContain('Authenticator app');
    expect((await app.mail.allTo(eve.email)).length).toBe(sent);
    expect(new URL(proved.url).pathname).toBe(security);
  });
});
