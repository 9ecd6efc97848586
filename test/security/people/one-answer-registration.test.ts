import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { goodPassword, startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Page } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { unlimited } from '../web/visits.ts';

/** Equally long, so that lengths can be compared. */
const tried: [string, string][] = [
  ['somebody', 'somebody@example.com'],
  ['a disabled account', 'disabled@example.com'],
  ['an address that was never verified', 'unproved@example.com'],
];

describe('S71: who has an account can’t be told from how creating one begins', () => {
  const outage = createOutage();
  let app: TestApp;
  let strangers = 0;

  beforeAll(async () => {
    app = await startTestApp({
      aroundStores: outage.around,
      env: { ...unlimited, GATEHOUSE_REGISTRATION_ALLOWED: 'true' },
    });
    await app.account({ email: 'somebody@example.com' });
    await app.account({ email: 'unproved@example.com', emailVerified: false });
    const { id } = await app.account({ email: 'disabled@example.com' });
    await app.services.locking.lock(id, { reason: 'Lost' }, { actor: 'command-line' });
  });

  beforeEach(() => app.clock.advance(2 * 3_600_000));
  afterAll(() => app[Symbol.asyncDispose]());

  const nobody = () => `nobody${(strangers += 1)}9@example.com`;

  async function begin(email: string) {
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const form = await browser.open(`${new URL(door.url).pathname}/register`);
    const from = outage.calls.length;
    const page = await browser.submit(form, { email, displayName: 'Ada', password: goodPassword }, { follow: false });
    const work = outage.calls.slice(from).filter((call) => !isOfDelivery(call));

    return { browser, page, work };
  }

  /** What is sent is sent outside the request, and differs; the server looks by itself whether it is still open. */
  const isOfDelivery = (call: string) => /^records\.(messages|leases|settings|attempts)/.test(call);

  /** Without what differs from one request to the next in any case. */
  const plain = ({ html }: Page, email: string): string => html.replaceAll(email, '').replace(/[\w-]{20,}/g, '');
  const headersOf = ({ headers }: Page) => {
    const { date: _date, 'x-request-id': _id, location: _location, ...same } = headers;

    return same;
  };

  test.each(tried)('%s gets the answer that nobody gets, to the byte, and the same after it', async (_who, email) => {
    const unknown = nobody();
    const usual = await begin(unknown);
    const known = await begin(email);

    expect([known.page.status, headersOf(known.page)]).toEqual([303, headersOf(usual.page)]);

    const [codePage, usualPage] = [await known.browser.follow(known.page), await usual.browser.follow(usual.page)];
    expect(plain(codePage, email)).toBe(plain(usualPage, unknown));

    const wrong = await known.browser.submit(codePage, { code: '000000' });
    const usualWrong = await usual.browser.submit(usualPage, { code: '000000' });
    expect([wrong.status, plain(wrong, email)]).toEqual([usualWrong.status, plain(usualWrong, unknown)]);

    const again = await known.browser.submit(codePage, {}, { form: '/send' });
    const usualAgain = await usual.browser.submit(usualPage, {}, { form: '/send' });
    expect([again.status, plain(again, email)]).toEqual([usualAgain.status, plain(usualAgain, unknown)]);
  });

  test.each(tried)('%s costs what nobody costs: the same trips to the stores', async (_who, email) => {
    const { work: usual } = await begin(nobody());
    const { work } = await begin(email);

    expect(usual).toContain('records.accounts.find');
    expect(work).toEqual(usual);
  });
});
