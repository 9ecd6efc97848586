import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refreshTokenGrant } from 'openid-client';

import type { Account } from '../../src/domain/account.ts';
import type { ActivityKind } from '../../src/events/groups.ts';
import { isSignedIn, sessionsOf, signIn } from '../security/web/visits.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type RelyingParty } from '../support/relying-party.ts';
import { needsOf, openPair, eachStore, type PairPlace } from '../support/storage.ts';
import { addingAt, day } from './adding-factors.ts';
import { addressVisits } from './address-visits.ts';

const from = { ip: '192.0.2.66', userAgent: 'curl/8.0', requestId: 'r', deviceId: 'a-thief-0123456789' };

/** What these tests do on one house. */
function visitsAt(app: () => TestApp) {
  const adding = addingAt(app);

  async function eventOf(person: Account, kind: ActivityKind, where: { clientId?: string } = {}): Promise<string> {
    const { events } = await app().services.activity.list(person, { limit: 200 });
    const found = events.find((event) => event.kind === kind && (where.clientId ?? event.clientId) === event.clientId);
    if (!found) throw new Error(`no ${kind}`);

    return `/account/activity/${found.id}`;
  }

  /** Presses the button of an entry's page. */
  async function disown(browser: Browser, entry: string, ticked: Record<string, string> = {}): Promise<Page> {
    return browser.submit(await browser.open(entry), ticked, { form: entry });
  }

  const passkeysOf = async (person: Account) => (await app().services.passkeys.list(person.id)).map(({ name }) => name);

  return { ...adding, eventOf, disown, passkeysOf };
}

for (const pair of eachStore) {
  describeWith(needsOf(pair), `“This wasn’t me”, in the account, on ${pair}`, () => {
    let place: PairPlace;
    let app: TestApp;
    let wiki: RelyingParty;

    beforeAll(async () => {
      place = await openPair(pair);
      app = await startTestApp({ env: place.env });
      const metadata = {
        client_name: 'Wiki',
        redirect_uris: ['https://wiki.example.net/cb'],
        grant_types: ['authorization_code', 'refresh_token'],
      };
      wiki = await relyingParty(app, await app.client('web', metadata));
    }, 60_000);

    afterAll(async () => {
      await app[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    const { settled, addPasskey, passkeyVisit, eventOf, disown, passkeysOf } = visitsAt(() => app);

    test('what was made since goes, and everybody but this browser; what is older stays', async () => {
      const ana = await app.account();
      const { device: own } = await addPasskey(ana, 'Own key');
      const calendar = await relyingParty(app, await app.client('web', { redirect_uris: [`https://c.example/cb`] }));
      await calendar.signIn(ana);
      app.clock.advance(8 * day);

      // Somebody knows the password, and makes themselves at home.
      const thief = await wiki.signIn(ana, { request: { scope: 'openid offline_access', prompt: 'consent' } });
      const { device: theirs } = await addPasskey(ana, 'Thief’s key');
      await app.services.remembering.remember(ana, { provedAt: app.clock.now(), from });
      const asking = { binding: 'thief', from, locale: 'en' } as const;
      await app.services.emailChange.ask(ana, 'thief@elsewhere.example', asking);
      expect(await passkeysOf(ana)).toEqual(['Own key', 'Thief’s key']);

      const owner = await passkeyVisit(own);
      const copied = openBrowser(app.url);
      for (const cookie of await owner.jar.getCookies(app.url)) await copied.jar.setCookie(cookie, app.url);
      const entry = await eventOf(ana, 'sign_in.succeeded', { clientId: wiki.clientId });

      // Opening the page has no effect.
      const page = await owner.open(entry);
      expect(page.words).toContain('lose their access: Wiki.');
      expect(page.words).toContain('Thief’s key');
      expect(page.words).not.toContain('Own key');
      expect(await isSignedIn(thief.browser)).toBe(true);
      expect(await isSignedIn(copied)).toBe(true);

      const done = await owner.submit(page, {}, { form: entry });
      expect(done.words).toContain('Nobody else is in your account any more');
      expect(done.words).toMatch(/Removed.*Passkey Thief’s key/s);
      expect(done.html).toContain('href="/account/sign-in-and-security#password"');

      const [, receipt = ''] = /href="\/account\/receipts\/([^"]+)"/.exec(done.html) ?? [];
      expect(await app.services.receipts.of(ana.id, receipt)).toMatchObject({
        reason: 'disowned',
        sessions: [{}, {}],
        applications: expect.arrayContaining([expect.objectContaining({ name: 'Wiki', refreshTokens: 1 })]),
      });

      expect(await Promise.all([owner, thief.browser, copied].map(isSignedIn))).toEqual([true, false, false]);
      await expect(refreshTokenGrant(wiki.config, thief.tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      const { records, remembering, emailChange } = app.services;
      const consents = await records.consents.list('account', ana.id);
      expect(consents.rows.map(({ clientId }) => clientId)).toEqual([calendar.clientId]);
      expect(await passkeysOf(ana)).toEqual(['Own key']);
      expect(await remembering.list(ana.id)).toEqual([]);
      expect(await emailChange.waiting(ana.id, 'thief')).toBeUndefined();
      expect(await isSignedIn(await passkeyVisit(theirs))).toBe(false);
      expect(await isSignedIn(await passkeyVisit(own))).toBe(true);

      const { events } = await app.services.activity.list(ana, { group: 'security' });
      const said = events.filter(({ kind }) => kind === 'event.disowned');
      expect(said).toMatchObject([{ by: 'self', details: { kind: 'sign_in.succeeded' } }]);

      // Once more does no more.
      expect((await disown(owner, entry)).words).toContain('Nobody else is in your account any more');
      expect(await passkeysOf(ana)).toEqual(['Own key']);
      expect(await isSignedIn(owner)).toBe(true);
    });

    test('S96: it takes the strongest factor, proved a moment ago: a stolen session does nothing by it', async () => {
      const ana = await settled();
      const stolen = await signIn(app, ana);
      const owner = await signIn(app, ana);
      const entry = await eventOf(ana, 'sign_in.succeeded');

      // With the factor of the password alone, and ten minutes later with any.
      app.clock.advance(6 * 60_000);
      expect(new URL((await disown(stolen, entry)).url).pathname).toMatch(/^\/sign-in\//);
      await addPasskey(ana, 'Own key');
      const page = await stolen.open(entry);
      expect(new URL((await stolen.submit(page, {}, { form: entry })).url).pathname).toMatch(/^\/sign-in\//);

      expect(await isSignedIn(owner)).toBe(true);
      expect(await passkeysOf(ana)).toEqual(['Own key']);
    });
  });
}

describe('“This wasn’t me”, in the account', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const { settled, addPasskey, addAuthenticator, passkeyVisit, eventOf, disown, passkeysOf } = visitsAt(() => app);

  test('leads back to its page once the person has proved who they are, with what was ticked', async () => {
    const ana = await settled();
    const { device } = await addPasskey(ana, 'Own key');
    app.clock.advance(8 * day);
    const owner = await passkeyVisit(device);
    const entry = await eventOf(ana, 'sign_in.succeeded');
    const { device: added } = await addPasskey(ana, 'New key of hers');
    app.clock.advance(10 * 60_000);

    const page = await owner.open(entry);
    const [, field = ''] = /name="(keep-[^"]+)"/.exec(page.html) ?? [];
    const door = await owner.submit(page, { [field]: 'on' }, { form: entry });
    const [, options = ''] = /data-passkey="([^"]*)"/.exec(door.html) ?? [];
    const asked = JSON.parse(options.replaceAll('&#34;', '"').replaceAll('&amp;', '&')) as Parameters<
      typeof added.get
    >[0];
    const back = await owner.submit(door, { response: added.get(asked) }, { form: '/passkey' });

    expect(new URL(back.url).pathname).toBe(entry);
    expect(back.words).toContain('You are signed in again.');
    expect(back.html).toMatch(new RegExp(`name="${field}" value="on" checked`));
    await owner.submit(back, { [field]: 'on' }, { form: entry });
    expect(await passkeysOf(ana)).toEqual(['Own key', 'New key of hers']);
  });

  test('somebody else’s entry, and one by which nobody got in, take nothing back', async () => {
    const [ana, ben] = [await settled(), await settled()];
    const owner = await signIn(app, ana);
    await signIn(app, ben);
    const stranger = openBrowser(app.url);
    await stranger.submit(await stranger.open('/account'), { email: ana.email, password: 'a wrong one of hers' });
    const own = await owner.open(await eventOf(ana, 'sign_in.succeeded'));
    const csrf = own.forms.find(({ action }) => action.includes('/activity/'))?.fields['csrf'] ?? '';
    const failed = await eventOf(ana, 'sign_in.failed');

    expect((await owner.post(await eventOf(ben, 'sign_in.succeeded'), { csrf })).status).toBe(404);
    expect((await owner.post(failed, { csrf })).status).toBe(404);
    expect((await owner.post(await eventOf(ana, 'account.created'), { csrf })).status).toBe(404);
    expect((await owner.open(failed)).words).toContain('there is nothing to take back');
    expect(await app.services.records.sessions.count('account', ben.id)).toBe(1);
  });

  test('S61: a password that was too short without what goes is gone as well, and a link leads to a new one', async () => {
    const ana = await settled();
    const code = await addAuthenticator(ana);
    await app.services.passwords.set(ana.id, 'short-one-9');
    await app.services.records.factors.update(ana.id, (old) => ({ ...old, shortPassword: true }));
    const owner = openBrowser(app.url);
    const asked = await owner.submit(await owner.open('/account'), { email: ana.email, password: 'short-one-9' });
    await owner.submit(asked, { code: code() });

    const done = await disown(owner, await eventOf(ana, 'two_factor.method_added'));

    expect(done.words).toContain('Your password was too short to be asked for alone');
    expect(done.html).toContain('href="/forgot-password"');
    expect(await app.services.passwords.has(ana.id)).toBe(false);
    expect(await app.services.factors.of(ana.id)).toMatchObject({ authenticators: [] });
  });

  test('DECISIONS 11: a change of the address is not taken back here: it says where the message went that can', async () => {
    const ana = await settled();
    const visits = addressVisits(app);
    const owner = await visits.inConsole(ana);
    await visits.change(owner, 'thief@elsewhere.example');
    const account = await visits.stored(ana.id);

    const page = await owner.open(await eventOf(ana, 'sign_in.succeeded'));
    expect(page.words).toContain(`the message that went to ${ana.email[0]}•••@example.com`);
    expect(page.words).not.toContain(ana.email);
    const done = await owner.submit(page, {}, { form: '/activity/' });
    expect(done.html).toContain('href="/undo-email-change"');
    expect((await visits.stored(ana.id)).email).toBe(account.email);
  });

  test('two who press at once do what one does', async () => {
    const ana = await settled();
    const owner = await signIn(app, ana);
    const others = await Promise.all([signIn(app, ana), signIn(app, ana)]);
    const entry = await eventOf(ana, 'sign_in.succeeded');
    const page = await owner.open(entry);

    const done = await Promise.all([0, 1].map(() => owner.submit(page, {}, { form: entry })));

    expect(done.map(({ status }) => status)).toContain(200);
    expect(await Promise.all(others.map(isSignedIn))).toEqual([false, false]);
    expect(await sessionsOf(app, ana.id)).toBe(1);
  });
});
