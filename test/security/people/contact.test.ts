import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { totpAt } from '../../support/totp.ts';
import { unlimited } from '../web/visits.ts';

const personal = '/account/personal-information';
const security = '/account/sign-in-and-security';

type Person = Awaited<ReturnType<TestApp['account']>>;

describe('address and number, as an attacker sees them', () => {
  const outage = createOutage();
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ aroundStores: outage.around, env: unlimited });
  });

  beforeEach(() => app.clock.advance(3_600_000));

  afterAll(() => app[Symbol.asyncDispose]());

  async function inConsole({ email, password }: Person): Promise<Browser> {
    const browser = openBrowser(app.url);
    await browser.submit(await browser.open('/account'), { email, password });

    return browser;
  }

  async function change(browser: Browser, email: string) {
    const page = await browser.submit(await browser.open(`${personal}/email`), { email });

    return browser.submit(page, { code: (await app.mail.to(email, 'change-email-code')).code });
  }

  const isDoor = ({ url }: { url: string }) => new URL(url).pathname.startsWith('/sign-in/');

  test('S71: what is asked of the stores is the same for an address that is free, somebody’s, or kept', async () => {
    const [eve, owner, gone] = [await app.account(), await app.account(), await app.account()];
    await change(await inConsole(gone), 'gone@new.example');

    async function workFor(email: string): Promise<string[]> {
      app.clock.advance(3_600_000);
      const browser = await inConsole(eve);
      const page = await browser.open(`${personal}/email`);
      const from = outage.calls.length;
      await browser.submit(page, { email }, { follow: false });

      // Sending it comes afterwards.
      return outage.calls.slice(from).filter((call) => !/messages|attempts/.test(call));
    }

    // The first one makes the row of the account's codes, all others find it.
    await workFor('first@new.example');
    const free = await workFor('free@new.example');
    expect(free.length).toBeGreaterThan(3);
    expect(await workFor(owner.email)).toEqual(free);
    expect(await workFor(gone.email)).toEqual(free);
  });

  const pages = ['/email', '/email/code', '/phone', '/phone/code', '/phone/remove'];
  const actions = ['/email', '/email/code', '/email/cancel', '/phone', '/phone/code', '/phone/cancel', '/phone/remove'];

  test('S96: five minutes after the last proof everything here asks for another one', async () => {
    const ana = await app.account();
    const browser = await inConsole(ana);
    const { csrf = '' } = (await browser.open(`${personal}/email`)).forms[1]?.fields ?? {};
    app.clock.advance(301_000);

    for (const page of pages) expect(isDoor(await browser.open(personal + page))).toBe(true);
    for (const action of actions) {
      const fields = { csrf, email: 'ana@new.example', number: '+4915112345678', code: '123456' };
      const sent = await browser.follow(await browser.post(personal + action, fields));
      expect([action, isDoor(sent)]).toEqual([action, true]);
    }
    expect(await app.mail.allTo('ana@new.example')).toEqual([]);
    expect(await app.texts.allTo('+4915112345678')).toEqual([]);
  });

  test('S96: and at once, where less was proved than the strongest factor that there is', async () => {
    const ben = await app.account();
    const [first, second] = [await inConsole(ben), await inConsole(ben)];
    const begun = await first.submit(await first.open(security), {}, { form: '/authenticator/begin' });
    const secret = (/class="secret">([A-Z2-7 ]+)</.exec(begun.html)?.[1] ?? '').replaceAll(' ', '');
    await first.submit(begun, { code: totpAt(secret, app.clock.now()) }, { form: '/authenticator' });

    // It knows the password, and that a moment ago; the first one has proved the factor that it set up.
    for (const page of pages) expect(isDoor(await second.open(personal + page))).toBe(true);
    expect(isDoor(await first.open(`${personal}/email`))).toBe(false);
  });

  test('S83: the second factor by e-mail goes to the address in force; a code that went to the old one is dead', async () => {
    const cleo = await app.account();
    const browser = await inConsole(cleo);
    await browser.submit(await browser.open(security), { method: 'email' }, { form: '/add' });

    const door = openBrowser(app.url);
    const asked = await door.submit(await door.open('/account'), { email: cleo.email, password: cleo.password });
    const stale = await app.mail.to(cleo.email, 'sign-in-code');

    // What is sensitive wants that factor by now.
    const again = await browser.submit(await browser.open(`${personal}/email`), {
      email: cleo.email,
      password: cleo.password,
    });
    const { code } = await app.mail.to(cleo.email, 'sign-in-code');
    await browser.submit(again, { code }, { form: '/second-factor' });
    await change(browser, 'cleo@new.example');

    const refused = await door.submit(asked, { code: stale.code }, { form: '/second-factor' });
    expect([isDoor(refused), refused.status]).toEqual([true, 422]);

    const next = openBrowser(app.url);
    const page = await next.submit(await next.open('/account'), {
      email: 'cleo@new.example',
      password: cleo.password,
    });
    expect(page.words).toContain('c•••@new.example');
    const fresh = await app.mail.to('cleo@new.example', 'sign-in-code');
    expect(isDoor(await next.submit(page, { code: fresh.code }, { form: '/second-factor' }))).toBe(false);
  });

  test('S23: nothing is changed by a form of another site, nor by opening a page', async () => {
    const dan = await app.account();
    const browser = await inConsole(dan);

    for (const action of [...actions.map((one) => personal + one), '/undo-email-change']) {
      const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      const sent = await browser.post(action, { email: 'dan@new.example', number: '+4915112345678' }, foreign);
      expect([action, sent.status]).toEqual([action, 403]);
    }
    for (const page of ['/email?email=dan@new.example', '/phone?number=%2B4915112345678', '/email/code?again=on']) {
      await browser.open(personal + page);
    }
    expect(await app.mail.allTo('dan@new.example')).toEqual([]);
    expect(await app.texts.allTo('+4915112345678')).toEqual([]);
  });

  test('S46, S111: a link that is cut, longer, changed or no code at all is none, and never an error of ours', async () => {
    const eve = await app.account();
    await change(await inConsole(eve), 'eve@new.example');
    const secret = new URL((await app.mail.to(eve.email, 'email-changed')).link).searchParams.get('code') ?? '';
    const flipped = `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
    const browser = openBrowser(app.url);

    const odd = [secret.slice(1), `${secret}0`, flipped, 'x'.repeat(5000), '😀', '%', '../', `${secret}\u0000`];
    for (const code of odd) {
      const { status } = await browser.get(`/undo-email-change?code=${encodeURIComponent(code)}`);
      expect([code.slice(0, 30), [400, 404, 410].includes(status)]).toEqual([code.slice(0, 30), true]);
    }
    expect((await browser.get(`/undo-email-change?code=${secret}&code=${secret}`)).status).toBe(400);
    expect((await browser.get(`/undo-email-change?code=${secret}&by=nonsense`)).status).toBe(200);
  });

  test('S53: a profile form sets neither address, number nor what is verified', async () => {
    const fay = await app.account();
    const browser = await inConsole(fay);
    const page = await browser.open(personal);

    const form = page.forms.find(({ action }) => action === personal);
    const further = {
      email: 'fay@new.example',
      emailVerified: 'true',
      phone: '+4915112345678',
      roles: 'admin',
      formerEmails: '[]',
    };

    const saved = await browser.post(personal, { ...form?.fields, displayName: 'Fay', ...further });
    expect(saved.status).toBe(303);
    const stored = await app.services.accounts.get(fay.id);
    expect(stored).toMatchObject({ displayName: 'Fay', email: fay.email, roles: [] });
    expect(stored?.phone).toBeUndefined();
  });

  test('S112: no code, link or new address of these stands in the log', async () => {
    const gus = await app.account();
    await change(await inConsole(gus), 'canary-address@new.example');
    const { link } = await app.mail.to(gus.email, 'email-changed');
    await openBrowser(app.url).open(link);
    const { code } = await app.mail.to('canary-address@new.example', 'change-email-code');
    const secret = new URL(link).searchParams.get('code') ?? '';

    const lines = app.log.join('\n');
    for (const word of ['canary-address', secret, ` ${code} `, `"${code}"`]) expect(lines).not.toContain(word);
  });
});
