import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { CreationOptions, RequestOptions } from '../../src/credentials/passkey.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { softwareAuthenticator } from '../support/authenticator.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { relyingParty, type Departure, type Person, type RelyingParty } from '../support/relying-party.ts';
import { totpAt } from '../support/totp.ts';

const one = 'urn:gatehouse:acr:1';
const two = 'urn:gatehouse:acr:2';
const security = '/account/sign-in-and-security';

/** What a real client is told of how somebody signed in, and what it can ask for. */
describe('acr, amr and auth_time, as a client sees them', () => {
  let app: TestApp;
  let wiki: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp();
    wiki = await relyingParty(
      app,
      await app.client('web', {
        redirect_uris: ['https://wiki.example.net/cb'],
        first_party: true,
        scope: 'openid profile email offline_access',
      }),
    );
  });

  afterAll(() => app[Symbol.asyncDispose]());

  interface Visit {
    browser: Browser;
    departure: Departure;
    page: Page;
  }

  /** As far as a browser gets by itself. */
  async function visit(browser = openBrowser(app.url), more: Record<string, string> = {}): Promise<Visit> {
    const departure = await wiki.request(more);

    return { browser, departure, page: await browser.open(departure.url.href) };
  }

  async function givePassword(at: Visit, { email, password }: Person): Promise<Visit> {
    return { ...at, page: await at.browser.submit(at.page, { email, password }) };
  }

  async function giveCode(at: Visit, code: string): Promise<Visit> {
    return { ...at, page: await at.browser.submit(at.page, { code }, { form: '/second-factor' }) };
  }

  async function claimsOf({ departure, page }: Visit) {
    const claims = (await wiki.redeem(departure, page.location ?? '')).claims();
    const age = app.clock.now() / 1000 - (claims?.auth_time ?? 0);

    // In tens of seconds: the clock goes on, and a busy machine takes its time.
    return { acr: claims?.['acr'], amr: claims?.['amr'], age: Math.floor(age / 10) * 10 };
  }

  const isStopped = ({ page }: Visit) =>
    page.location === undefined && new URL(page.url).pathname.startsWith('/sign-in/');

  async function withAuthenticator(): Promise<{ person: Person; next: () => string }> {
    const person = await app.account();
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });
    const begun = await browser.submit(await browser.open(security), {}, { form: '/authenticator/begin' });
    const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    await browser.submit(begun, { code: totpAt(secret, app.clock.now()) }, { form: '/authenticator' });

    const next = () => {
      app.clock.advance(30_000);

      return totpAt(secret, app.clock.now());
    };

    return { person, next };
  }

  async function withPasskey(
    synced: boolean,
  ): Promise<{ person: Person; device: ReturnType<typeof softwareAuthenticator> }> {
    const person = await app.account();
    const device = softwareAuthenticator({ synced, origin: app.url });
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });
    const page = await browser.open(`${security}/new-passkey`);
    await browser.submit(page, { response: device.create(optionsOn(page) as CreationOptions), name: 'Key' });

    return { person, device };
  }

  const optionsOn = ({ html }: Page): unknown => {
    const [, options = ''] = /data-passkey="([^"]*)"/.exec(html) ?? [];

    return JSON.parse(options.replaceAll('&#34;', '"').replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
  };

  test('a password is one factor; the time is that of the sign-in and stays it', async () => {
    const person = await app.account();
    const at = await givePassword(await visit(), person);
    expect(await claimsOf(at)).toEqual({ acr: one, amr: ['pwd'], age: 0 });

    app.clock.advance(120_000);
    expect(await claimsOf(await visit(at.browser))).toEqual({ acr: one, amr: ['pwd'], age: 120 });
  });

  test('a password and a code of an app are two', async () => {
    const { person, next } = await withAuthenticator();
    const at = await giveCode(await givePassword(await visit(), person), next());

    expect(await claimsOf(at)).toMatchObject({ acr: two, amr: ['pwd', 'otp', 'mfa'] });
  });

  test.each([
    ['one that is on one device', false, 'hwk'],
    ['one that is copied to other devices', true, 'swk'],
  ])('a passkey is two: %s', async (_which, synced, method) => {
    const { device } = await withPasskey(synced);
    const at = await visit();
    const response = device.get(optionsOn(at.page) as RequestOptions);
    const page = await at.browser.submit(at.page, { response }, { form: '/passkey' });

    expect(await claimsOf({ ...at, page })).toEqual({ acr: two, amr: [method, 'user', 'mfa'], age: 0 });
  });

  test('a passkey on a page that stood open for more than five minutes: the page says so, and its next one works', async () => {
    const { device } = await withPasskey(true);
    const at = await visit();
    const response = device.get(optionsOn(at.page) as RequestOptions);
    app.clock.advance(5 * 60_000);

    const late = await at.browser.submit(at.page, { response }, { form: '/passkey' });
    expect([late.status, late.words]).toEqual([422, expect.stringContaining('That took too long.')]);
    expect(late.words).not.toContain('can’t be used here');

    const again = device.get(optionsOn(late) as RequestOptions);
    const page = await at.browser.submit(late, { response: again }, { form: '/passkey' });
    expect(await claimsOf({ ...at, page })).toMatchObject({ acr: two });
  });

  test('S83: a code from the mailbox adds its method and no factor', async () => {
    const person = await app.account();
    const account = await app.services.accounts.findByEmail(person.email);
    if (!account) throw new Error('no account');
    await app.services.twoFactor.add(account, 'email', { actor: account.id });

    const at = await givePassword(await visit(), person);
    const after = await giveCode(at, (await app.mail.to(person.email, 'sign-in-code')).code);
    expect(await claimsOf(after)).toMatchObject({ acr: one, amr: ['pwd', 'otp'] });
  });

  test('prompt=login asks again although somebody is signed in, and the time is new', async () => {
    const person = await app.account();
    const first = await givePassword(await visit(), person);
    app.clock.advance(60_000);

    const again = await visit(first.browser, { prompt: 'login' });
    expect(isStopped(again)).toBe(true);
    expect(await claimsOf(await givePassword(again, person))).toEqual({ acr: one, amr: ['pwd'], age: 0 });
  });

  test('max_age asks again once it is over, and not before', async () => {
    const person = await app.account();
    const first = await givePassword(await visit(), person);

    app.clock.advance(50_000);
    expect(await claimsOf(await visit(first.browser, { max_age: '90' }))).toMatchObject({ age: 50 });

    app.clock.advance(60_000);
    const late = await visit(first.browser, { max_age: '90' });
    expect(isStopped(late)).toBe(true);
    expect(await claimsOf(await givePassword(late, person))).toMatchObject({ age: 0 });
  });

  test('step-up: who is signed in with one factor proves the second where the app asks for two', async () => {
    const { person, next } = await withAuthenticator();
    const remembered = await givePassword(await visit(), person);
    const first = await remembered.browser.submit(
      remembered.page,
      { code: next(), remember: 'on' },
      { form: '/second-factor' },
    );
    expect(first.location).toContain('code=');

    const { browser } = remembered;
    await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });

    // Remembered, the password alone is enough here, and the app is told that it is one factor.
    expect(await claimsOf(await givePassword(await visit(browser), person))).toMatchObject({ acr: one, amr: ['pwd'] });

    const asked = await visit(browser, {
      claims: JSON.stringify({ id_token: { acr: { essential: true, value: two } } }),
    });
    expect(isStopped(asked)).toBe(true);
    const stepped = await giveCode(await givePassword(asked, person), next());
    expect(await claimsOf(stepped)).toMatchObject({ acr: two, amr: ['pwd', 'otp', 'mfa'], age: 0 });
  });

  test('step-up by acr_values: asked for by whoever has a second factor, and never in silence', async () => {
    const { person, next } = await withAuthenticator();
    const at = await givePassword(await visit(openBrowser(app.url), { acr_values: two }), person);
    expect(isStopped(at)).toBe(true);
    expect(await claimsOf(await giveCode(at, next()))).toMatchObject({ acr: two });

    const other = await app.account();
    const plain = await givePassword(await visit(openBrowser(app.url), { acr_values: two }), other);
    expect(await claimsOf(plain)).toMatchObject({ acr: one });
    expect(await claimsOf(await visit(plain.browser, { acr_values: two, prompt: 'none' }))).toMatchObject({ acr: one });
  });

  test('what cannot be had is an error for the client, which can read it', async () => {
    const person = await app.account();
    const first = await givePassword(await visit(), person);
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: two } } });
    const { departure, page } = await visit(first.browser, { claims, prompt: 'none' });

    await expect(wiki.redeem(departure, page.location ?? '')).rejects.toMatchObject({ error: 'login_required' });
  });

  test('S97: a refreshed ID token says what the sign-in was, not more and not later', async () => {
    const person = await app.account();
    const at = await givePassword(await visit(openBrowser(app.url), { scope: 'openid offline_access' }), person);
    const tokens = await wiki.redeem(at.departure, at.page.location ?? '');
    app.clock.advance(300_000);

    const { refreshTokenGrant } = await import('openid-client');
    const later = (await refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).claims();
    const before = tokens.claims();
    expect([later?.['acr'], later?.['amr'], later?.auth_time]).toEqual([
      before?.['acr'],
      before?.['amr'],
      before?.auth_time,
    ]);
  });

  test('S97: every way in to an app that must have two factors ends in two', async () => {
    const bank = await relyingParty(
      app,
      await app.client('web', {
        redirect_uris: ['https://bank.example.net/cb'],
        first_party: true,
        require_second_factor: true,
      }),
    );
    const { device } = await withPasskey(true);
    const { person, next } = await withAuthenticator();

    const byPasskey = await bank.request();
    const browser = openBrowser(app.url);
    const door = await browser.open(byPasskey.url.href);
    const done = await browser.submit(
      door,
      { response: device.get(optionsOn(door) as RequestOptions) },
      { form: '/passkey' },
    );
    expect((await bank.redeem(byPasskey, done.location ?? '')).claims()).toMatchObject({ acr: two });

    const byPassword = await bank.request();
    const other = openBrowser(app.url);
    const asked = await other.submit(await other.open(byPassword.url.href), {
      email: person.email,
      password: person.password,
    });
    expect(asked.location).toBeUndefined();
    const after = await other.submit(asked, { code: next() }, { form: '/second-factor' });
    expect((await bank.redeem(byPassword, after.location ?? '')).claims()).toMatchObject({ acr: two });

    // A session of one factor is not enough, also where nobody could be asked.
    const single = await givePassword(await visit(), await app.account());
    const silent = await bank.request({ prompt: 'none' });
    const refused = await single.browser.open(silent.url.href);
    expect(refused.location).toContain('error=login_required');
  });
});
