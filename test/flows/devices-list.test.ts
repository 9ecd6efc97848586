import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { consentId } from '../../src/domain/grant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { createTrips } from '../support/trips.ts';
import { layRows } from './acting-rows.ts';

const path = '/account/devices';
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const minute = 60_000;

/** What stands on the page, whatever the rows are: they are laid into the store as the protocol would have. */
describe('the list of what can act for somebody', () => {
  const trips = createTrips();
  let app: TestApp;
  let wiki: string;
  let backup: string;

  beforeAll(async () => {
    app = await startTestApp({
      aroundStores: trips.around,
      config: JSON.stringify({
        resources: [
          {
            identifier: 'https://api.example',
            name: 'Orders',
            scopes: [{ name: 'read', description: { en: 'Read your orders', de: 'Ihre Bestellungen lesen' } }],
          },
        ],
      }),
    });
    const client = async (client_name: string, more: object = {}) =>
      (await app.client('web', { client_name, redirect_uris: ['https://app.example/cb'], ...more })).client.id;
    wiki = await client('Wiki');
    backup = await client('<b>Backup</b>', { first_party: true });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const { session, family, deviceGrant } = layRows(() => ({ services: app.services, clock: app.clock, wiki, backup }));

  async function signedIn(about: Parameters<TestApp['account']>[0] = {}) {
    const ana = await app.account(about);
    const browser = openBrowser(app.url, { headers: { 'user-agent': chrome } });
    await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });

    return { ana, browser };
  }

  const hrefs = (page: Page, to: RegExp): string[] =>
    [...page.html.matchAll(/href="([^"]+)"/g)].flatMap(([, href = '']) => (to.test(href) ? [href] : []));

  test('only this one: the page says so, and what will stand there', async () => {
    const { browser } = await signedIn();

    const page = await browser.open(path);

    expect(page.words).toContain('1 thing can act for you.');
    expect(page.words).toContain('Chrome on Linux This device');
    expect(page.words).toContain('You are signed in here alone.');
    expect(page.words).toContain('There is none.');
    expect(hrefs(page, /\/account\/devices\//)).toEqual([]);
  });

  test.each<[readonly string[], string]>([
    [['pwd'], 'password'],
    [['pwd', 'otp', 'mfa'], 'password and code from an authenticator app, or recovery code'],
    [['pwd', 'otp'], 'password and code by e-mail'],
    [['pwd', 'sms', 'mfa'], 'password and code by text message'],
    [['swk', 'user', 'mfa'], 'passkey'],
    [['pwd', 'otp', 'hwk', 'user', 'mfa'], 'password, passkey, and one-time code'],
    [['otp'], 'one-time code'],
  ])('S97: %j is said as %j', async (amr, words) => {
    const { ana, browser } = await signedIn();
    await session(ana.id, 1, { amr: [...amr], signedInAt: app.clock.now() });

    expect((await browser.open(path)).words).toContain(`Signed in just now Signed in with ${words} Expires`);
  });

  test('what is not known is not made up, and what a browser says of itself does nothing to the page', async () => {
    const { ana, browser } = await signedIn();
    await session(ana.id, 1, { userAgent: '<script>alert(1)</script>', ip: '', amr: [], payload: {} });
    await session(ana.id, 2, { userAgent: 'x'.repeat(100_000) });

    const page = await browser.open(path);

    expect(page.words.match(/A program that doesn’t say what it is/g)).toHaveLength(2);
    expect(page.html).not.toContain('<script>alert');
    expect(page.html).not.toContain('<b>Backup');
    expect(page.html).toContain('&lt;b&gt;Backup');
  });

  test('times are in the person’s language and time zone, the exact one beside them', async () => {
    const { ana, browser } = await signedIn({ locale: 'de', claims: { zoneinfo: 'Asia/Tokyo' } });
    const at = Date.UTC(2026, 0, 2, 20, 30);
    await session(ana.id, 1, { createdAt: at, signedInAt: at, lastAccessedAt: at });

    const { html } = await browser.open(path);

    expect(html).toMatch(
      /<time datetime="2026-01-02T20:30:00.000Z" title="3\. Januar 2026 um 05:30:00 (GMT\+9|JST|OEZ)">3\. Januar 2026<\/time>/,
    );
  });

  test('S22: what was narrowed or taken back since is not shown as if it were allowed', async () => {
    const { ana, browser } = await signedIn();
    const payload = {
      scope: 'openid profile email read offline_access',
      claims: { userinfo: { birthdate: null, email: null } },
      resource: 'https://api.example',
    };
    await family(ana.id, 1, { clientId: wiki, payload });
    const consent = {
      id: consentId(ana.id, wiki),
      accountId: ana.id,
      clientId: wiki,
      scopes: ['openid', 'email', 'offline_access'],
      claims: ['birthdate'],
      rejectedScopes: ['profile'],
      rejectedClaims: [],
      resources: { 'https://api.example': ['read'] },
      grantedAt: 1,
      lastUsedAt: 1,
    };
    await app.services.records.consents.create(consent);

    const words = 'May use Know who you are Your e-mail address Birthday Read your orders Last used';
    expect((await browser.open(path)).words).toContain(words);

    await app.services.records.consents.update(consent.id, (old) => ({ ...old, scopes: ['openid', 'email'] }));
    expect((await browser.open(path)).words).toContain('There is none.');
  });

  test('S22: a device that may not refresh any more stands there for as long as a token of it may be out', async () => {
    const { ana, browser } = await signedIn();
    const scopes = ['offline_access', 'openid'];
    const by = { accountId: ana.id, clientId: wiki };
    const wanted = { scopes, claims: [], resources: {} };
    await deviceGrant(ana.id, 1, {
      clientId: wiki,
      device: { ip: '', userAgent: '', scope: scopes.join(' '), refreshes: true, lasts: 86_400, tokenLasts: 600 },
      consumed: [{ hash: 'h', at: 1 }],
      expiresAt: app.clock.now() + 86_400_000,
    });
    await family(ana.id, 1, {
      clientId: wiki,
      grantId: `${ana.id.slice(0, 15)}-device-00001`,
      payload: { scope: scopes.join(' '), gty: 'device_code' },
    });
    const { consents } = app.services;
    await consents.record({ ...by, wanted, ticked: scopes.map((scope) => `scope:${scope}`), at: 1 });
    expect((await browser.open(path)).words).toContain('2 things can act for you.');

    const account = (await app.services.records.accounts.get(ana.id)) as Account;
    await consents.narrow(account, { clientId: wiki, taken: ['scope:offline_access'] }, { actor: ana.id });
    const page = await browser.open(path);
    expect(page.words).toContain('2 things can act for you.');
    expect(page.words).toMatch(/Wiki Device without a browser May use Know who you are Device/);

    app.clock.advance(11 * minute);
    expect((await browser.open(path)).words).toContain('1 thing can act for you.');
  });

  test('of very many devices none is hidden', async () => {
    const { ana, browser } = await signedIn();
    for (let n = 1; n <= 120; n += 1) await deviceGrant(ana.id, n);
    for (let n = 1; n <= 60; n += 1) await family(ana.id, n);

    expect((await browser.open(path)).words).toContain('101 things or more can act for you.');
    const offline = await through(browser, /\?offline=/, /\/offline\//);
    expect(new Set(offline).size).toBe(180);
    expect(offline).toHaveLength(180);

    // Nor where a program says how long a page may be, also where one list ends with it.
    for (const limit of [7, 60, 120, 179]) {
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = await app.services.devices.offline(ana.id, after, limit);
        expect(page.rows.length).toBeLessThanOrEqual(limit);
        ids.push(...page.rows.map(({ grantId }) => grantId));
        after = page.next;
      } while (after !== undefined);

      expect([limit, ids.length, new Set(ids).size]).toEqual([limit, 180, 180]);
    }
  });

  test('an app that has asked for tokens several times has one access by one grant', async () => {
    const { ana, browser } = await signedIn();
    await family(ana.id, 1, { grantId: 'same', ip: '192.0.2.1' });
    await family(ana.id, 2, { grantId: 'same', ip: '192.0.2.2' });
    await family(ana.id, 3, {
      grantId: 'bound',
      payload: { scope: 'openid offline_access', expiresWithSession: true },
    });

    const page = await browser.open(path);

    expect(page.words).toContain('2 things can act for you.');
    expect(page.words).toContain('IP address of the app 192.0.2.1');
    expect(hrefs(page, /\/offline\//)).toEqual([`${path}/offline/same`]);
  });

  /** All pages of one list, by the links of people. */
  async function through(browser: Browser, to: RegExp, rows: RegExp): Promise<string[]> {
    const found: string[] = [];
    let page = await browser.open(path);

    for (;;) {
      found.push(...hrefs(page, rows));
      const [next] = hrefs(page, to);
      if (next === undefined) return found;

      page = await browser.open(next);
      expect(page.words).toContain('Back to the newest');
      expect(page.words).not.toContain('This device');
    }
  }

  describe('of somebody who is signed in everywhere', () => {
    const many = 130;
    let ana: { id: string };
    let browser: Browser;

    beforeAll(async () => {
      ({ ana, browser } = await signedIn());

      for (let n = 1; n <= many; n += 1) {
        await session(ana.id, n);
        await family(ana.id, n);
      }
    });

    test('each stands there once, on one page or another', async () => {
      const page = await browser.open(path);
      expect(page.words).toContain('181 things or more can act for you.');
      expect(page.words).toContain('Browsers 131');

      const sessions = await through(browser, /\?browsers=/, /^\/account\/devices\/[\w-]{20,}$/);
      expect(new Set(sessions).size).toBe(many);
      expect(sessions).toHaveLength(many);

      const offline = await through(browser, /\?offline=/, /\/offline\//);
      expect(new Set(offline).size).toBe(many);
      expect(offline).toHaveLength(many);
    });

    test('this one is first, however long ago it was signed in', async () => {
      await app.services.records.sessions.removeAll('account', 'nobody');
      const [{ id } = { id: '' }] = (await app.services.records.sessions.list('account', ana.id, { descending: true }))
        .rows;
      await app.services.records.sessions.update(id, (old) => ({ ...old, createdAt: 1 }));

      const page = await browser.open(path);

      expect(page.words).toMatch(/Browsers 131 Sign out all others Chrome on Linux This device/);
      expect(page.words.match(/This device/g)).toHaveLength(1);
    });

    test('the page costs as few questions as for somebody with nothing', async () => {
      const nobody = await signedIn();
      await nobody.browser.open(path);
      const [few, much] = [await trips.of(() => nobody.browser.get(path)), await trips.of(() => browser.get(path))];

      expect(few).toHaveLength(2);
      // Devices and API keys each ask once more than browsers and apps alone.
      expect(few.flat().length).toBeLessThanOrEqual(8);
      // The session itself is not among those that began last.
      expect(much.length).toBeLessThanOrEqual(3);
      expect(much.flat().length).toBeLessThanOrEqual(few.flat().length + 1);
    });

    test.each(['?browsers=', '?offline='])('a cursor that is none is refused: %s', async (query) => {
      expect((await browser.get(`${path}${query}AAAA`)).status).toBe(400);
    });
  });
});
