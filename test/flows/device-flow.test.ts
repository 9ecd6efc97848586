import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { answer, enter, openDevice, type TestDevice } from '../support/device.ts';
import { describeWith } from '../support/need.ts';
import type { Person } from '../support/relying-party.ts';
import { needsOf, openPair, eachStore, type Pair } from '../support/storage.ts';

const minute = 60_000;
const files = 'https://files.example.com';
const scopes = [{ name: 'files:read', description: { en: 'Read your files' } }];
const resources = [{ identifier: files, name: 'Files', access_token: '1h', scopes }];

/** Where all of it is shown; elsewhere what hangs on the stores. */
const inFull: readonly Pair[] = ['sqlite', 'mongo+redis'];

for (const pair of eachStore) describeWith(needsOf(pair), `the device flow on ${pair}`, () => deviceFlow(pair));

/** RFC 8628 from the device that asks to the page on which its access is ended. */
function deviceFlow(pair: Pair): void {
  const running = new AsyncDisposableStack();
  let app: TestApp;
  let television: TestDevice;
  let own: TestDevice;

  beforeAll(async () => {
    const { env } = running.use(await openPair(pair));
    app = running.use(await startTestApp({ env, config: JSON.stringify({ resources }) }));
    const more = { client_uri: 'https://tv.example.net/', resources: [files] };
    television = await openDevice(app, await app.client('device', { client_name: 'Television', ...more }));
    own = await openDevice(app, await app.client('device', { client_name: 'Kiosk', first_party: true }));
  });

  afterAll(() => running.disposeAsync());

  async function signIn({ email, password }: Person): Promise<Browser> {
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email, password });

    return browser;
  }

  async function signedIn(email: string) {
    const ana = await app.account({ email, displayName: 'Ana' });

    return { ana, browser: await signIn(ana) };
  }

  const userinfo = (token: string) =>
    fetch(`${app.url}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });

  const devicesOf = (browser: Browser): Promise<Page> => browser.open('/account/devices');

  async function end(browser: Browser): Promise<Page> {
    const { html } = await devicesOf(browser);
    const href = /href="(\/account\/devices\/offline\/[^"]+)"/.exec(html)?.[1] ?? '';

    return browser.submit(await browser.open(href), {}, { form: '/account/devices/offline/' });
  }

  test('a device asks, waits, is allowed by whoever signs in, and goes on without the browser', async () => {
    const ana = await app.account({ email: 'whole@example.com', displayName: 'Ana' });
    const asked = await television.ask();

    expect(asked).toMatchObject({
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${app.url}/device`,
      verification_uri_complete: `${app.url}/device?user_code=${asked.user_code}`,
      expires_in: 600,
      interval: 5,
    });
    expect(await television.poll(asked.device_code)).toMatchObject({
      status: 400,
      body: { error: 'authorization_pending' },
    });

    // In any case, with what stands between them.
    const browser = openBrowser(app.url);
    const door = await enter(browser, ` ${asked.user_code.toLowerCase().replace('-', ' – ')} `);
    expect(new URL(door.url).pathname).toMatch(/^\/sign-in\//);
    const page = await browser.submit(door, { email: ana.email, password: ana.password });

    expect(page.status).toBe(200);
    expect(page.title).toContain('Allow Television to use your account?');
    for (const words of [
      asked.user_code,
      '127.0.0.1',
      'tv.example.net',
      'A program that doesn’t say what it is',
      'Only go on if you started this yourself',
      'Know who you are',
      'Stay connected while you are away',
      ana.email,
    ]) {
      expect(page.words).toContain(words);
    }

    expect(page.html).toMatch(/name="allow scope:offline_access" value="on" checked/);
    const done = await browser.submit(page, {}, { button: 'Allow' });
    expect(done.words).toContain('Your device is connected');
    // A page that is opened again says what it said.
    expect((await browser.open(done.url)).words).toContain('Your device is connected');

    app.clock.advance(6_000);
    const tokens = await oidc.pollDeviceAuthorizationGrant(television.config, { ...asked, interval: 0 });
    expect(tokens).toMatchObject({ scope: 'offline_access openid profile', token_type: 'bearer' });
    expect(tokens.claims()).toMatchObject({ sub: ana.id, amr: ['pwd'], auth_time: expect.any(Number) });
    expect(await (await userinfo(tokens.access_token)).json()).toMatchObject({ sub: ana.id, name: expect.any(String) });

    // The browser has nothing to do with it any more.
    await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });
    expect((await userinfo(tokens.access_token)).status).toBe(200);
    const next = await oidc.refreshTokenGrant(television.config, tokens.refresh_token ?? '');
    expect((await userinfo(next.access_token)).status).toBe(200);

    const other = await signIn(ana);
    const devices = await devicesOf(other);
    expect(devices.words).toContain('2 things can act for you.');
    expect(devices.words).toMatch(
      /Television Device without a browser .*Know who you are.*IP address of the device 127/,
    );

    const receipt = await end(other);
    expect(receipt.words).toContain('Television Ended 1 grant of access · 1 refresh token');
    expect((await userinfo(next.access_token)).status).toBe(401);
    await expect(oidc.refreshTokenGrant(television.config, next.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect((await devicesOf(other)).words).toContain('1 thing can act for you.');

    expect((await other.open('/account/activity')).words).toContain('Device without a browser allowed');
  });

  test('without offline access there is no refresh token; it stands on the list until its token is over', async () => {
    const { browser } = await signedIn('short@example.com');
    const asked = await television.ask();
    const page = await enter(browser, asked.user_code);
    await browser.submit(page, { 'allow scope:profile': undefined, 'allow scope:offline_access': undefined });

    // Not come for yet, it can act all the same.
    expect((await devicesOf(browser)).words).toContain('2 things can act for you.');
    const { body } = await television.poll(asked.device_code);
    expect(body).toMatchObject({ scope: 'openid' });
    expect(body).not.toHaveProperty('refresh_token');
    expect(await (await userinfo(String(body['access_token']))).json()).not.toHaveProperty('name');

    const devices = await devicesOf(browser);
    expect(devices.words).toContain('2 things can act for you.');
    expect(devices.words).toMatch(/Television Device without a browser May use Know who you are Device/);
    expect((await browser.open('/account/applications')).words).toContain('In use');

    app.clock.advance(11 * minute);
    expect((await devicesOf(browser)).words).toContain('1 thing can act for you.');
  });

  test('who says no is believed: the device is told, as often as it asks', async () => {
    const { browser } = await signedIn('no@example.com');
    const asked = await television.ask();
    const page = await answer(browser, asked.user_code, 'Don’t allow');

    expect(page.words).toContain('Nothing was allowed');
    for (const _ of [1, 2]) {
      expect((await television.poll(asked.device_code)).body).toMatchObject({ error: 'access_denied' });
    }
    expect((await enter(browser, asked.user_code)).words).toContain('This code was used already.');
    expect((await browser.open('/account/activity')).words).toContain('Device without a browser refused');
    expect((await devicesOf(browser)).words).toContain('1 thing can act for you.');
  });

  test('a device that asks too often is told to slow down, by five seconds each time', async () => {
    const asked = await television.ask();
    const poll = async () => (await television.poll(asked.device_code)).body['error'];

    expect(await poll()).toBe('authorization_pending');
    app.clock.advance(3_000);
    expect(await poll()).toBe('slow_down');
    app.clock.advance(6_000);
    expect(await poll()).toBe('slow_down');
    app.clock.advance(15_000);
    expect(await poll()).toBe('authorization_pending');
    app.clock.advance(15_000);
    expect(await poll()).toBe('authorization_pending');
  });

  test('what ends everything ends what a device was just allowed', async () => {
    const { ana, browser } = await signedIn('everywhere@example.com');
    const [first, second] = [await television.ask(), await television.ask()];
    await answer(browser, first.user_code);
    await answer(browser, second.user_code);
    const { body } = await television.poll(first.device_code);

    await app.services.endings.account(ana, { actor: 'command-line', reason: 'signed_out' });
    expect((await userinfo(String(body['access_token']))).status).toBe(401);
    expect((await television.poll(second.device_code)).body).toMatchObject({ error: 'invalid_grant' });
  });

  if (!inFull.includes(pair)) return;

  test('whoever is signed in here and is not meant signs in as somebody else, and the code stays', async () => {
    const { browser } = await signedIn('here@example.com');
    const meant = await app.account({ email: 'meant@example.com' });
    const asked = await television.ask();
    const choose = await browser.submit(await enter(browser, asked.user_code), {}, { form: '/switch' });
    expect(choose.words).toContain('here@example.com');
    const door = await browser.submit(choose, {}, { button: 'Use another account' });
    const page = await browser.submit(door, { email: meant.email, password: meant.password });

    expect(page.words).toContain('Signed in as meant@example.com.');
    await browser.submit(page, {}, { button: 'Allow' });
    expect((await app.services.records.grants.list('device', meant.id)).rows).toMatchObject([
      { clientId: television.clientId },
    ]);
  });

  test('a token of an API that nobody can call back is on the receipt', async () => {
    const { browser } = await signedIn('api@example.com');
    const asked = await television.ask({ scope: 'files:read', resource: files });
    const page = await answer(browser, asked.user_code);
    expect(page.words).toContain('Your device is connected');

    const { status, body } = await television.poll(asked.device_code);
    expect(status).toBe(200);
    expect(body).toMatchObject({ scope: 'files:read', expires_in: 3600 });
    expect((await devicesOf(browser)).words).toContain('Read your files');
    expect((await end(browser)).words).toMatch(/Access tokens The last one ends by itself: in (1 hour|\d+ minutes)/);
  });

  test('an app of the operator asks too: with its place, and nothing to untick', async () => {
    const { browser } = await signedIn('own@example.com');
    const asked = await own.ask();
    const page = await enter(browser, asked.user_code);

    expect(page.words).toContain('Allow Kiosk to use your account?');
    expect(page.html.match(/type="checkbox"[^>]*disabled/g)).toHaveLength(3);
    const done = await browser.submit(page, {}, { button: 'Allow' });
    expect(done.words).toContain('Your device is connected');
    const { body } = await own.poll(asked.device_code);
    expect(body).toMatchObject({ scope: 'offline_access openid profile', refresh_token: expect.any(String) });
  });

  test('all of it unticked is a no', async () => {
    const { ana, browser } = await signedIn('nothing@example.com');
    const asked = await television.ask({ scope: 'files:read', resource: files });
    const page = await enter(browser, asked.user_code);
    await browser.submit(page, { [`allow resource:${files} files:read`]: undefined }, { button: 'Allow' });

    expect((await television.poll(asked.device_code)).body).toMatchObject({ error: 'access_denied' });
    expect(await app.services.records.consents.get(`${ana.id} ${television.clientId}`)).toBeUndefined();
  });

  test('a code that is over: the device is told so, and so is whoever types it or has its page open', async () => {
    const { browser } = await signedIn('late@example.com');
    const asked = await television.ask();
    const page = await enter(browser, asked.user_code);

    app.clock.advance(10 * minute + 1_000);
    const late = await browser.submit(page, {}, { button: 'Allow' });
    expect(late.status).toBe(410);
    expect((await enter(browser, asked.user_code)).words).toContain('This code has expired.');
    expect((await television.poll(asked.device_code)).body).toMatchObject({ error: 'expired_token' });

    // Allowed in time and fetched too late: nothing of it is left.
    const next = await television.ask();
    await answer(browser, next.user_code);
    app.clock.advance(10 * minute + 1_000);
    expect((await television.poll(next.device_code)).body).toMatchObject({ error: 'expired_token' });
    expect((await devicesOf(browser)).words).toContain('1 thing can act for you.');
  });

  test('signing out the others leaves a device alone only where that is asked for', async () => {
    const { ana, browser } = await signedIn('others@example.com');
    await signIn(ana);
    const asked = await television.ask();
    await answer(browser, asked.user_code);
    const token = String((await television.poll(asked.device_code)).body['access_token']);
    const page = await browser.open('/account/devices/others');
    expect(page.words).toContain('Television');
    await browser.submit(page, { offline: undefined }, { button: 'Sign out all others' });
    expect((await userinfo(token)).status).toBe(200);

    await signIn(ana);
    await browser.submit(await browser.open('/account/devices/others'), {}, { form: '/devices/others' });
    expect((await userinfo(token)).status).toBe(401);
  });

  test('removing the app, disabling it and locking the account take a waiting device along', async () => {
    const { ana, browser } = await signedIn('taken@example.com');
    const removed = await television.ask();
    await answer(browser, removed.user_code);
    await app.services.endings.application(ana.id, television.clientId);
    expect((await television.poll(removed.device_code)).body).toMatchObject({ error: 'invalid_grant' });

    const locked = await television.ask();
    await answer(browser, locked.user_code);
    await app.services.locking.lock(ana.id, { reason: 'Lost' }, { actor: 'command-line' });
    expect((await television.poll(locked.device_code)).body).toMatchObject({ error: 'invalid_grant' });
  });
}
