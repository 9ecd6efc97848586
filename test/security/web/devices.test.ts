import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createCookieKeys } from '../../../src/domain/cookie-keys.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { relyingParty, type Person, type RelyingParty } from '../../support/relying-party.ts';
import { cookie, isSignedIn, sessionsOf, signIn, unlimited } from './visits.ts';

type Someone = Person & { id: string };

const key = 'a-cookie-key-of-the-tests-0123456789abcdef';
const scope = 'openid offline_access';
const path = '/account/devices';

describe('ending what can act for somebody else', () => {
  let app: TestApp;
  let wiki: RelyingParty;
  let ana: Someone;
  let mallory: Someone;
  let hers: Browser;

  beforeAll(async () => {
    app = await startTestApp({ env: { ...unlimited, GATEHOUSE_SECRETS_COOKIE_KEYS: key } });
    wiki = await relyingParty(
      app,
      await app.client('web', {
        client_name: 'Wiki',
        redirect_uris: ['https://wiki.example.net/cb'],
        grant_types: ['authorization_code', 'refresh_token'],
        scope,
      }),
    );
    [ana, mallory] = [await app.account(), await app.account()];
    hers = await signIn(app, ana);
    await wiki.signIn(ana, { request: { scope } });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const rowsOf = async ({ id }: Someone) => (await app.services.records.sessions.list('account', id)).rows;
  const grantsOf = async ({ id }: Someone) => (await app.services.records.refreshFamilies.list('account', id)).rows;

  /** Everything of Ana's that has a page of its own, and what there is none of. */
  async function placesOfAna(): Promise<string[]> {
    const sessions = (await rowsOf(ana)).map(({ id }) => `${path}/${id}`);
    const offline = (await grantsOf(ana)).map(({ grantId }) => `${path}/offline/${grantId}`);
    expect([sessions.length, offline.length]).toEqual([2, 1]);

    return [...sessions, ...offline];
  }

  const nowhere = ['nobody-has-this-session', '__proto__', 'constructor', '%00', '..%2f..', 'x'.repeat(300)].flatMap(
    (id) => [`${path}/${id}`, `${path}/offline/${id}`],
  );

  test('S108: somebody else’s id is answered as one that does not exist, and nothing ends', async () => {
    const theirs = await signIn(app, mallory);
    const { csrf = '' } = (await theirs.open(path)).forms[0]?.fields ?? {};
    const answers = new Set<string>();

    for (const place of [...(await placesOfAna()), ...nowhere]) {
      const [shown, pressed] = [await theirs.get(place), await theirs.post(place, { csrf })];
      expect([place, shown.status, pressed.status]).toEqual([place, 404, 404]);

      for (const [how, { words }] of Object.entries({ shown, pressed })) {
        answers.add(how + words.replace(/Reference [\w-]+/, ''));
      }
    }

    expect([...answers]).toHaveLength(2);
    expect(await sessionsOf(app, ana.id)).toBe(2);
    expect(await grantsOf(ana)).toHaveLength(1);
    expect(await isSignedIn(hers)).toBe(true);
  });

  test.each([
    ['without the token', {}, {}],
    ['with a made-up one', { csrf: 'A'.repeat(43) }, {}],
    ['from another site', undefined, { 'sec-fetch-site': 'cross-site' }],
  ])('S23: a form %s ends nothing', async (_how, fields, headers) => {
    const { csrf = '' } = (await hers.open(path)).forms[0]?.fields ?? {};

    for (const place of [...(await placesOfAna()), `${path}/others`]) {
      const page = await hers.post(place, fields ?? { csrf }, headers);

      expect(page.location ?? path).toContain(path);
      expect(page.location ?? '').not.toContain('receipts');
    }

    expect(await sessionsOf(app, ana.id)).toBe(2);
    expect(await grantsOf(ana)).toHaveLength(1);
  });

  test('S23: a form that was shown to another account ends nothing', async () => {
    const shared = await signIn(app, ana);
    const shown = await shared.open(`${path}/others`);
    await shared.submit(await shared.open('/account'), {}, { form: '/account/sign-out' });
    await shared.submit(await shared.open('/account'), { email: mallory.email, password: mallory.password });
    const before = await sessionsOf(app, mallory.id);

    const sent = await shared.submit(shown, {}, { form: path });

    expect(sent.status).toBe(409);
    expect(await sessionsOf(app, mallory.id)).toBe(before);
    expect(await sessionsOf(app, ana.id)).toBe(2);
  });

  test('GET has no effect, and a form that is sent twice ends nothing twice', async () => {
    const before = (await rowsOf(ana)).map(({ id }) => id);
    const other = await signIn(app, ana);
    const fresh = (await rowsOf(ana)).find(({ id }) => !before.includes(id))?.id ?? '';
    expect(await sessionsOf(app, ana.id)).toBe(3);

    const page = await hers.get(`${path}/${fresh}`);
    expect(await isSignedIn(other)).toBe(true);
    const sent = await Promise.all(
      Array.from({ length: 10 }, () => hers.submit(page, {}, { form: `${path}/`, follow: false })),
    );

    expect(await isSignedIn(other)).toBe(false);
    expect(await sessionsOf(app, ana.id)).toBe(2);
    expect(new Set(sent.map(({ status }) => status)).isSubsetOf(new Set([303, 404]))).toBe(true);
    const { events } = await app.services.events.read(await owner(ana.id));
    expect(events.filter(({ kind }) => kind === 'session.ended')).toHaveLength(1);
  });

  async function owner(id: string) {
    const account = await app.services.accounts.get(id);
    if (!account) throw new Error('no account');

    return account;
  }

  test('this browser does not end itself there: its cookie would stay', async () => {
    const browser = await signIn(app, mallory);
    const own = (await rowsOf(mallory)).at(-1)?.id ?? '';
    const { csrf = '' } = (await browser.open(path)).forms[0]?.fields ?? {};

    const page = await browser.post(`${path}/${own}`, { csrf });

    expect(new URL(page.location ?? '').pathname).toBe(path);
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('S104: the name of a session in these addresses signs nobody in', async () => {
    const own = await cookie(hers, app.url, 'session');
    const page = await hers.open(path);

    for (const { id, cookieHash } of await rowsOf(ana)) {
      expect(page.html).not.toContain(cookieHash);

      for (const value of [id, cookieHash, `#${cookieHash}`]) {
        const thief = openBrowser(app.url);
        const signature = createCookieKeys([key]).sign(`session=${value}`);
        await thief.jar.setCookie(`session=${value}; Path=/`, app.url);
        await thief.jar.setCookie(`session.sig=${signature}; Path=/`, app.url);

        expect(await isSignedIn(thief)).toBe(false);
      }
    }

    // The same way with the real one: it is the value that counts.
    const twin = openBrowser(app.url);
    await twin.jar.setCookie(`session=${own}; Path=/`, app.url);
    await twin.jar.setCookie(`session.sig=${createCookieKeys([key]).sign(`session=${own}`)}; Path=/`, app.url);
    expect(await isSignedIn(twin)).toBe(true);
    expect(page.html).not.toContain(own);
  });

  test('S98: whoever has proved the password alone neither sees the page nor stands on it', async () => {
    const stranger = openBrowser(app.url);

    for (const place of [path, `${path}/others`, ...(await placesOfAna())]) {
      expect(new URL((await stranger.open(place)).url).pathname).toMatch(/^\/sign-in\//);
    }
  });
});

test('S96: where every page asks for a fresh proof, these do too', async () => {
  await using app = await startTestApp({ env: { GATEHOUSE_ACCOUNT_RECENT_SIGN_IN_FOR: 'all' } });
  const ana = await app.account();
  const browser = await signIn(app, ana);
  await signIn(app, ana);
  const page = await browser.open(`${path}/others`);
  app.clock.advance(6 * 60_000);

  for (const place of [path, `${path}/others`]) {
    expect((await browser.open(place)).words).toContain('Confirm that it’s you');
  }
  const sent = await browser.submit(page, {}, { form: path });

  expect(sent.words).toContain('Confirm that it’s you');
  expect(await sessionsOf(app, ana.id)).toBe(2);
});
