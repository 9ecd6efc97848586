import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { acrTwoFactors } from '../../../src/domain/acr.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { answer, enter } from '../../support/device.ts';
import { setUpAuthenticator } from '../../support/second-factor.ts';
import { unlimited } from '../web/visits.ts';
import { openGround, type Answer, type Ground, type Party } from './ground.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
const evil = '"><script>alert(1)</script><b>{client}';

type Asked = Record<'device_code' | 'user_code' | 'verification_uri' | 'verification_uri_complete', string>;

/** RFC 8628 section 5: what a code that is short enough to be typed invites to. */
describe('codes of devices', () => {
  let ground: Ground;
  let television: Party;
  let strict: Party;

  beforeAll(async () => {
    ground = await openGround({ env: { ...unlimited, GATEHOUSE_PROXY_TRUSTED: '127.0.0.1' } });
    television = await ground.party('device', { client_name: evil });
    strict = await ground.party('device', { require_second_factor: true });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const authorization = (party: Party, more: Record<string, string> = {}): Promise<Answer> =>
    party.post('/oauth/device-authorization', { scope: 'openid', ...more });

  const ask = async (party: Party, more?: Record<string, string>): Promise<Asked> =>
    (await authorization(party, more)).body as unknown as Asked;

  const poll = (party: Party, code: string): Promise<Answer> =>
    party.post('/oauth/token', { grant_type: grantType, device_code: code });

  async function signedIn(ip: string): Promise<Browser> {
    const ana = await ground.app.account();
    const browser = openBrowser(ground.app.url, { headers: { 'x-forwarded-for': ip } });
    await browser.submit(await browser.open('/account'), { email: ana.email, password: ana.password });

    return browser;
  }

  /** Of 20^8: nobody has one of these. */
  const wrong = (n: number): string =>
    `WRNGC${'BCDFGHJKLMNPQRSTVWXZ'[n % 20]}${'BCDFGHJKLMNPQRSTVWXZ'[Math.floor(n / 20)]}D`;

  const isRefused = ({ status, words }: Page): boolean => status === 429 && words.includes('Too many wrong codes');

  test('S48: where people go is the issuer’s, whatever the request says of itself', async () => {
    for (const headers of [
      { 'x-forwarded-host': 'evil.example' },
      { forwarded: 'host=evil.example;proto=https' },
      { 'x-forwarded-proto': 'javascript', 'x-forwarded-prefix': '/evil' },
    ]) {
      const sent = { client_id: television.id, scope: 'openid' };
      const { status, body, text } = await ground.post('/oauth/device-authorization', sent, headers);

      expect({ status, uri: body['verification_uri'] }).toEqual({ status: 200, uri: `${ground.app.url}/device` });
      expect(text).not.toContain('evil');
    }

    const fields = { client_id: television.id, scope: 'openid' };
    expect((await ground.post('/oauth/device-authorization', fields, { host: 'evil.example' })).status).toBe(421);
  });

  test('discovery says it, and only who is registered for it may ask', async () => {
    const { body } = await ground.get('/.well-known/openid-configuration');
    expect(body).toMatchObject({
      device_authorization_endpoint: `${ground.app.url}/oauth/device-authorization`,
      grant_types_supported: expect.arrayContaining([grantType]),
    });

    const web = await ground.party('web', { first_party: true });
    expect(await authorization(web)).toMatchObject({ status: 400, body: { error: expect.any(String) } });
    expect((await poll(web, 'x'.repeat(43))).status).toBe(400);
    expect(await authorization(television, { scope: '' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
    expect(await ground.get('/oauth/device-authorization')).toMatchObject({ status: 405 });
  });

  test('another app gets nothing for a code, and does not slow its device down', async () => {
    const { device_code: code } = await ask(television);

    for (const _ of [1, 2, 3]) {
      expect((await poll(strict, code)).body).toMatchObject({ error: 'invalid_grant' });
    }
    expect((await poll(television, code)).body).toMatchObject({ error: 'authorization_pending' });
    expect((await poll(television, code)).body).toMatchObject({ error: 'slow_down' });

    // Waiting is no refusal: the log would be full of it.
    expect(ground.app.log.join('\n')).toContain('"invalid_grant"');
    expect(ground.app.log.join('\n')).not.toMatch(/authorization_pending|slow_down/);
  });

  test('S47: five wrong codes, then a wait that grows; what is right never counts', async () => {
    const browser = await signedIn('203.0.113.10');

    for (let n = 0; n < 8; n += 1) {
      const { user_code: code } = await ask(television);
      expect((await enter(browser, code)).status).toBe(200);
    }

    for (let n = 0; n < 5; n += 1) {
      expect((await enter(browser, wrong(n))).words).toContain('This code is not known.');
    }
    const { user_code: right } = await ask(television);
    expect(isRefused(await enter(browser, right))).toBe(true);
    // What can be no code teaches nothing, and costs nothing.
    expect((await enter(browser, '1234')).words).toContain('A code has 8 letters');

    ground.app.clock.advance(6_000);
    expect((await enter(browser, right)).words).toContain(right);
    expect((await enter(browser, wrong(6))).status).toBe(422);
    ground.app.clock.advance(6_000);
    expect(isRefused(await enter(browser, right))).toBe(true);

    // Whoever is signed in next door goes on.
    const neighbour = await signedIn('203.0.113.10');
    expect((await enter(neighbour, right)).words).toContain(right);
    // And so does a stranger there, who has tried nothing yet.
    const stranger = openBrowser(ground.app.url, { headers: { 'x-forwarded-for': '203.0.113.10' } });
    expect((await enter(stranger, wrong(7))).status).toBe(422);

    expect((await browser.open('/account/activity')).words).toContain('Tries at codes of devices blocked');
  });

  test('S47: a stranger with new cookies each time is counted by address; S86: fifty at once are fifty', async () => {
    const { records } = ground.app.services;
    const { find } = records.deviceCodes;
    let looked = 0;
    records.deviceCodes.find = (...given) => ((looked += 1), find(...given));

    const stranger = () => openBrowser(ground.app.url, { headers: { 'x-forwarded-for': '203.0.113.66' } });
    const pages = await Promise.all(Array.from({ length: 50 }, (_, n) => enter(stranger(), wrong(n))));
    records.deviceCodes.find = find;

    expect(pages.filter(({ status }) => status === 422)).toHaveLength(5);
    expect(pages.filter(isRefused)).toHaveLength(45);
    expect(looked).toBe(5);
  });

  test('a link fills the code in and does nothing else; what is no code is not repeated', async () => {
    const asked = await ask(television);
    const browser = await signedIn('203.0.113.20');

    for (const _ of [1, 2]) {
      const page = await browser.open(asked.verification_uri_complete);
      expect(page.html).toContain(`value="${asked.user_code}"`);
      expect(page.words).toContain('Compare it before you go on.');
      expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(page.html).not.toMatch(/<script|http-equiv/);
    }
    expect((await browser.open(`/device?user_code=${encodeURIComponent(evil)}`)).html).not.toMatch(
      /<script|value="[^"]*alert\(/,
    );
    for (const more of ['&confirm=yes', '&abort=yes', '&xsrf=x']) {
      expect((await browser.open(`/device?user_code=${asked.user_code}${more}`)).words).toContain('Connect a device');
    }
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'authorization_pending' });
  });

  test('S66: no other site answers for a person, and no form without its token does', async () => {
    const asked = await ask(television);
    const browser = await signedIn('203.0.113.21');
    const page = await enter(browser, asked.user_code);
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };

    expect((await browser.post('/device', { user_code: asked.user_code }, foreign)).status).toBe(403);
    expect((await browser.post(page.url, { answer: 'allow' }, foreign)).status).toBe(403);
    expect((await browser.post(page.url, { answer: 'allow' })).status).toBe(403);
    expect((await browser.get(`${page.url}?answer=allow`)).words).toContain('Only go on if you started this yourself');
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'authorization_pending' });
  });

  test('the page that somebody has got to by a code is there in no other browser', async () => {
    const asked = await ask(television);
    const mallory = await signedIn('203.0.113.22');
    const page = await enter(mallory, asked.user_code);

    const victim = await signedIn('203.0.113.23');
    const there = await victim.open(page.url);
    expect(there).toMatchObject({ status: 410, words: expect.stringContaining('This code is not known') });
    expect(there.html).toContain('href="/device"');
    const own = await enter(victim, (await ask(television)).user_code);
    const token = /name="csrf" value="([^"]+)"/.exec(own.html)?.[1] ?? '';
    await victim.post(page.url, { answer: 'allow', csrf: token });
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'authorization_pending' });
  });

  test('S20: a name of an app is text on every page', async () => {
    const asked = await ask(television);
    const browser = await signedIn('203.0.113.24');
    const page = await enter(browser, asked.user_code);
    const done = await browser.submit(page, {}, { button: 'Allow' });

    for (const { html } of [page, done]) {
      expect(html).not.toContain('<script>alert');
      expect(html).toContain('&lt;script&gt;alert');
    }
  });

  test('S97: an app that wants two factors gives nothing for one, and who has none is shown the way', async () => {
    const asked = await ask(strict);
    const browser = await signedIn('203.0.113.25');
    const page = await enter(browser, asked.user_code);

    expect(page).toMatchObject({ status: 403, words: expect.stringContaining('A second factor is needed') });
    // The same form, of an app that does not want it, turned to this one.
    const other = await enter(browser, (await ask(television)).user_code);
    const token = /name="csrf" value="([^"]+)"/.exec(other.html)?.[1] ?? '';
    await browser.post(page.url, { answer: 'allow', csrf: token });
    expect((await poll(strict, asked.device_code)).body).toMatchObject({ error: 'authorization_pending' });

    // So does one that says so itself; what nobody could prove is refused before anybody types a code.
    const essential = (value: string) => ({
      claims: JSON.stringify({ id_token: { acr: { essential: true, value } } }),
    });
    const { user_code: own } = await ask(television, essential(acrTwoFactors));
    expect((await enter(browser, own)).words).toContain('A second factor is needed');
    expect((await authorization(television, essential('urn:example:gold'))).status).toBe(400);

    // With two, it is an ordinary one.
    const ada = await ground.app.account({ administrator: true });
    const hers = openBrowser(ground.app.url, { headers: { 'x-forwarded-for': '203.0.113.30' } });
    const door = await hers.submit(await hers.open('/account'), { email: ada.email, password: ada.password });
    await setUpAuthenticator(hers, door, ground.app.clock.now);
    await answer(hers, asked.user_code);
    ground.app.clock.advance(11_000);
    expect((await poll(strict, asked.device_code)).status).toBe(200);
  });

  test('S97: an app that wants a fresh proof gets one', async () => {
    const asked = await ask(television, { max_age: '60' });
    const browser = await signedIn('203.0.113.26');
    const page = await enter(browser, asked.user_code);

    ground.app.clock.advance(90_000);
    const late = await browser.submit(page, {}, { button: 'Allow' });
    expect(new URL(late.url).pathname).toMatch(/^\/sign-in\//);
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'authorization_pending' });
  });

  test('S9: neither code is to be read in the stores, and what was allowed is of the grant', async () => {
    const asked = await ask(television);
    const browser = await signedIn('203.0.113.27');
    await answer(browser, asked.user_code);
    const { deviceCodes, grants } = ground.app.services.records;
    const kept = JSON.stringify([await deviceCodes.scan({ limit: 1000 }), await grants.scan({ limit: 1000 })]);

    for (const code of [asked.device_code, asked.user_code, asked.user_code.replace('-', '')]) {
      expect(kept).not.toContain(code);
    }
  });

  test('S7: a code that comes again later revokes what it gave', async () => {
    const asked = await ask(television);
    await answer(await signedIn('203.0.113.28'), asked.user_code);
    const { body } = await poll(television, asked.device_code);
    const token = String(body['access_token']);

    ground.app.clock.advance(4_000);
    expect((await poll(television, asked.device_code)).status).toBe(400);
    expect((await ground.userinfo(token)).status).toBe(200);
    ground.app.clock.advance(2_000);
    expect((await poll(television, asked.device_code)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await ground.userinfo(token)).status).toBe(401);
  });

  test('S22: an app that is disabled: its device, its pages and its codes are over', async () => {
    const party = await ground.party('device');
    const [waiting, typed] = [await ask(party), await ask(party)];
    const browser = await signedIn('203.0.113.29');
    const page = await enter(browser, typed.user_code);
    await ground.app.services.clients.disable(party.id, { actor: 'command-line' });

    expect((await enter(browser, waiting.user_code)).words).toContain('This code is not known.');
    expect((await browser.submit(page, {}, { button: 'Allow' })).status).toBe(410);
    expect((await poll(party, typed.device_code)).status).toBeGreaterThanOrEqual(400);
  });
});
