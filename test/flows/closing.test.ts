import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { isSignedIn } from '../security/web/visits.ts';
import { sample } from '../storage/rows.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { readLogoutToken, startLogoutReceiver, type LogoutReceiver } from '../support/logout-receiver.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, type Person, type RelyingParty } from '../support/relying-party.ts';
import { leftOf, rowsOf } from '../support/rows-of.ts';
import { needsOf, openPair, eachStore } from '../support/storage.ts';
import { addingAt } from './adding-factors.ts';

const day = 86_400_000;
const minute = 60_000;
const close = '/account/close';
const from = { ip: '192.0.2.7', userAgent: 'curl/8', requestId: 'r', deviceId: 'another-device-012345' };
const env = { GATEHOUSE_OUTBOUND_ALLOW_PRIVATE: 'true', GATEHOUSE_REGISTRATION_ALLOWED: 'true' };

for (const pair of eachStore) {
  describeWith(needsOf(pair), `leaving on ${pair}`, () => {
    const running = new AsyncDisposableStack();
    let app: TestApp;
    let receiver: LogoutReceiver;
    let wiki: RelyingParty;

    beforeAll(async () => {
      const stores = running.use(await openPair(pair));
      receiver = running.use(await startLogoutReceiver());
      app = running.use(await startTestApp({ env: { ...env, ...stores.env } }));
      const metadata = {
        client_name: 'Wiki',
        redirect_uris: ['https://wiki.example.net/cb'],
        grant_types: ['authorization_code', 'refresh_token'],
        backchannel_logout_uri: receiver.url,
      };
      wiki = await relyingParty(app, await app.client('web', metadata));
    }, 60_000);

    afterAll(() => running.disposeAsync());

    const signIn = (person: Person, request = { scope: 'openid profile email offline_access', prompt: 'consent' }) =>
      wiki.signIn(person, { request });

    const agree = async (browser: Browser, page?: Page) =>
      browser.submit(page ?? (await browser.open(close)), { agree: 'on' });

    const restart = (grace: string) => app.restart({ GATEHOUSE_ACCOUNT_CLOSING_GRACE: grace });

    test('S96: the data of a person, as a file: all that is kept, and nothing that proves anything', async () => {
      const ana = await app.account({ email: 'ana@data.example', claims: { zoneinfo: 'Europe/Berlin' } });
      await signIn(ana);
      const { browser, tokens } = await signIn(ana);
      await app.services.emailChange.ask(ana, 'new@data.example', { binding: 'b', from, locale: 'en' });
      const page = await browser.open(close);
      expect(page.headers['cache-control']).toContain('no-store');

      const file = await browser.submit(page, {}, { form: `${close}/data` });
      expect(file).toMatchObject({
        status: 200,
        headers: {
          'content-type': expect.stringContaining('application/json'),
          'content-disposition': 'attachment; filename="account.json"',
          'cache-control': expect.stringContaining('no-store'),
        },
      });

      const data = JSON.parse(file.html) as Record<string, object[]>;
      expect(data).toMatchObject({
        about: { version: 1, issuer: app.url },
        profile: { sub: ana.id, email: ana.email, claims: { zoneinfo: 'Europe/Berlin' } },
        sessions: [
          { ip: expect.any(String), methods: ['pwd'] },
          { applications: expect.arrayContaining([{ application: wiki.clientId, name: 'Wiki' }]) },
        ],
        permissions: [
          { application: wiki.clientId, application_name: 'Wiki', scopes: expect.arrayContaining(['email']) },
        ],
        offline_access: [{ application_name: 'Wiki', scope: expect.stringContaining('offline_access') }, {}],
        messages: [{ template: 'change-email-code' }],
        pending_codes: [{ purpose: 'change:email', email: 'new@data.example' }],
        passkeys: [],
      });
      const signedIn = data['activity']?.filter((event) => 'kind' in event && event.kind === 'sign_in.succeeded');
      expect(signedIn).toMatchObject([{ by: 'self', application_name: 'Wiki', ip: expect.stringMatching(/\d/) }, {}]);
      // That it was handed out is itself in the record.
      expect(data['activity']).toContainEqual(expect.objectContaining({ kind: 'account.data_downloaded' }));

      const { records } = app.services;
      const secrets = [
        (await records.passwords.get(ana.id))?.hash,
        (await records.accounts.get(ana.id))?.eventKey,
        ...(await records.sessions.list('account', ana.id)).rows.flatMap(({ id, cookieHash }) => [id, cookieHash]),
        ...(await records.grants.list('account', ana.id)).rows.map(({ id }) => id),
        ...(await records.refreshFamilies.list('account', ana.id)).rows.flatMap(({ id, current }) => [id, current]),
        ...(await records.knownDevices.list('account', ana.id)).rows.map(({ id }) => id),
        ...(await records.messages.list('account', ana.id)).rows.map(({ sealed }) => sealed),
        tokens.access_token,
      ].filter((secret) => secret !== undefined);
      expect(secrets.length).toBeGreaterThan(8);
      expect(secrets.filter((secret) => file.html.includes(secret))).toEqual([]);

      // Neither a link nor another site's form gets it, and not without a fresh proof.
      expect((await browser.get(`${close}/data`)).status).toBe(405);
      const forged = await browser.post(`${close}/data`, {}, { 'sec-fetch-site': 'cross-site' });
      expect([forged.status, forged.html.includes(ana.email)]).toEqual([403, false]);
      app.clock.advance(6 * minute);
      expect((await browser.submit(page, {}, { form: `${close}/data`, follow: false })).status).toBe(303);
    });

    test('S45: everything of it ends at once, apps and mailbox are told, and nothing of it is left', async () => {
      const ana = await app.account({ email: 'ana@closing.example' });
      const { browser, tokens } = await signIn(ana);
      const elsewhere = await signIn(ana);
      const { records, events, remembering, emailChange } = app.services;
      await remembering.remember(ana, { provedAt: app.clock.now(), from });
      await emailChange.ask(ana, 'new@closing.example', { binding: 'b', from, locale: 'en' });
      const television = await app.client('device', { client_name: 'Television', first_party: true });
      const its = { accountId: ana.id, expiresAt: app.clock.now() + day };
      await records.grants.create(sample('grants', { ...its, id: `tv ${ana.id}`, clientId: television.client.id }));
      await records.apiKeys.create(sample('apiKeys', { ...its, id: ana.id, hash: ana.id, slot: ana.id }));
      // Allowed once, and nothing is left of what it was given.
      const forum = await app.client('web', { client_name: 'Forum', redirect_uris: ['https://forum.example.net/cb'] });
      const [accountId, clientId] = [ana.id, forum.client.id];
      await records.consents.create(sample('consents', { id: `${accountId} ${clientId}`, accountId, clientId }));
      receiver.tokens.length = 0;

      const page = await browser.open(close);
      expect(page.words).toContain('lose their access: Forum, Television, Wiki.');
      expect(page.words).toContain('told that you are signed out: Wiki.');
      expect(page.words).toContain('can’t be taken back');

      const unticked = await browser.submit(page, { agree: undefined });
      expect(unticked.status).toBe(422);
      expect(unticked.html).toMatch(/id="field-agree"[^>]*aria-invalid="true"/);
      expect(unticked.words).toContain('without that, the account stays');
      expect((await records.accounts.get(ana.id))?.status).toBe('active');

      const done = await agree(browser, unticked);
      expect(done).toMatchObject({ status: 200, url: `${app.url}${close}` });
      expect(done.words).toMatch(
        /Your account is closed.*Browsers signed out 2.*Lost access Forum, Television, Wiki.*told of it Wiki/s,
      );
      expect(done.words).toContain('Deleted API keys Backup');
      expect(done.words).toContain(`on its way to ${ana.email}`);

      expect(await Promise.all([browser, elsewhere.browser].map(isSignedIn))).toEqual([false, false]);
      await expect(oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id)).rejects.toMatchObject({ status: 401 });
      for (const { refresh_token: token = '' } of [tokens, elsewhere.tokens]) {
        await expect(oidc.refreshTokenGrant(wiki.config, token)).rejects.toMatchObject({ error: 'invalid_grant' });
      }
      const door = openBrowser(app.url);
      const refused = await door.submit(await door.open('/account'), { email: ana.email, password: ana.password });
      expect(refused.status).toBe(422);

      // The notices are signed after the account is gone, and hold nothing of it once they are delivered.
      await receiver.heard(2);
      const told = await Promise.all(
        receiver.tokens.map((token) => readLogoutToken(token, { issuer: app.url, audience: wiki.clientId })),
      );
      expect(told.map(({ sub }) => sub)).toEqual([ana.id, ana.id]);
      await app.logged('logout_notice', 2);

      // One mail, about it; what else was waiting is gone.
      expect((await app.mail.allTo(ana.email)).map(({ template }) => template)).toEqual(['account-closed']);
      const { text } = await app.mail.to(ana.email);
      expect(text).toContain('is closed, and what was stored in it is deleted');
      expect(text).not.toContain(`${app.url}/`);

      const left = await rowsOf(app.services.records, ana);
      expect(Object.keys(left).toSorted()).toEqual(['closedAccounts', 'events']);
      expect(JSON.stringify(left)).not.toMatch(/closing\.example|192\.0\.2\.7/);

      // What is personal in the record can't be read, not even with the operator's key.
      const { rows } = await records.events.list('account', ana.id, { limit: 1000 });
      expect(rows.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['account.closed', 'account.deleted']));
      const sealed = rows.find(({ personal }) => personal !== undefined);
      expect(() => app.services.sealing.open(sealed?.personal ?? '', `event:${sealed?.id}`)).toThrow();

      // The address is free at once, for somebody who sees nothing of it; the id is nobody's again.
      const next = await app.account({ email: ana.email });
      expect(next.id).not.toBe(ana.id);
      expect((await events.read(next)).events.map(({ kind }) => kind)).toEqual(['account.created']);
      const again = { ...next, id: ana.id, email: 'x@y.example', emailKey: 'x@y.example' };
      await expect(records.accounts.create(again)).rejects.toMatchObject({ unique: 'id' });
      const visit = await signIn(next);
      expect(visit.tokens.claims()?.sub).toBe(next.id);
    });

    test('S45: what comes in while an account goes is looked for later, by whichever node', async () => {
      const ana = await app.account();
      const { browser } = await signIn(ana);
      await agree(browser);

      const { records, closing } = app.services;
      const [at, expiresAt] = [app.clock.now(), app.clock.now() + day];
      await records.passwords.create({ id: ana.id, accountId: ana.id, hash: 'x', changedAt: at });
      await records.knownDevices.create({ id: `late ${ana.id}`, accountId: ana.id, lastSeenAt: at, expiresAt });
      await records.formerAddresses.create({ id: 'late@closing.example', accountId: ana.id, expiresAt });

      await closing.sweep(200);
      expect(await leftOf(app.services.records, ana)).toContain('passwords');
      app.clock.advance(6 * minute);
      await closing.sweep(200);
      expect(await leftOf(app.services.records, ana)).toEqual(['closedAccounts', 'events']);
      expect(await closing.sweep(200)).toBe(0);
    });

    test('with time to think again: closed for everything, kept by signing in, deleted afterwards', async () => {
      await restart('30d');
      const ana = await app.account();
      const { browser, tokens } = await signIn(ana);

      const page = await browser.open(close);
      expect(page.words).toMatch(/deleted after 30 days\..*Once it is deleted, your address can be used/s);
      const done = await agree(browser, page);
      expect(done.words).toMatch(/Will be deleted \w+/);
      expect((await app.mail.to(ana.email, 'account-closed')).text).toContain('Until then you can keep it');

      expect(await isSignedIn(browser)).toBe(false);
      await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });

      // A forgotten password is no reason to lose it. A wrong one is answered as ever; the right one shows when it goes, and lets nobody in.
      const { recovery } = app.services;
      await recovery.ask({ email: ana.email, from });
      const { code } = await app.mail.to(ana.email, 'reset-password');
      const password = 'three new lanterns on the pier';
      expect(await recovery.reset(code, password, from)).toMatchObject({ ok: true });
      const back = openBrowser(app.url);
      const door = await back.open('/account');
      const wrong = await back.submit(door, { email: ana.email, password: 'not the right one at all' });
      expect([wrong.status, wrong.words.includes('closed')]).toEqual([422, false]);
      const ahead = await back.post(`${new URL(door.url).pathname}/closing`, {
        csrf: door.forms[0]?.fields['csrf'] ?? '',
      });
      expect([ahead.status, ahead.location]).toEqual([303, door.url.replace(/\?.*/, '')]);
      const offer = await back.submit(door, { email: ana.email, password });
      expect(offer.words).toMatch(/This account is closed.*Will be deleted/s);
      expect(await isSignedIn(back)).toBe(false);
      expect((await app.services.records.accounts.get(ana.id))?.status).toBe('closing');

      const kept = await back.submit(offer, {}, { button: 'Keep my account' });
      expect(kept.words).toContain('Personal information');
      expect(await isSignedIn(back)).toBe(true);
      expect(await isSignedIn(browser)).toBe(false);
      const { events } = await app.services.events.read(ana);
      expect(events.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['account.closed', 'account.closing_cancelled']),
      );

      // The app is allowed as before, and gets nothing of what it had.
      const { tokens: anew } = await wiki.signIn(ana, { browser: back, request: { scope: 'openid email' } });
      expect(anew.claims()?.sub).toBe(ana.id);

      // Closed again, and left: too late is as if it had never been there.
      const { browser: last } = await signIn({ ...ana, password });
      await agree(last);
      app.clock.advance(30 * day + minute);
      const late = openBrowser(app.url);
      const gone = await late.submit(await late.open('/account'), { email: ana.email, password });
      expect([gone.status, gone.words.includes('Keep')]).toEqual([422, false]);
      await app.services.closing.sweep(200);
      expect(await leftOf(app.services.records, ana)).toEqual(['closedAccounts', 'events']);
      await restart('off');
    }, 30_000);

    // What is asked for is the same on every store.
    if (pair !== 'sqlite') return;

    test('S98: whoever has the password alone learns nothing of it, and keeps nothing', async () => {
      await restart('2h');
      const ana = await app.account();
      const code = await addingAt(() => app).addAuthenticator(ana);
      expect(await app.services.closing.close(ana, { actor: ana.id })).toMatchObject({ until: expect.any(Number) });
      app.clock.advance(minute);

      const browser = openBrowser(app.url);
      const door = await browser.open('/account');
      const second = await browser.submit(door, { email: ana.email, password: ana.password });
      expect([new URL(second.url).pathname.endsWith('/second-factor'), second.words.includes('closed')]).toEqual([
        true,
        false,
      ]);
      expect((await browser.get(`${new URL(door.url).pathname}/closing`)).location).toBe(second.url);
      const { csrf = '' } = second.forms[0]?.fields ?? {};
      await browser.post(`${new URL(door.url).pathname}/closing`, { csrf });
      expect((await app.services.accounts.get(ana.id))?.status).toBe('closing');

      const offer = await browser.submit(second, { code: code() });
      expect(offer.words).toContain('This account is closed');
      await browser.submit(offer, {}, { button: 'Keep my account' });
      expect(await isSignedIn(browser)).toBe(true);
      await restart('off');
    }, 30_000);
  });
}
