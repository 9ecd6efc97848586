import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { openBrowser, type Page } from '../../support/browser.ts';
import { enter, isSignedIn } from '../web/visits.ts';
import { openStreet, type Street } from './guesses.ts';

const hour = 3_600_000;

/** Whose address was typed; all are equally long, so that lengths can be compared. */
const tried: [string, string][] = [
  ['somebody', 'somebody@example.com'],
  ['nobody', 'person-0@example.com'],
  ['a disabled account', 'disabled@example.com'],
  ['an address that was never verified', 'unproved@example.com'],
  ['an account without a password', 'wordless@example.com'],
];

/** Whom a link to a new password goes to, and who can find out. */
describe('a forgotten password, seen by an attacker', () => {
  let street: Street;

  beforeEach(async () => {
    street = await openStreet({ GATEHOUSE_LIMITS_RECOVERY_PER_HOUR: '12', GATEHOUSE_LIMITS_RECOVERY_PER_ADDRESS: '8' });
    const { app } = street;
    const by = { actor: 'command-line' };

    await app.account({ email: 'somebody@example.com' });
    await app.account({ email: 'unproved@example.com', emailVerified: false });
    const { id } = await app.account({ email: 'disabled@example.com' });
    await app.services.locking.lock(id, { reason: 'Lost' }, by);
    await app.services.accounts.create({ email: 'wordless@example.com', emailVerified: true }, by);
  });

  afterEach(async () => {
    await street[Symbol.asyncDispose]();
  });

  interface Told {
    answer: Page;
    /** Where the answer leads. */
    page: Page;
    /** Everything that was asked of the stores, in order. */
    work: string[];
  }

  async function ask(email: string, ip = '198.51.100.1', headers: Record<string, string> = {}): Promise<Told> {
    const browser = openBrowser(street.app.url, { headers: { 'x-forwarded-for': ip } });
    const form = await browser.open('/forgot-password');
    const from = street.outage.calls.length;
    const fields = { ...form.forms[0]?.fields, email };
    const answer = await browser.post('/forgot-password', fields, headers);
    const work = street.outage.calls.slice(from);

    return { answer, page: await browser.follow(answer), work };
  }

  const mailsTo = async (email: string) =>
    (await street.app.mail.allTo(email)).filter(({ template }) => template === 'reset-password');

  const plain = ({ html }: Page, email: string): string => html.replaceAll(email, '').replace(/[\w-]{22,}/g, '');

  const headersOf = ({ headers }: Page) => {
    const { date: _date, 'x-request-id': _id, location, ...same } = headers;
    return { ...same, location: location?.replace(/[\w-]{22,}/g, '') };
  };

  test.each(tried)('S71: %s gets the page that somebody gets, after the same work', async (_who, email) => {
    // The first time makes the counters.
    await ask('somebody@example.com');
    await ask(email);

    const usual = await ask('somebody@example.com');
    const { answer, page, work } = await ask(email);

    expect([answer.status, headersOf(answer)]).toEqual([303, headersOf(usual.answer)]);
    expect(answer.location).not.toContain(email.split('@')[0]);
    expect([page.status, plain(page, email)]).toEqual([200, plain(usual.page, 'somebody@example.com')]);
    expect(headersOf(page)).toEqual(headersOf(usual.page));
    // What comes after the write is sending, which goes on by itself.
    const inRequest = (calls: string[]) => calls.slice(0, calls.indexOf('records.write') + 1);
    expect(inRequest(work)).toEqual(inRequest(usual.work));
    expect(inRequest(work)).toContain('records.write');
  });

  test('S71: a mail goes to those alone who have an account that may be used', async () => {
    for (const [, email] of tried) await ask(email);

    const got = await Promise.all(tried.map(async ([who, email]) => [who, (await mailsTo(email)).length]));
    expect(Object.fromEntries(got)).toEqual({
      somebody: 1,
      nobody: 0,
      'a disabled account': 0,
      'an address that was never verified': 1,
      'an account without a password': 1,
    });
    expect((await street.app.mail.allTo('nobody@example.com')).length).toBe(0);
  });

  test.each([
    { 'x-forwarded-host': 'evil.example' },
    { forwarded: 'host=evil.example;proto=https' },
    { 'x-forwarded-proto': 'https', 'x-forwarded-port': '666' },
    { 'x-host': 'evil.example', 'x-original-url': 'https://evil.example/' },
    { referer: 'https://evil.example/', 'x-http-host-override': 'evil.example' },
  ])('S72: the link leads to the issuer, whatever %j says', async (headers) => {
    await ask('somebody@example.com', '198.51.100.1', headers);
    const { link, text } = await street.app.mail.to('somebody@example.com');

    expect(link).toMatch(new RegExp(`^${street.app.url}/reset-password\\?token=[0-9A-Z]{26}$`));
    expect(text).not.toContain('evil.example');
  });

  test('S72: with another Host, nothing is asked for', async () => {
    const { page } = await ask('somebody@example.com', '198.51.100.1', { host: 'evil.example' });

    expect(page.status).toBe(421);
    expect(await mailsTo('somebody@example.com')).toEqual([]);
  });

  test('S76: a sixth mail within an hour is refused without a word, and the fifth link goes on working', async () => {
    const pages: Page[] = [];
    for (let n = 0; n < 8; n += 1) pages.push((await ask('SomeBody@example.com ', `198.51.100.${n}`)).page);

    const mails = await mailsTo('somebody@example.com');
    expect(mails).toHaveLength(5);
    expect(new Set(pages.map((page) => plain(page, 'SomeBody@example.com'))).size).toBe(1);
    expect((await openBrowser(street.app.url).open(mails[4]?.link ?? '')).status).toBe(200);

    street.app.clock.advance(hour);
    await ask('somebody@example.com');
    expect(await mailsTo('somebody@example.com')).toHaveLength(6);
  });

  test('S76: fifty at once are five mails', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => ask('somebody@example.com', `203.0.113.${n}`)),
    );

    expect(answers.every(({ page }) => page.status === 200)).toBe(true);
    expect(await mailsTo('somebody@example.com')).toHaveLength(5);
  });

  test('S76: from one network eight an hour are taken, whomever they are for; that is said', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 9; n += 1) statuses.push((await ask(`person-${n}@example.com`, '203.0.113.5')).page.status);

    expect(statuses).toEqual([...Array.from({ length: 8 }, () => 200), 429]);
    expect((await ask('somebody@example.com', '203.0.113.5')).page.words).toContain('too many requests');
    expect((await ask('somebody@example.com', '203.0.113.6')).page.status).toBe(200);
  });

  test('S76: of all people twelve an hour get one; the rest are told the same, and the operator finds it written', async () => {
    for (let n = 0; n < 14; n += 1) await street.app.account({ email: `crowd-${n}@example.com` });
    const pages: Page[] = [];
    for (let n = 0; n < 14; n += 1) pages.push((await ask(`crowd-${n}@example.com`, `203.0.113.${n}`)).page);

    const got = await Promise.all(pages.map(async (_, n) => (await mailsTo(`crowd-${n}@example.com`)).length));
    expect(got.filter((count) => count === 1)).toHaveLength(12);
    expect(new Set(pages.map((page, n) => plain(page, `crowd-${n}@example.com`))).size).toBe(1);

    const { rows } = await street.app.services.records.events.list('time', 'all', { limit: 1000 });
    expect(rows.filter(({ kind }) => kind === 'recovery.spent')).toHaveLength(1);
  });

  test('S74: asking for links locks nobody out and ends nothing', async () => {
    const ana = await street.app.account({ email: 'ana@example.com' });
    const browser = openBrowser(street.app.url, { headers: { 'x-forwarded-for': '198.51.100.77' } });
    await enter(browser, ana);
    for (let n = 0; n < 20; n += 1) await ask(ana.email, `203.0.113.${n}`);

    expect(await isSignedIn(browser)).toBe(true);
    expect((await (await street.at('192.0.2.1')).try(ana.email, ana.password)).status).toBe(303);
  });

  test('what is no address is said at the field; what was typed stays', async () => {
    for (const email of ['', 'ana', '"a b"@example.com', 'ana@example.com\r\nBcc: eve@example.com']) {
      const { page } = await ask(email);

      expect([page.status, page.forms[0]?.fields['email']?.trim()]).toEqual([422, email.trim()]);
    }
  });

  test('S23: a form from elsewhere asks for nothing', async () => {
    const browser = openBrowser(street.app.url);
    await browser.open('/forgot-password');
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const page = await browser.post('/forgot-password', { email: 'somebody@example.com' }, foreign);

    expect(page.status).toBe(403);
    expect(await mailsTo('somebody@example.com')).toEqual([]);
  });
});
