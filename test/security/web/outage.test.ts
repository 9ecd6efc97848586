import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import type { Account } from '../../../src/domain/account.ts';
import { openBrowser, type Browser, type Page } from '../../support/browser.ts';
import { createOutage } from '../../support/outage.ts';
import { tickAll } from '../../support/relying-party.ts';
import { openGround, type Answer, type Ground, type Party, type Tokens } from '../protocol/ground.ts';
import { isSignedIn, sessionsOf } from './visits.ts';

/** What an attempt to get in, or on, came to. */
interface Outcome {
  status: number;
  retryAfter: string | undefined;
}

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

  const outcomeOf = ({ status, headers }: Page | Answer): Outcome => ({ status, retryAfter: headers['retry-after'] });
  const unavailable = { status: 503, retryAfter: expect.stringMatching(/^\d+$/) };

  /** Everything that lets somebody in or on. Each begins while all is well, and is finished while it is not. */
  const asked: [string, () => Promise<() => Promise<Outcome>>][] = [
    [
      'signing in',
      async () => {
        const browser = openBrowser(ground.app.url);
        const door = await browser.open('/account');

        return async () =>
          outcomeOf(await browser.submit(door, { email: ben.email, password: ben.password }, { follow: false }));
      },
    ],
    [
      'an authorization request',
      async () => {
        // The app is known from then on.
        await wiki.code(ana);

        return async () => outcomeOf(await ana.get(wiki.url()));
      },
    ],
    [
      'going on after the sign-in',
      async () => {
        const browser = openBrowser(ground.app.url);
        const door = await browser.open(wiki.url());
        const on = await browser.submit(door, { email: ben.email, password: ben.password }, { follow: false });

        return async () => outcomeOf(await browser.get(String(on.location)));
      },
    ],
    [
      'redeeming a code',
      async () => {
        const { code } = await wiki.code(ana);

        return async () => outcomeOf(await wiki.redeem(code));
      },
    ],
    [
      'refreshing',
      async () => {
        const { refresh_token: token } = await wiki.tokens(ana);

        return async () => outcomeOf(await wiki.refresh(token));
      },
    ],
    ['introspection', async () => async () => outcomeOf(await wiki.introspect(tokens.access_token))],
    [
      'introspection of a refresh token',
      async () => async () => outcomeOf(await wiki.introspect(tokens.refresh_token)),
    ],
    ['userinfo', async () => async () => outcomeOf(await ground.userinfo(tokens.access_token))],
    [
      'revocation',
      async () => {
        const { refresh_token: token } = await wiki.tokens(ana);

        return async () => outcomeOf(await wiki.revoke(token));
      },
    ],
    ['the console', async () => async () => outcomeOf(await ana.get('/account/personal-information'))],
    [
      'a change in the console',
      async () => {
        const profile = await ana.open('/account/personal-information');

        return async () => outcomeOf(await ana.submit(profile, { displayName: 'Changed' }, { follow: false }));
      },
    ],
    [
      'a change of the password',
      async () => {
        const person = await ground.app.account({});
        const browser = await ground.signedIn(person);
        const form = await browser.open('/account/sign-in-and-security');
        const newPassword = `${person.password}-new`;
        const fields = { currentPassword: person.password, newPassword, confirmPassword: newPassword };

        return async () => outcomeOf(await browser.submit(form, fields, { follow: false }));
      },
    ],
    [
      'what an app asks to be allowed',
      async () => async () => outcomeOf(await ana.get(strange.url({ prompt: 'consent' }))),
    ],
    [
      'allowing it',
      async () => {
        const asks = await ana.open(strange.url({ prompt: 'consent' }));

        return async () => outcomeOf(await ana.submit(asks, tickAll(asks), { button: 'Allow', follow: false }));
      },
    ],
    [
      'going on after that',
      async () => {
        const asks = await ana.open(strange.url({ prompt: 'consent' }));
        const on = await ana.submit(asks, tickAll(asks), { button: 'Allow', follow: false });

        return async () => outcomeOf(await ana.get(String(on.location)));
      },
    ],
    ['signing out?', async () => async () => outcomeOf(await ana.get('/oauth/logout'))],
    [
      'signing out of the console',
      async () => {
        const browser = await ground.signedIn(ground.ana);
        const profile = await browser.open('/account/personal-information');

        return async () => outcomeOf(await browser.submit(profile, {}, { form: '/account/sign-out', follow: false }));
      },
    ],
  ];

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
    for (const part of ['records.grants', 'records.accounts', 'records.clients', 'ephemera']) {
      outage.take(part);
      const answer = await wiki.introspect(tokens.access_token);
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
