import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { newId } from '../../../src/domain/ids.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { isSignedIn } from '../web/visits.ts';
import { openStreet, type Street } from './guesses.ts';

const minute = 60_000;
const wanted = 'nine herons judge the moor';

/** After a hundred wrong passwords in a row: what a browser that nobody knows can do, whoever is in front of it. */
describe('S84: a code from the mailbox', () => {
  let street: Street;
  let ana: Account & { password: string };

  beforeEach(async () => {
    street = await openStreet();
    ana = await street.app.account({ email: 'somebody@example.com' });
    for (const email of [ana.email, 'person-0@example.com']) await besiege(email);
  });

  afterEach(async () => {
    await street[Symbol.asyncDispose]();
  });

  async function besiege(email: string): Promise<void> {
    const { guessing } = street.app.services;
    const accountId = email === ana.email ? ana.id : undefined;

    for (let failures = 0; failures < 100;) {
      const ip = `203.0.${failures}.7`;
      const admission = await guessing.admit({ email, ip, deviceId: newId(), accountId });

      if (admission.allowed) {
        await guessing.failed(admission.ticket);
        failures += 1;
      } else street.app.clock.advance(5 * minute);
    }
  }

  interface Stood {
    browser: Browser;
    /** The page that offers to send a code. */
    page: Page;
  }

  async function locked(email: string, ip = '192.0.2.1'): Promise<Stood> {
    const browser = openBrowser(street.app.url, { headers: { 'x-forwarded-for': ip } });
    const page = await browser.submit(await browser.open('/account'), { email, password: ana.password });
    expect([page.status, page.words]).toEqual([429, expect.stringContaining('First, a code from your mailbox')]);

    return { browser, page };
  }

  const mailsTo = async (email: string) =>
    (await street.app.mail.allTo(email)).filter(({ template }) => template === 'mailbox-code');

  const plain = ({ html }: Page, email: string): string => html.replaceAll(email, '').replace(/[\w-]{20,}/g, '');

  test('lets this browser try passwords again, and no other', async () => {
    const { browser, page } = await locked(ana.email);
    const sent = await browser.submit(page, {}, { form: '/mailbox/send' });
    // Reloaded, the page sends no other code, which would end this one.
    expect(sent.url).not.toContain('somebody');
    expect((await browser.open(sent.url)).words).toBe(sent.words);
    expect(await mailsTo(ana.email)).toHaveLength(1);
    const { code } = await street.app.mail.to(ana.email, 'mailbox-code');

    const mistyped = await browser.submit(sent, { code: code === '000000' ? '000001' : '000000' });
    expect([mistyped.status, mistyped.words]).toEqual([422, expect.stringContaining('have a new one sent')]);

    const door = await browser.submit(mistyped, { code });
    expect(door.words).toContain('Now sign in with your password.');
    expect(door.forms[0]?.fields['email']).toBe(ana.email);
    expect(await isSignedIn(browser)).toBe(false);

    const wrong = await browser.submit(door, { email: ana.email, password: 'not-the-password-of-anybody' });
    expect([wrong.status, wrong.words]).toEqual([422, expect.stringContaining('don’t match')]);
    await browser.submit(wrong, { email: ana.email, password: ana.password });
    expect(await isSignedIn(browser)).toBe(true);
    // What only proved a mailbox is a new device all the same.
    expect((await street.app.mail.to(ana.email)).template).toBe('new-device');

    await locked(ana.email);
  });

  test('looks the same for an address that nobody has, at every step, after the same work', async () => {
    const seen: string[][] = [];
    const work: string[][] = [];
    // The first one makes the counter of this network.
    const first = await locked(ana.email);
    await first.browser.submit(first.page, { email: 'person-1@example.com' }, { form: '/mailbox/send' });

    for (const email of [ana.email, 'person-0@example.com']) {
      const { browser, page } = await locked(email);
      const from = street.outage.calls.length;
      const sent = await browser.submit(page, {}, { form: '/mailbox/send' });
      const until = street.outage.calls.indexOf('records.write', from);
      work.push(street.outage.calls.slice(from, until + 1));

      const pages = [page, sent];
      for (let n = 0; n < 6; n += 1) pages.push(await browser.submit(sent, { code: '00000a' }, { form: 0 }));
      for (let n = 0; n < 6; n += 1) pages.push(await browser.submit(sent, { code: '000000' }, { form: 0 }));
      pages.push(await browser.submit(sent, {}, { form: '/mailbox/send' }));

      seen.push(pages.map((one) => `${one.status} ${plain(one, email)}`));
    }

    expect(seen[1]).toEqual(seen[0]);
    expect(work[1]).toEqual(work[0]);
    expect(seen[0]?.at(-1)).toMatch(/^429 /);
    expect([await mailsTo(ana.email), await mailsTo('person-0@example.com')].map(({ length }) => length)).toEqual([
      1, 0,
    ]);
  });

  test('works in the browser and the sign-in that asked for it alone', async () => {
    const { browser, page } = await locked(ana.email);
    await browser.submit(page, {}, { form: '/mailbox/send' });
    const { code } = await street.app.mail.to(ana.email, 'mailbox-code');

    const other = await locked(ana.email);
    const path = new URL(other.page.url).pathname;
    const own = other.page.forms[0]?.fields;
    const tried = await other.browser.post(`${path}/mailbox`, { ...own, email: ana.email, code });

    expect(tried.status).toBe(422);
    await locked(ana.email);
  });

  test('S85: of twenty tries in an hour, and no more, any is looked at', async () => {
    const { browser, page } = await locked(ana.email);
    const sent = await browser.submit(page, {}, { form: '/mailbox/send' });
    const { code } = await street.app.mail.to(ana.email, 'mailbox-code');
    // What is no code costs a code's own tries nothing, and these all the same.
    for (let n = 0; n < 20; n += 1) await browser.submit(sent, { code: 'x' }, { form: 0 });

    const late = await browser.submit(sent, { code }, { form: 0 });
    expect([late.status, late.words]).toEqual([422, expect.stringContaining('not valid any more')]);
  });

  test('is not taken away by strangers who have codes sent to the same address, and try them', async () => {
    const { browser, page } = await locked(ana.email);
    const sent = await browser.submit(page, {}, { form: '/mailbox/send' });
    const { code } = await street.app.mail.to(ana.email, 'mailbox-code');

    for (let n = 0; n < 4; n += 1) {
      const stranger = await locked(ana.email, '198.51.100.7');
      const theirs = await stranger.browser.submit(stranger.page, {}, { form: '/mailbox/send' });
      for (let tries = 0; tries < 5; tries += 1) await stranger.browser.submit(theirs, { code: 'x' }, { form: 0 });
      for (let tries = 0; tries < 5; tries += 1) {
        await stranger.browser.submit(theirs, { code: code === '000000' ? '111111' : '000000' }, { form: 0 });
      }
    }

    const door = await browser.submit(sent, { code });
    expect(door.words).toContain('Now sign in with your password.');
  });

  test('is not used up by those who try where no code was sent', async () => {
    const stranger = await locked(ana.email);
    const path = new URL(stranger.page.url).pathname;
    const own = stranger.page.forms[0]?.fields;

    for (let tries = 0; tries < 21; tries += 1) {
      await stranger.browser.post(`${path}/mailbox`, { ...own, email: ana.email, code: '000000' });
    }

    const { browser, page } = await locked(ana.email);
    const sent = await browser.submit(page, {}, { form: '/mailbox/send' });
    const { code } = await street.app.mail.to(ana.email, 'mailbox-code');
    expect((await browser.submit(sent, { code })).words).toContain('Now sign in with your password.');
  });

  test('S76, S85: at most five are sent from one network in an hour, and ten from all, known or not', async () => {
    for (const email of [ana.email, 'person-0@example.com']) {
      const statuses: number[] = [];

      for (const ip of ['192.0.2.1', '198.51.100.1', '203.0.113.1']) {
        for (let n = 0; n < 6; n += 1) {
          const { browser, page } = await locked(email, ip);
          statuses.push((await browser.submit(page, {}, { form: '/mailbox/send' })).status);
        }
      }

      const five = Array.from({ length: 5 }, () => 200);
      expect(statuses).toEqual([...five, 429, ...five, 429, ...Array.from({ length: 6 }, () => 429)]);
    }
  });

  test('S89: is right once of fifty at once', async () => {
    const { browser, page } = await locked(ana.email);
    const sent = await browser.submit(page, {}, { form: '/mailbox/send' });
    const { code } = await street.app.mail.to(ana.email, 'mailbox-code');

    const pages = await Promise.all(
      Array.from({ length: 15 }, () => browser.submit(sent, { code }, { form: 0, follow: false })),
    );

    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(pages.filter(({ status }) => status === 422)).toHaveLength(14);
  });

  test('a new password by mail lets its browser in just the same', async () => {
    const browser = openBrowser(street.app.url, { headers: { 'x-forwarded-for': '192.0.2.9' } });
    await browser.submit(await browser.open('/forgot-password'), { email: ana.email });
    const { link } = await street.app.mail.to(ana.email, 'reset-password');
    const chosen = { newPassword: wanted, confirmPassword: wanted };
    const door = await browser.submit(await browser.open(link), chosen);

    await browser.submit(door, { email: ana.email, password: wanted });
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('S84: its owner is told of the many tries, once a day, whoever goes on trying', async () => {
    for (let n = 0; n < 3; n += 1) await locked(ana.email);
    const told = async () =>
      (await street.app.mail.allTo(ana.email)).filter(({ template }) => template === 'failed-tries').length;

    expect(await told()).toBe(1);
    street.app.clock.advance(25 * 60 * minute);
    await locked(ana.email);
    expect(await told()).toBe(2);
  });

  test('asked for by one network more than thirty times an hour, it is refused, and that is said', async () => {
    const { browser, page } = await locked(ana.email);
    const statuses: number[] = [];
    for (let n = 0; n < 31; n += 1) {
      statuses.push(
        (await browser.submit(page, { email: `person-${n}@example.com` }, { form: '/mailbox/send' })).status,
      );
    }

    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 200), 429]);
  });
});
