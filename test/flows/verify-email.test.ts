import { describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser } from '../support/browser.ts';
import { relyingParty, type Person } from '../support/relying-party.ts';
import { totpAt } from '../support/totp.ts';

/** An account that the operator made without vouching for its address: its owner proves the mailbox while signing in. */
async function openHouse(env: Record<string, string> = {}) {
  const app = await startTestApp({ env });
  const wiki = await relyingParty(
    app,
    await app.client('web', { redirect_uris: ['https://wiki.example.net/cb'], first_party: true }),
  );

  async function atDoor(person: Person, browser: Browser = openBrowser(app.url)) {
    const departure = await wiki.request();
    const door = await browser.open(departure.url.href);
    const page = await browser.submit(door, { email: person.email, password: person.password });

    return { browser, departure, page };
  }

  const claimsOf = async ({ departure }: Awaited<ReturnType<typeof atDoor>>, location = '') => {
    const tokens = await wiki.redeem(departure, location);
    const answer = await fetch(`${app.url}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });

    return { ...tokens.claims(), ...((await answer.json()) as object) };
  };

  return { app, atDoor, claimsOf, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

const wrongCode = (right: string) => (right === '111111' ? '222222' : '111111');
const unverified = (app: TestApp, about: { locale?: string } = {}) => app.account({ emailVerified: false, ...about });

describe('an address that nobody has proved', () => {
  test('S80: is proved by a code from the mailbox before the sign-in ends; the claim is right at once', async () => {
    await using house = await openHouse();
    const ana = await unverified(house.app);
    const at = await house.atDoor(ana);

    expect(at.page.words).toContain(`We have sent a code to ${ana.email}`);
    const { code, template } = await house.app.mail.to(ana.email);
    expect(template).toBe('confirm-email');

    const wrong = await at.browser.submit(at.page, { code: wrongCode(code) });
    expect([wrong.status, wrong.location]).toEqual([422, undefined]);

    const after = await at.browser.submit(wrong, { code });
    expect(await house.claimsOf(at, after.location)).toMatchObject({ email: ana.email, email_verified: true });
    expect(await house.app.services.accounts.get(ana.id)).toMatchObject({ emailVerified: true });

    // Asked once.
    expect((await house.atDoor(ana)).page.location).toContain('code=');
  });

  test('S98: until then nothing is reached, also not by another address of the step', async () => {
    await using house = await openHouse();
    const ben = await unverified(house.app);
    const { browser, page } = await house.atDoor(ben);
    const step = new URL(page.url).pathname.replace('/verify-email', '');

    expect((await browser.post(`${step}/go-on`, {})).location ?? '').not.toContain('code=');
    expect((await browser.submit(page, { code: '' }, { form: '/verify-email' })).status).toBe(422);
    const later = await browser.post(`${step}/verify-email/later`, { csrf: page.forms[0]?.fields['csrf'] ?? '' });
    expect(later.location).toMatch(/\/verify-email$/);
    expect((await browser.open('/account/personal-information')).words).toContain('Sign in');
  });

  test('S93: its code comes after the second factor, and is none', async () => {
    await using house = await openHouse();
    const cleo = await unverified(house.app);
    const { authenticators, twoFactor } = house.app.services;
    const by = { actor: cleo.id };
    const shown = await authenticators.begin(cleo, 'session');
    const secret = shown.secret.replaceAll(' ', '');
    await authenticators.confirm(
      cleo,
      { code: totpAt(secret, house.app.clock.now()), binding: 'session' },
      { ...by, from: { ip: '192.0.2.1', userAgent: 'x', requestId: 'r' } },
    );
    expect((await twoFactor.show(cleo)).methods).toEqual(['authenticator']);

    const at = await house.atDoor(cleo);
    expect(at.page.words).toContain('Authenticator app');
    const step = new URL(at.page.url).pathname.replace('/second-factor', '');
    expect((await at.browser.open(`${step}/verify-email`)).words).toContain('Authenticator app');
    await expect(house.app.mail.to(cleo.email, 'confirm-email')).rejects.toThrow('nothing');

    house.app.clock.advance(30_000);
    const next = await at.browser.submit(at.page, { code: totpAt(secret, house.app.clock.now()) }, { form: '/second' });
    const { code } = await house.app.mail.to(cleo.email, 'confirm-email');
    const after = await at.browser.submit(next, { code });
    expect(await house.claimsOf(at, after.location)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
  });

  test('S85: five tries, then a new code after a wait; the step can be left', async () => {
    await using house = await openHouse();
    const dan = await unverified(house.app);
    const at = await house.atDoor(dan);
    const { code } = await house.app.mail.to(dan.email);
    let { page } = at;

    for (let tries = 0; tries < 5; tries += 1) page = await at.browser.submit(page, { code: wrongCode(code) });
    page = await at.browser.submit(page, { code }, { form: '/verify-email' });

    expect(page.location).toBeUndefined();
    expect(await house.app.services.accounts.get(dan.id)).toMatchObject({ emailVerified: false });
    expect((await at.browser.submit(page, {}, { form: '/refuse' })).location).toContain('access_denied');
  });

  test('can be put off where that is only offered, and the claim says so', async () => {
    await using house = await openHouse({ GATEHOUSE_ACCOUNT_VERIFY_EMAIL: 'offered' });
    const eve = await unverified(house.app);
    const at = await house.atDoor(eve);
    const after = await at.browser.submit(at.page, {}, { form: '/later' });

    expect(await house.claimsOf(at, after.location)).toMatchObject({ email_verified: false });
  });

  test('is not asked for where the operator wants it so', async () => {
    await using house = await openHouse({ GATEHOUSE_ACCOUNT_VERIFY_EMAIL: 'off' });

    expect((await house.atDoor(await unverified(house.app))).page.location).toContain('code=');
  });

  test('the page speaks the language of the account, and so does the mail', async () => {
    await using house = await openHouse();
    const fritz = await unverified(house.app, { locale: 'de' });
    const { page } = await house.atDoor(fritz, openBrowser(house.app.url, { headers: { 'accept-language': 'en' } }));

    expect(page.headers['content-language']).toBe('de');
    expect((await house.app.mail.to(fritz.email)).subject).toBe('Bestätigen Sie Ihre E-Mail-Adresse');
  });
});
