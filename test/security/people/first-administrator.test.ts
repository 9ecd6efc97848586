import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { goodPassword, startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser } from '../../support/browser.ts';
import { isSignedIn } from '../web/visits.ts';

const boss = { email: 'boss@example.com', displayName: 'Boss', password: goodPassword };
const closed = 410;

describe('S79: before there is an administrator', () => {
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    app = await startTestApp();
    token = new URL(String(app.setupUrl)).searchParams.get('token') ?? '';
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const browser = () => openBrowser(app.url, { headers: { connection: 'close' } });

  test('S79: nobody is there, whatever name and password are tried', async () => {
    expect((await app.services.records.accounts.list('created', 'all')).rows).toEqual([]);

    for (const [email, password] of [
      ['admin', 'admin'],
      ['admin@example.com', 'admin'],
      ['admin@localhost', 'password'],
      ['root', 'root'],
      ['administrator@localhost', 'gatehouse'],
      ['admin', token],
    ] as const) {
      const one = browser();
      await one.submit(await one.open('/account'), { email, password });

      expect(await isSignedIn(one)).toBe(false);
    }
  });

  test('S79: the link is a secret that can’t be guessed, and stands in no page without it', async () => {
    expect(token).toMatch(/^[\w-]{43}$/);

    for (const path of ['/setup', '/', '/account', '/signed-out', '/nothing', '/healthz', '/readyz']) {
      const page = await browser().open(path);

      expect(page.html + JSON.stringify(page.headers)).not.toContain(token);
      expect(page.html).not.toContain('/setup?token');
    }
  });

  test('S79: no other token opens it, to look or to send', async () => {
    const flipped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    const others = ['', 'x', flipped, token.slice(0, -1), `${token}A`, token.toLowerCase(), `${token}%20`, '%00', '*'];

    for (const other of others.filter((one) => one !== token)) {
      const one = browser();
      const page = await one.open(`/setup?token=${other}`);
      expect([other, [closed, 400].includes(page.status)]).toEqual([other, true]);

      const csrf = (await one.open(`/setup?token=${token}`)).forms[0]?.fields['csrf'] ?? '';
      const sent = await one.post(`/setup?token=${other}`, { ...boss, firstName: '', lastName: '', csrf });
      expect([closed, 400]).toContain(sent.status);
    }

    expect(await app.services.accounts.hasAdministrator()).toBe(false);
  });

  test('S79: a field that was not asked makes nobody more than what they are', async () => {
    const ana = await app.account({ email: 'ana@example.com' });
    const one = browser();
    await one.submit(await one.open('/account'), { email: ana.email, password: ana.password });
    const profile = await one.open('/account');

    for (const [name, value] of Object.entries({
      roles: 'admin',
      'roles[]': 'admin',
      isAdmin: 'true',
      emailVerified: 'true',
    })) {
      await one.post(profile.url, { ...profile.forms[0]?.fields, displayName: 'Ana', [name]: value });
    }

    expect((await app.services.accounts.get(ana.id))?.roles).toEqual([]);
    expect(await app.services.accounts.hasAdministrator()).toBe(false);
  });

  test('S79: an hour later the link is dead, and a restart prints a new one', async () => {
    app.clock.advance(3_601_000);
    expect((await browser().open(`/setup?token=${token}`)).status).toBe(closed);

    await app.restart();
    const newer = String(app.setupUrl);
    expect(newer).not.toContain(token);
    expect((await browser().open(newer)).status).toBe(200);

    await app.restart();
    expect((await browser().open(newer)).status).toBe(closed);
  });

  test('S79: it works once; afterwards there is no link, also after a restart', async () => {
    const link = String(app.setupUrl);
    const [one, two] = [browser(), browser()];
    const [first, second] = [await one.open(link), await two.open(link)];

    expect((await one.submit(first, boss, { follow: false })).location).toBe(`${app.url}/account`);
    expect((await two.submit(second, { ...boss, email: 'mallory@example.com' })).status).toBe(closed);
    expect((await one.open(link)).status).toBe(closed);
    // Making the account proves nothing yet.
    expect(await isSignedIn(one)).toBe(false);

    await app.restart();
    expect(app.setupUrl).toBeUndefined();
    expect((await browser().open(link)).status).toBe(closed);
    expect(await app.services.accounts.findByEmail('mallory@example.com')).toBeUndefined();
  });
});
