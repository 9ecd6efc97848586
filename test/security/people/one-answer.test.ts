import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type Page } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { unlimited } from '../web/visits.ts';
import { wrong } from './guesses.ts';

/** Whose address was tried; all are equally long, so that lengths can be compared. */
const tried: [string, string][] = [
  ['somebody', 'somebody@example.com'],
  ['nobody', 'person-0@example.com'],
  ['a disabled account', 'disabled@example.com'],
  ['an address that was never verified', 'unproved@example.com'],
  ['an account without a password', 'wordless@example.com'],
];

describe('S71: who has an account can’t be told from how a sign-in fails', () => {
  const outage = createOutage();
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ aroundStores: outage.around, env: unlimited });
    const { accounts, locking } = app.services;
    const by = { actor: 'command-line' };

    await app.account({ email: 'somebody@example.com' });
    await app.account({ email: 'unproved@example.com', emailVerified: false });
    const { id } = await app.account({ email: 'disabled@example.com' });
    await locking.lock(id, { reason: 'Lost' }, by);
    await accounts.create({ email: 'wordless@example.com', emailVerified: true }, by);
  });

  /** Nobody has to wait for earlier guesses. */
  beforeEach(() => app.clock.advance(3_600_000));

  afterAll(() => app[Symbol.asyncDispose]());

  interface Told {
    page: Page;
    /** Everything that was asked of the stores, in order. */
    work: string[];
    cookies: number;
  }

  async function guess(email: string, password = wrong()): Promise<Told> {
    const browser = openBrowser(app.url);
    const door = await browser.open('/account');
    const from = outage.calls.length;
    const page = await browser.submit(door, { email, password }, { follow: false });
    // The server looks at some settings for its own sake, whenever it is time.
    const work = outage.calls.slice(from).filter((call) => call !== 'records.settings.get');

    return { page, work, cookies: (page.headers['set-cookie'] ?? []).length };
  }

  /** Without what differs from one request to the next in any case. */
  const plain = ({ html }: Page, email: string): string => html.replaceAll(email, '').replace(/[\w-]{22,}/g, '');

  const headersOf = ({ headers }: Page) => {
    const { date: _date, 'x-request-id': _id, ...same } = headers;
    return same;
  };

  test.each(tried)('%s gets the page that somebody gets, to the byte', async (_who, email) => {
    const usual = await guess('somebody@example.com');
    const { page, cookies } = await guess(email);

    expect([page.status, cookies]).toEqual([422, usual.cookies]);
    expect(headersOf(page)).toEqual(headersOf(usual.page));
    expect(plain(page, email)).toBe(plain(usual.page, 'somebody@example.com'));
  });

  test.each(tried)(
    '%s costs what somebody costs: the same trips to the stores, in the same order',
    async (_who, email) => {
      // The first failure of an address makes its counters.
      await guess('somebody@example.com');
      await guess(email);

      const { work: usual } = await guess('somebody@example.com');
      const { work } = await guess(email);

      expect(usual).toContain('records.passwords.get');
      expect(work).toEqual(usual);
    },
  );

  test('that an account is locked is told to nobody but its owner', async () => {
    const usual = await guess('somebody@example.com');
    const { page: stranger } = await guess('disabled@example.com');
    const { page: owner } = await guess('disabled@example.com', 'quiet-marble-otter-47-lantern');

    expect(stranger.status).toBe(422);
    expect(plain(stranger, 'disabled@example.com')).toBe(plain(usual.page, 'somebody@example.com'));
    expect([owner.status, owner.words]).toEqual([403, expect.stringContaining('This account is locked')]);
  });

  test('that an address was never verified is told to nobody but its owner', async () => {
    const { page: stranger } = await guess('unproved@example.com');
    const { page: owner } = await guess('unproved@example.com', 'quiet-marble-otter-47-lantern');

    expect(stranger.status).toBe(422);
    expect([owner.status, owner.location]).toEqual([303, expect.stringMatching(/\/verify-email$/)]);
  });

  test('a hint from an app shows what was hinted, not whether it is somebody', async () => {
    const hinted = async (email: string) => {
      const { location = '' } = await openBrowser(app.url).get('/account/personal-information');
      const page = await openBrowser(app.url).open(`${location}&login_hint=${encodeURIComponent(email)}`);

      return plain(page, email);
    };

    expect(await hinted('person-0@example.com')).toBe(await hinted('somebody@example.com'));
  });

  test('what prompt=none answers tells nothing', async () => {
    const { location = '' } = await openBrowser(app.url).get('/account/personal-information');
    const answers = new Set<string | undefined>();

    for (const [, email] of tried) {
      const page = await openBrowser(app.url).get(`${location}&prompt=none&login_hint=${encodeURIComponent(email)}`);
      answers.add(page.location?.replace(/state=[^&]*/, ''));
    }

    expect(answers.size).toBe(1);
  });
});
