import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { goodPassword, startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { relyingParty, walkThrough, type RelyingParty } from '../support/relying-party.ts';

/** Signing in through the whole of Gatehouse: the real counters, hashes and protocol. */
describe('signing in', () => {
  let app: TestApp;
  let payroll: RelyingParty;

  beforeAll(async () => {
    app = await startTestApp({
      env: {
        GATEHOUSE_LIMITS_SIGN_IN_FAILURES_PER_ADDRESS: '100000',
        GATEHOUSE_LIMITS_SIGN_IN_FAILURES_PER_PAIR: '60',
        GATEHOUSE_LIMITS_SIGN_IN_FAILURES_PER_ACCOUNT: '60',
      },
    });
    const registered = await app.client('web', {
      client_name: 'Payroll',
      redirect_uris: ['https://payroll.example.com/cb'],
      first_party: true,
    });
    payroll = await relyingParty(app, registered);
    await app.account({ email: 'ana@example.com' });
    await app.account({ email: 'bo@example.com', displayName: 'Bo' });
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
  });

  const ana = { email: 'ana@example.com', password: goodPassword };
  const bo = { email: 'bo@example.com', password: goodPassword };

  test('40 sign-ins of one person from one address in 20 s all work', async () => {
    for (let round = 0; round < 40; round += 1) {
      const browser = openBrowser(app.url);
      const page = await browser.open((await payroll.request()).url.href);

      expect(await walkThrough(browser, page, ana)).toContain('/cb?code=');
    }
  });

  test('S71: known and unknown addresses get the same answer, also during a wait', async () => {
    const browser = openBrowser(app.url);
    const form = await browser.open((await payroll.request()).url.href);
    const answers: Record<'known' | 'unknown', string[]> = { known: [], unknown: [] };

    for (let pair = 0; pair < 10; pair += 1) {
      for (const [kind, email] of [
        ['known', 'ana@example.com'],
        ['unknown', 'zoe@example.com'],
      ] as const) {
        const page = await browser.submit(form, { email, password: 'wrong' });
        answers[kind].push(`${page.status} ${page.words}`);
      }
    }

    expect(answers.known).toEqual(answers.unknown);
  });

  test('S113: success and failure are on record, with the app and where from', async () => {
    const cleo = await app.account({ email: 'cleo@example.com' });
    const browser = openBrowser(app.url, { headers: { 'user-agent': 'Test browser' } });
    const form = await browser.open((await payroll.request()).url.href);

    await browser.submit(form, { email: cleo.email, password: 'wrong' });
    await browser.submit(form, { email: cleo.email, password: cleo.password });

    const { events } = await app.services.events.read(cleo);

    expect(events.filter(({ kind }) => kind.startsWith('sign_in.'))).toMatchObject([
      {
        kind: 'sign_in.succeeded',
        actor: cleo.id,
        clientId: payroll.clientId,
        details: { amr: ['pwd'], acr: 'urn:gatehouse:acr:1' },
        userAgent: 'Test browser',
      },
      { kind: 'sign_in.failed', actor: 'anonymous', details: { known: true }, ip: '127.0.0.1' },
    ]);
  });

  test('prompt=select_account: go on as the same person, or as another', async () => {
    const { browser } = await payroll.signIn(ana);
    const choose = async (): Promise<Page> =>
      browser.open((await payroll.request({ prompt: 'select_account' })).url.href);

    const same = await browser.submit(await choose(), {}, { button: 'Go on as Ana Lind' });
    expect(same.location).toContain('/cb?code=');

    const other = await browser.submit(await choose(), {}, { button: 'Use another account' });
    expect(other.title).toContain('Sign in');
    expect(await walkThrough(browser, other, bo)).toContain('/cb?code=');

    expect((await choose()).words).toContain('Go on as Bo');
  });

  test('S19: prompt=login names who is signed in; somebody else may take over', async () => {
    const { browser } = await payroll.signIn(ana);
    const departure = await payroll.request({ prompt: 'login' });
    const page = await browser.open(departure.url.href);

    expect(page.words).toContain('Payroll asks you to sign in again.');
    expect(page.forms[0]?.fields).toMatchObject({ email: 'ana@example.com' });

    const arrivedAt = await walkThrough(browser, await browser.get(`${page.url}?as=another`), bo);
    const tokens = await payroll.redeem(departure, arrivedAt);

    expect(tokens.claims()?.sub).toBe((await app.services.accounts.findByEmail('bo@example.com'))?.id);
  });

  test('S86: 100 wrong guesses at once are all counted, and none is looked at beyond the limit', async () => {
    const dora = await app.account({ email: 'dora@example.com' });
    const browser = openBrowser(app.url);
    const form = await browser.open((await payroll.request()).url.href);

    const pages = await Promise.all(
      Array.from({ length: 100 }, () => browser.submit(form, { email: dora.email, password: 'wrong' })),
    );
    const count = (status: number) => pages.filter((page) => page.status === status).length;

    expect({ looked: count(422) <= 60, refused: count(429) >= 40, all: count(422) + count(429) }).toEqual({
      looked: true,
      refused: true,
      all: 100,
    });
    expect((await browser.submit(form, { email: dora.email, password: dora.password })).words).toContain('Wait ');
  });
});

test('S79: of 50 forms sent at once one makes the administrator', async () => {
  await using app = await startTestApp();

  const sent = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const browser = openBrowser(app.url);
      const form = await browser.get(app.setupUrl ?? '');

      return () =>
        browser.submit(
          form,
          { email: `admin${index}@example.com`, displayName: `Admin ${index}`, password: goodPassword },
          { follow: false },
        );
    }),
  );
  const pages = await Promise.all(sent.map((send) => send()));

  expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(pages.filter(({ status }) => status === 410)).toHaveLength(49);

  const { rows } = await app.services.records.accounts.list('administrators', 'admin');
  expect(rows).toHaveLength(1);
});
