import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Cookie } from 'tough-cookie';

import { goodPassword, startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser, type BrowserSettings, type Page } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import { startSecureApp } from './secure.ts';
import { authorize, isSignedIn } from './visits.ts';

const wiki = 'https://wiki.example.net/cb';
const person = { email: 'ana@example.com', password: goodPassword };

interface Place {
  app: TestApp;
  reach: BrowserSettings;
  clientId: string;
  browser(): Browser;
}

async function open(secure: boolean): Promise<Place> {
  const app = secure ? await startSecureApp() : await startTestApp();
  const reach = 'reach' in app ? (app.reach as BrowserSettings) : {};
  await app.account({ email: person.email });
  const { client } = await app.client('web', { redirect_uris: [wiki] });

  return { app, reach, clientId: client.id, browser: () => openBrowser(app.url, reach) };
}

describe.each([
  ['plain http on this computer', false, ''],
  ['https behind a proxy', true, '__Host-'],
])('cookies on %s', (_where, secure, prefix) => {
  let at: Place;

  beforeAll(async () => {
    at = await open(secure);
  });

  afterAll(() => at.app[Symbol.asyncDispose]());

  const cookiesOf = async (browser: Browser): Promise<Cookie[]> => {
    const { cookies } = (await browser.jar.serialize()) as unknown as { cookies: Cookie[] };

    return cookies;
  };
  const session = async (browser: Browser): Promise<string | undefined> =>
    (await cookiesOf(browser)).find(({ key }) => key === `${prefix}session`)?.value;

  const signIn = async (browser: Browser, more: Record<string, string> = {}): Promise<Page> =>
    browser.submit(await browser.open(authorize(at.clientId, wiki, more)), person);

  /** Every header that set one, from the door to the app and out again. */
  async function allThatAreSet(): Promise<string[]> {
    const lines: string[] = [];
    const browser = at.browser();
    const { send } = browser;

    browser.send = async (...given) => {
      const page = await send(...given);
      lines.push(...(page.headers['set-cookie'] ?? []));

      return page;
    };

    const door = await browser.open(authorize(at.clientId, wiki));
    await browser.submit(door, { locale: 'de' }, { form: '/language' });
    const again = await browser.open(authorize(at.clientId, wiki, { prompt: 'consent' }));
    const asked = await browser.submit(again, person);
    await browser.submit(asked, tickAll(asked), { form: '/consent' });
    const profile = await browser.open('/account');
    await browser.submit(profile, { displayName: 'Ana' });
    await browser.submit(await browser.open('/account'), {}, { form: '/account/sign-out' });

    return lines;
  }

  test('S105: every cookie is HttpOnly, SameSite=Lax, for this host alone, and Secure on https', async () => {
    const lines = await allThatAreSet();
    const names = new Set(lines.map((line) => line.slice(0, line.indexOf('='))));

    for (const name of ['session', 'session.sig', 'csrf', 'device', 'lang', 'notice']) {
      expect([...names]).toContain(prefix + name);
    }

    for (const line of lines) {
      expect(line).toMatch(/; httponly/i);
      expect(line).toMatch(/; samesite=lax/i);
      expect(line).not.toMatch(/; domain=/i);
      expect(/; secure/i.test(line)).toBe(secure);

      const path = /; path=([^;]+)/i.exec(line)?.[1];

      // A step of an authorization request is nobody's business on another page; a path rules `__Host-` out.
      if (path === '/') expect(line.startsWith(prefix)).toBe(true);
      else {
        expect(path).toMatch(/^\/(sign-in|consent|oauth\/authorize)\/[\w-]{20,}$/);
        expect(line).not.toMatch(/^__Host-/);
      }
    }
  });

  test('S105: a cookie says nothing: no address, no name, no account', async () => {
    const [ana] = (await at.app.services.records.accounts.list('created', 'all')).rows;

    for (const line of await allThatAreSet()) {
      const plain = line + Buffer.from(line.slice(line.indexOf('=') + 1), 'base64').toString('latin1');

      for (const word of [person.email, String(ana?.id), at.clientId]) {
        expect(plain.toLowerCase()).not.toContain(word.toLowerCase());
      }
    }
  });

  test('S104: the id of a session has at least 128 random bits, and is never the same', async () => {
    const ids = new Set<string>();

    for (let round = 0; round < 5; round += 1) {
      const browser = at.browser();
      await signIn(browser);
      ids.add((await session(browser)) ?? '');
    }

    expect(ids.size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22,}$/);
  });

  test.each(['planted-by-mallory-planted-by-m', '__proto__', '', '../../etc/passwd'])(
    'S104: a session that was planted before the sign-in (%j) is not taken over',
    async (planted) => {
      const browser = at.browser();
      const name = `${prefix}session`;
      await browser.jar.setCookie(`${name}=${planted}; Path=/${secure ? '; Secure' : ''}`, at.app.url);

      await signIn(browser);

      expect(await session(browser)).not.toBe(planted);
      expect(await isSignedIn(browser)).toBe(true);

      const thief = at.browser();
      await thief.jar.setCookie(`${name}=${planted}; Path=/${secure ? '; Secure' : ''}`, at.app.url);
      expect(await isSignedIn(thief)).toBe(false);
    },
  );

  test('S104: a session that Mallory began and planted in Ana’s browser is not Ana’s after she signs in', async () => {
    const mallory = at.browser();
    await mallory.open(authorize(at.clientId, wiki));
    await mallory.open('/account');
    const begun = await cookiesOf(mallory);

    const ana = at.browser();
    for (const { key, value, path } of begun) {
      await ana.jar.setCookie(`${key}=${value}; Path=${path ?? '/'}${secure ? '; Secure' : ''}`, at.app.url);
    }
    await signIn(ana);

    expect(await isSignedIn(ana)).toBe(true);
    expect(await isSignedIn(mallory)).toBe(false);
  });

  test.each([
    ['before Ana goes on', false],
    ['after Ana went on', true],
  ])(
    'S104: a step that Mallory began and planted gives her nothing of what Ana proves in it (%s)',
    async (_when, goOn) => {
      const mallory = at.browser();
      const door = await mallory.open(authorize(at.clientId, wiki));
      const step = new URL(door.url).pathname;

      const ana = at.browser();
      // A neighbour under the same domain can plant what has no `__Host-`.
      for (const { key, value, path } of await cookiesOf(mallory)) {
        if (path !== step) continue;
        await ana.jar.setCookie(`${key}=${value}; Path=${path}${secure ? '; Secure' : ''}`, at.app.url);
      }
      const proved = await ana.submit(await ana.open(step), person, { follow: false });
      expect(proved.status).toBe(303);
      if (goOn) await ana.follow(proved);

      const page = await mallory.open(`/oauth/authorize/${step.split('/').at(-1) ?? ''}`);

      expect([page.location, await isSignedIn(mallory)]).toEqual([undefined, false]);
      expect(page.words).not.toContain(person.email);
    },
  );

  test('S104: a step that Mallory finished and planted signs nobody in as her', async () => {
    const mallory = at.browser();
    const door = await mallory.open(authorize(at.clientId, wiki));
    const proved = await mallory.submit(door, person, { follow: false });

    const victim = at.browser();
    for (const { key, value, path } of await cookiesOf(mallory)) {
      if (path === '/') continue;
      await victim.jar.setCookie(`${key}=${value}; Path=${path ?? ''}${secure ? '; Secure' : ''}`, at.app.url);
    }
    const page = await victim.open(String(proved.location));

    expect([page.location, await isSignedIn(victim)]).toEqual([undefined, false]);
  });

  test('a browser that lost our name for it in the middle of a step can take the step again', async () => {
    const browser = at.browser();
    const door = await browser.open(authorize(at.clientId, wiki));
    const proved = await browser.submit(door, person, { follow: false });
    await browser.jar.store.removeCookie(new URL(at.app.url).hostname, '/', `${prefix}device`);

    const page = await browser.follow(proved);
    await browser.submit(page, person);

    expect(await isSignedIn(browser)).toBe(true);
  });

  test.each([
    ['a sign-in', {}],
    ['a sign-in that an app asked for again', { prompt: 'login' }],
    ['a sign-in that was too long ago', { max_age: '0' }],
  ])('S104: %s gives a new id, and the old one is dead', async (_what, more) => {
    const browser = at.browser();
    await signIn(browser);
    const before = await browser.jar.clone();
    const old = await session(browser);

    at.app.clock.advance(2000);
    await signIn(browser, { prompt: 'login', ...more });

    expect(await session(browser)).not.toBe(old);
    expect(await isSignedIn(browser)).toBe(true);

    const saved = at.browser();
    for (const cookie of await before.getCookies(at.app.url)) await saved.jar.setCookie(cookie.toString(), at.app.url);
    expect(await isSignedIn(saved)).toBe(false);
  });

  test('S104: another account in the same browser gets a session of its own', async () => {
    const ben = await at.app.account({});
    const browser = at.browser();
    await signIn(browser);
    const before = await browser.jar.clone();

    const door = await browser.open(authorize(at.clientId, wiki, { prompt: 'login' }));
    await browser.submit(door, { email: ben.email, password: ben.password });
    expect((await browser.open('/account')).words).toContain(ben.email);

    const saved = at.browser();
    for (const cookie of await before.getCookies(at.app.url)) await saved.jar.setCookie(cookie.toString(), at.app.url);
    expect(await isSignedIn(saved)).toBe(false);
  });
});
