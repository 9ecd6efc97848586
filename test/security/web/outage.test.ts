import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { openBrowser, type Browser } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { openGround, type Ground, type Party, type Tokens } from '../protocol/ground.ts';
import { askedFor } from './asked.ts';
import { isSignedIn, sessionsOf } from './visits.ts';

describe('while storage is down', () => {
  const outage = createOutage();
  let ground: Ground;
  let wiki: Party;
  /** Somebody else's: it needs to be allowed. */
  let strange: Party;
  let ben: Account & { password: string };
  let ana: Browser;
  let tokens: Tokens;

  beforeAll(async () => {
    ground = await openGround({ aroundStores: outage.around });
    ben = await ground.app.account({ email: 'ben@example.com' });
    wiki = await ground.party('web', { first_party: true });
    strange = await ground.party('web');
    ana = await ground.signedIn(ground.ana);
    tokens = await wiki.tokens(ana);
  });

  afterEach(() => {
    outage.mend();
    outage.onFailing = undefined;
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const unavailable = { status: 503, retryAfter: expect.stringMatching(/^\d+$/) };

  const asked = askedFor(() => ({ ground, wiki, strange, ben, ana, tokens }));

  test.each(asked)('S115: %s is 503 with the time to try again, and works afterwards', async (_what, begin) => {
    const finish = await begin();

    outage.take('records', 'ephemera');
    expect(await finish()).toEqual(unavailable);

    outage.mend();
    const finishLater = await begin();
    expect((await finishLater()).status).toBeLessThan(400);
  });

  test.each(asked)('S115: the same with records alone down: %s', async (_what, begin) => {
    const finish = await begin();

    outage.take('records');
    expect(await finish()).toEqual(unavailable);
  });

  test.each(asked)('S115: wherever it goes away, one wait for it and no more: %s', async (_what, begin) => {
    outage.onFailing = () => ground.app.clock.advance(4000);

    for (const part of ['records', 'ephemera']) {
      for (let [through, waits] = [0, 1]; waits > 0; through += 1) {
        const finish = await begin();

        outage.takeBehind(through, part);
        const { status } = await finish();
        waits = outage.failed().length;
        outage.mend();

        expect({ part, through, status, waits: waits > 1 ? outage.failed() : 'one at most' }).toEqual({
          part,
          through,
          status: waits > 0 ? 503 : expect.any(Number),
          waits: 'one at most',
        });
      }
    }
  });

  test('S115: an error page is a page, and says that it is for a moment only', async () => {
    outage.take('records', 'ephemera');
    const page = await ana.get('/account/personal-information');

    expect(page.html).toContain('/assets/style.css');
    expect(page.words).toContain(String(page.headers['x-request-id']));
    expect(page.words).not.toContain('store');
  });

  test.each([
    'records.attempts',
    'records.knownDevices',
    'records.passwords',
    'records.events.create',
    'records.write',
    'records.sessions',
    'records.accounts',
    'ephemera',
  ])('S115: without %s nobody is let in, right password or wrong', async (part) => {
    const before = await sessionsOf(ground.app, ben.id);

    for (const password of [ben.password, 'wrong-and-long-enough']) {
      const browser = openBrowser(ground.app.url);
      const door = await browser.open('/account');

      outage.take(part);
      const page = await browser.submit(door, { email: ben.email, password });
      outage.mend();

      // A wrong one may be told so where the part is needed for a right one alone.
      expect(password === ben.password ? [503] : [503, 422]).toContain(page.status);
      expect(await isSignedIn(browser)).toBe(false);
    }

    expect(await sessionsOf(ground.app, ben.id)).toBe(before);
  });

  test.each([
    ['records.grants', 'a code'],
    ['records.clients', 'a code'],
    ['records.accounts', 'a code'],
    ['records.sessions', 'a code'],
    ['ephemera.get', 'a code'],
    ['ephemera.put', 'a code'],
    ['records.refreshFamilies', 'a refresh token'],
    ['records.refreshFamilies.update', 'a refresh token'],
    ['records.grants', 'a refresh token'],
    ['records.accounts', 'a refresh token'],
  ])('S115: without %s no token comes of %s', async (part, what) => {
    const { code } = await wiki.code(ana, { scope: 'openid' });
    const { refresh_token: token } = await wiki.tokens(ana);

    outage.take(part);
    const answer = await (what === 'a code' ? wiki.redeem(code) : wiki.refresh(token));
    outage.mend();

    expect([part, answer.status]).toEqual([part, 503]);
    expect(answer.text).not.toMatch(/access_token|id_token/);
  });

  test('S115: a token that can’t be looked up is not called inactive, which would be believed', async () => {
    const { access_token: token } = await wiki.tokens(ana);

    for (const part of ['records.grants', 'records.accounts', 'records.clients', 'ephemera']) {
      outage.take(part);
      const answer = await wiki.introspect(token);
      outage.mend();

      expect([part, answer.status, answer.text.includes('active')]).toEqual([part, 503, false]);
    }
  });

  test.each([
    ['records', 503],
    // Whoever is signed in reads on: a load balancer must not take every node away.
    ['ephemera', 200],
  ])('S115: without %s /readyz says %i and /healthz 200, and both are well again at once', async (part, ready) => {
    const health = async () => [(await ana.get('/readyz')).status, (await ana.get('/healthz')).status];

    outage.take(part);
    expect(await health()).toEqual([ready, 200]);
    outage.mend();
    expect(await health()).toEqual([200, 200]);
  });

  test('S115: discovery and the keys are still there', async () => {
    outage.take('records', 'ephemera');

    for (const path of ['/.well-known/openid-configuration', '/oauth/jwks']) {
      expect((await ground.get(path)).status).toBe(200);
    }
  });

  test('S115: a browser is not signed out by it, and a session that was ended stays ended', async () => {
    const browser = await ground.signedIn(ground.ana);

    outage.take('records', 'ephemera');
    await browser.get('/account/personal-information');
    await browser.get(wiki.url());
    outage.mend();

    expect(await isSignedIn(browser)).toBe(true);
  });
});
