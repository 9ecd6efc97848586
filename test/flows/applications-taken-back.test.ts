import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import type { Browser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { walkThrough, type Person, type RelyingParty } from '../support/relying-party.ts';
import { needsOf, eachStore } from '../support/storage.ts';
import {
  detailsOf,
  isActive,
  namesOn,
  narrow,
  openApplications,
  path,
  scope,
  type ApplicationRoom,
} from './application-room.ts';

/** What an app may do with somebody's account is taken back, bit by bit or as a whole. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `an application's access taken back on ${pair}`, () => {
    let room: ApplicationRoom;

    beforeAll(async () => {
      room = await openApplications(pair);
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    test('S22: what is unticked is gone at once at userinfo and introspection, and from the next refresh on', async () => {
      const ana = await room.app.account();
      const wiki = await room.newClient('Wiki');
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });
      const there = await wiki.signIn(ana, { request: { scope } });
      const { access_token: token, refresh_token = '' } = tokens;
      expect(await oidc.fetchUserInfo(wiki.config, token, ana.id)).toHaveProperty('email');

      const saved = await narrow(browser, await browser.open(detailsOf(wiki)), 'scope:email');
      expect(saved.words).toContain('The app gets less from its next request on.');
      expect(saved.words).toMatch(/What it may not use .*Your e-mail address/);

      for (const one of [token, there.tokens.access_token]) {
        expect(await oidc.fetchUserInfo(wiki.config, one, ana.id)).not.toHaveProperty('email');
        expect((await oidc.tokenIntrospection(wiki.config, one)).scope).not.toContain('email');
      }

      const refreshed = await oidc.refreshTokenGrant(wiki.config, refresh_token);
      expect(refreshed.scope?.split(' ').toSorted()).toEqual(['offline_access', 'openid', 'profile']);

      const { events } = await room.app.services.events.read(ana);
      expect(events.find(({ kind }) => kind === 'consent.narrowed')).toMatchObject({
        actor: ana.id,
        clientId: wiki.clientId,
        details: { scopes: ['email'], claims: [], resources: [] },
      });
    });

    test('a scope that is taken back takes its claims along, also those that were asked for by name', async () => {
      const ana = await room.app.account();
      const wiki = await room.newClient('Wiki');
      const claims = JSON.stringify({ userinfo: { email: null, name: null } });
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope, claims } });

      await narrow(browser, await browser.open(detailsOf(wiki)), 'scope:email');

      const told = await oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id);
      expect(told).toHaveProperty('name');
      expect(told).not.toHaveProperty('email');
    });

    test('without access for the time away there is no refreshing, and the rest goes on', async () => {
      const ana = await room.app.account();
      const wiki = await room.newClient('Wiki');
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });

      await narrow(browser, await browser.open(detailsOf(wiki)), 'scope:offline_access');

      expect(await isActive(wiki, tokens.access_token)).toBe(true);
      await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    });

    test('nothing is taken back that was not on the page, and nothing is ever added', async () => {
      const ana = await room.app.account();
      const wiki = await room.newClient('Wiki');
      const { browser } = await wiki.signIn(ana, { request: { scope: 'openid profile' } });
      const early = await browser.open(detailsOf(wiki));
      const departure = await wiki.request({ scope });
      await walkThrough(browser, await browser.open(departure.url.href), ana);

      // A page from before the app was allowed more.
      expect((await narrow(browser, early, 'scope:profile')).words).toContain('The app gets less');
      const consent = () => room.app.services.records.consents.get(`${ana.id} ${wiki.clientId}`);
      expect(await consent()).toMatchObject({ scopes: ['email', 'offline_access', 'openid'] });

      const csrf = early.forms.find(({ action }) => action.includes(wiki.clientId))?.fields['csrf'] ?? '';
      const more = { csrf, 'allow scope:profile': 'on', 'shown scope:profile': 'on', 'allow scope:phone': 'on' };
      await browser.post(detailsOf(wiki), { ...more, 'shown scope:openid': 'on' });
      expect(await consent()).toMatchObject({
        scopes: ['email', 'offline_access', 'openid'],
        rejectedScopes: ['profile'],
      });
    });

    test('S22: removed access is refused at the next request, asked for anew, and told of in a receipt', async () => {
      const ana = await room.app.account();
      const wiki = await room.newClient('Wiki');
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });
      const pending = await wiki.request({ scope });
      const { location = '' } = await browser.get(pending.url.href);

      const asked = await browser.open(`${detailsOf(wiki)}/remove`);
      expect(asked.words).toContain('Everything that it was given ends at once');
      expect(await isActive(wiki, tokens.access_token)).toBe(true);

      const receipt = await browser.submit(asked, {}, { form: 'remove' });
      expect(new URL(receipt.url).pathname).toMatch(/^\/account\/receipts\/[\w-]{22}$/);
      expect(receipt.words).toContain('The access of an application was removed.');
      expect(receipt.words).toContain('Wiki Ended 1 grant of access · 1 refresh token ');
      expect((await browser.open(receipt.url)).status).toBe(200);

      expect(await isActive(wiki, tokens.access_token)).toBe(false);
      await expect(oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id)).rejects.toMatchObject({ status: 401 });
      await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      await expect(wiki.redeem(pending, location)).rejects.toMatchObject({ error: 'invalid_grant' });

      const list = await browser.open(path);
      expect(namesOn(list)).not.toContain('Wiki');
      expect(list.html).toContain(`href="${new URL(receipt.url).pathname}"`);
      const again = await wiki.request({ scope });
      expect(new URL((await browser.open(again.url.href)).url).pathname).toMatch(/^\/consent\//);

      const { events } = await room.app.services.events.read(ana);
      expect(events.filter(({ kind }) => kind === 'consent.removed')).toMatchObject([{ clientId: wiki.clientId }]);
    });

    test('what the operator runs can’t be removed or narrowed, whatever is sent', async () => {
      const ana = await room.app.account();
      const { browser, tokens } = await room.payroll.signIn(ana);
      const page = await browser.open(detailsOf(room.payroll));
      const [form] = page.forms;
      const csrf = form?.fields['csrf'] ?? '';
      expect(page.html).not.toContain('type="checkbox"');

      expect((await browser.open(`${detailsOf(room.payroll)}/remove`)).words).toContain('part of this service');
      for (const [to, fields] of [
        [`${detailsOf(room.payroll)}/remove`, {}],
        [detailsOf(room.payroll), { 'shown scope:email': 'on' }],
        [`${path}/account-console/remove`, {}],
      ] as const) {
        const answer = await browser.follow(await browser.post(to, { csrf, ...fields }));
        expect(answer.words).toContain('can’t be changed or removed');
      }

      expect(await oidc.fetchUserInfo(room.payroll.config, tokens.access_token, ana.id)).toHaveProperty('email');
    });

    test('somebody else’s application is as one that does not exist', async () => {
      const [ana, bob] = [await room.app.account(), await room.app.account()];
      const wiki = await room.newClient('Wiki');
      const { browser: hers, tokens } = await wiki.signIn(ana, { request: { scope } });
      const receipt = await hers.submit(
        await hers.open(`${detailsOf(await signedInTo(hers, ana))}/remove`),
        {},
        { form: 'remove' },
      );
      const his = await room.console(bob);
      const csrf = (await his.open('/account')).forms[0]?.fields['csrf'] ?? '';

      const answers = await Promise.all(
        [wiki.clientId, room.payroll.clientId, 'no-such-client'].flatMap((id) => [
          his.get(`${path}/${id}`),
          his.get(`${path}/${id}/remove`),
          his.post(`${path}/${id}`, { csrf, 'shown scope:email': 'on' }),
          his.post(`${path}/${id}/remove`, { csrf }),
        ]),
      );
      expect(answers.map(({ status, location }) => [status, location])).toEqual(
        answers.map(() => [303, `${room.app.url}${path}`]),
      );
      expect((await his.open(detailsOf(wiki))).words).toContain('That application has no access to your account');
      expect(await isActive(wiki, tokens.access_token)).toBe(true);

      const receipts = [await his.get(receipt.url), await his.get('/account/receipts/none')];
      expect(receipts.map(({ status }) => status)).toEqual([404, 404]);
      expect(new Set(receipts.map(({ words }) => words.replace(/Reference .*$/, ''))).size).toBe(1);
    });

    /** One more app of the same person. */
    async function signedInTo(browser: Browser, person: Person): Promise<RelyingParty> {
      const other = await room.newClient('Other');
      await other.signIn(person, { browser });

      return other;
    }
  });
}
