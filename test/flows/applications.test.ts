import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as oidc from 'openid-client';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty, tickAll, walkThrough, type Person, type RelyingParty } from '../support/relying-party.ts';
import { needsOf, openPair, pairs } from '../support/storage.ts';

const path = '/account/applications';
const files = 'https://files.example.com';
const scope = 'openid profile email offline_access';
const resources = [
  { identifier: files, name: 'Files', scopes: [{ name: 'files:read', description: { en: 'Read your files' } }] },
];

/** What may use somebody's account: seen, narrowed and taken back. */
for (const pair of pairs) {
  describeWith(needsOf(pair), `applications on ${pair}`, () => {
    const running = new AsyncDisposableStack();
    let app: TestApp;
    let portal: RelyingParty;
    let payroll: RelyingParty;
    let clients = 0;

    beforeAll(async () => {
      const { env } = running.use(await openPair(pair));
      app = running.use(await startTestApp({ env, config: JSON.stringify({ resources }) }));
      portal = await newClient('Portal', { first_party: true, portal: true });
      payroll = await newClient('Payroll', { first_party: true });
    });

    afterAll(() => running.disposeAsync());

    async function newClient(client_name: string, more: object = {}): Promise<RelyingParty> {
      clients += 1;
      const redirect_uris = [`https://app${clients}.example.net/cb`];

      return relyingParty(app, await app.client('web', { client_name, redirect_uris, resources: [files], ...more }));
    }

    async function console(person: Person): Promise<Browser> {
      const browser = openBrowser(app.url);
      await browser.submit(await browser.open('/account'), { email: person.email, password: person.password });

      return browser;
    }

    const detailsOf = ({ clientId }: RelyingParty) => `${path}/${clientId}`;
    const namesOn = (page: Page) => [...page.html.matchAll(/<bdi>(.*?)<\/bdi>/g)].map(([, name = '']) => name);
    const active = async ({ config }: RelyingParty, token: string) =>
      (await oidc.tokenIntrospection(config, token)).active;

    /** Unticks these boxes of an application's page and saves. */
    const narrow = (browser: Browser, page: Page, ...ids: string[]) =>
      browser.submit(page, Object.fromEntries(ids.map((id) => [`allow ${id}`, undefined])), { button: 'Save' });

    test('the console and the portal stand there from the start, and say why they can’t be removed', async () => {
      const browser = await console(await app.account());

      const page = await browser.open(path);
      expect(namesOn(page)).toEqual(['Account console', 'Portal']);
      expect(page.words).toContain('Account console In use');
      expect(page.words).toContain('Portal Not in use');
      expect(page.words).toContain('can’t be removed');
      expect(page.words).toContain('Apps of others that you let use your account will stand here');
      expect((await browser.open(detailsOf(portal))).words).toContain('It has not asked for anything yet.');
      expect((await browser.open(`${path}/account-console`)).words).toContain('Everything in your account');
    });

    test('an app stands there in words, the last used first', async () => {
      const ana = await app.account();
      const wiki = await newClient('Wiki', {
        client_uri: 'https://wiki.example.net/',
        logo_uri: 'https://wiki.example.net/l.png',
      });
      const { browser } = await wiki.signIn(ana, { request: { scope } });
      app.clock.advance(7_200_000);
      await payroll.signIn(ana, { browser });
      app.clock.advance(60_000);

      const page = await browser.open(path);
      expect(namesOn(page)).toEqual(['Account console', 'Payroll', 'Wiki', 'Portal']);
      expect(page.words).toContain(
        'Wiki In use Works while you are away Type Run by somebody else May use Your profile · Your e-mail address · Stay connected while you are away Allowed 2 hours ago Last used 2 hours ago Address wiki.example.net',
      );
      expect(page.words).toContain(
        'Payroll In use Type Part of this service May use Your profile · Your e-mail address',
      );
      expect(page.headers['content-security-policy']).toContain("img-src 'self' https://wiki.example.net;");
      expect(page.html).toContain('referrerpolicy="no-referrer"');
    });

    test('it is in use as long as a session or a token is alive', async () => {
      const ana = await app.account();
      const [short, long] = [await newClient('Short'), await newClient('Long')];
      const { browser } = await short.signIn(ana);
      await long.signIn(ana, { browser, request: { scope } });
      await browser.submit(await browser.open('/account'), {}, { form: 'sign-out' });

      const { words } = await (await console(ana)).open(path);
      expect(words).toContain('Short Not in use');
      expect(words).toContain('Long In use Works while you are away');
    });

    test('details show each permission with its value, and what was refused', async () => {
      const ana = await app.account({ email: `ana.details.${pair.replace('+', '.')}@example.com` });
      const wiki = await newClient('Wiki', { policy_uri: 'https://wiki.example.net/privacy' });
      const departure = await wiki.request({ scope: `${scope} files:read`, resource: files });
      const browser = openBrowser(app.url);
      const door = await browser.open(departure.url.href);
      const asked = await browser.submit(door, { email: ana.email, password: ana.password });
      await browser.submit(asked, { ...tickAll(asked), 'allow scope:profile': undefined }, { button: 'Allow' });

      const page = await browser.open(detailsOf(wiki));
      expect(page.title).toContain('What Wiki may use');
      expect(page.words).toContain(`Your e-mail address ${ana.email}`);
      expect(page.words).toContain('Read your files At Files');
      expect(page.words).toMatch(/What it may not use .*Your profile/);
      expect(page.words).toContain('While you are away access lasts');
      expect(page.html).toContain('href="https://wiki.example.net/privacy" rel="noreferrer"');
    });

    test('S22: what is unticked is gone at once at userinfo and introspection, and from the next refresh on', async () => {
      const ana = await app.account();
      const wiki = await newClient('Wiki');
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

      const { events } = await app.services.events.read(ana);
      expect(events.find(({ kind }) => kind === 'consent.narrowed')).toMatchObject({
        actor: ana.id,
        clientId: wiki.clientId,
        details: { scopes: ['email'], claims: [], resources: [] },
      });
    });

    test('a scope that is taken back takes its claims along, also those that were asked for by name', async () => {
      const ana = await app.account();
      const wiki = await newClient('Wiki');
      const claims = JSON.stringify({ userinfo: { email: null, name: null } });
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope, claims } });

      await narrow(browser, await browser.open(detailsOf(wiki)), 'scope:email');

      const told = await oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id);
      expect(told).toHaveProperty('name');
      expect(told).not.toHaveProperty('email');
    });

    test('without access for the time away there is no refreshing, and the rest goes on', async () => {
      const ana = await app.account();
      const wiki = await newClient('Wiki');
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });

      await narrow(browser, await browser.open(detailsOf(wiki)), 'scope:offline_access');

      expect(await active(wiki, tokens.access_token)).toBe(true);
      await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    });

    test('nothing is taken back that was not on the page, and nothing is ever added', async () => {
      const ana = await app.account();
      const wiki = await newClient('Wiki');
      const { browser } = await wiki.signIn(ana, { request: { scope: 'openid profile' } });
      const early = await browser.open(detailsOf(wiki));
      const departure = await wiki.request({ scope });
      await walkThrough(browser, await browser.open(departure.url.href), ana);

      // A page from before the app was allowed more.
      expect((await narrow(browser, early, 'scope:profile')).words).toContain('The app gets less');
      const consent = () => app.services.records.consents.get(`${ana.id} ${wiki.clientId}`);
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
      const ana = await app.account();
      const wiki = await newClient('Wiki');
      const { browser, tokens } = await wiki.signIn(ana, { request: { scope } });
      const pending = await wiki.request({ scope });
      const { location = '' } = await browser.get(pending.url.href);

      const asked = await browser.open(`${detailsOf(wiki)}/remove`);
      expect(asked.words).toContain('Everything that it was given ends at once');
      expect(await active(wiki, tokens.access_token)).toBe(true);

      const receipt = await browser.submit(asked, {}, { form: 'remove' });
      expect(new URL(receipt.url).pathname).toMatch(/^\/account\/receipts\/[\w-]{22}$/);
      expect(receipt.words).toContain('You removed the access of an application.');
      expect(receipt.words).toContain('Wiki Ended access from 1 sign-in · 1 refresh token ');
      expect((await browser.open(receipt.url)).status).toBe(200);

      expect(await active(wiki, tokens.access_token)).toBe(false);
      await expect(oidc.fetchUserInfo(wiki.config, tokens.access_token, ana.id)).rejects.toMatchObject({ status: 401 });
      await expect(oidc.refreshTokenGrant(wiki.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      await expect(wiki.redeem(pending, location)).rejects.toMatchObject({ error: 'invalid_grant' });

      expect(namesOn(await browser.open(path))).not.toContain('Wiki');
      const again = await wiki.request({ scope });
      expect(new URL((await browser.open(again.url.href)).url).pathname).toMatch(/^\/consent\//);

      const { events } = await app.services.events.read(ana);
      expect(events.filter(({ kind }) => kind === 'consent.removed')).toMatchObject([{ clientId: wiki.clientId }]);
    });

    test('S53: what the operator runs can’t be removed or narrowed, whatever is sent', async () => {
      const ana = await app.account();
      const { browser, tokens } = await payroll.signIn(ana);
      const page = await browser.open(detailsOf(payroll));
      const [form] = page.forms;
      const csrf = form?.fields['csrf'] ?? '';
      expect(page.html).not.toContain('type="checkbox"');

      expect((await browser.open(`${detailsOf(payroll)}/remove`)).words).toContain('part of this service');
      for (const [to, fields] of [
        [`${detailsOf(payroll)}/remove`, {}],
        [detailsOf(payroll), { 'shown scope:email': 'on' }],
        [`${path}/account-console/remove`, {}],
      ] as const) {
        const answer = await browser.follow(await browser.post(to, { csrf, ...fields }));
        expect(answer.words).toContain('can’t be changed or removed');
      }

      expect(await oidc.fetchUserInfo(payroll.config, tokens.access_token, ana.id)).toHaveProperty('email');
    });

    test('S111: somebody else’s application is as one that does not exist', async () => {
      const [ana, bob] = [await app.account(), await app.account()];
      const wiki = await newClient('Wiki');
      const { browser: hers, tokens } = await wiki.signIn(ana, { request: { scope } });
      const receipt = await hers.submit(
        await hers.open(`${detailsOf(await signedInTo(hers, ana))}/remove`),
        {},
        { form: 'remove' },
      );
      const his = await console(bob);
      const csrf = (await his.open('/account')).forms[0]?.fields['csrf'] ?? '';

      const answers = await Promise.all(
        [wiki.clientId, payroll.clientId, 'no-such-client'].flatMap((id) => [
          his.get(`${path}/${id}`),
          his.get(`${path}/${id}/remove`),
          his.post(`${path}/${id}`, { csrf, 'shown scope:email': 'on' }),
          his.post(`${path}/${id}/remove`, { csrf }),
        ]),
      );
      answers.push(await his.get(receipt.url), await his.get('/account/receipts/none'));

      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
      expect(new Set(answers.map(({ words }) => words.replace(/Reference .*$/, ''))).size).toBe(1);
      expect(await active(wiki, tokens.access_token)).toBe(true);
    });

    /** One more app of the same person. */
    async function signedInTo(browser: Browser, person: Person): Promise<RelyingParty> {
      const other = await newClient('Other');
      await other.signIn(person, { browser });

      return other;
    }

    test('more than ten are searched by name, and paged', async () => {
      const ana = await app.account();
      const { consents, clients: all } = app.services.records;
      const now = app.clock.now();

      await Promise.all(
        Array.from({ length: 25 }, async (_, n) => {
          const id = `many-${ana.id}-${n}`;
          const times = { createdAt: now, updatedAt: now };
          await all.create({
            id,
            metadata: { client_name: `Chess ${n}`, redirect_uris: ['https://chess.example/cb'] },
            secrets: [],
            disabled: false,
            version: 1,
            ...times,
          });
          await consents.create({
            id: `${ana.id} ${id}`,
            accountId: ana.id,
            clientId: id,
            scopes: ['openid', 'profile'],
            claims: [],
            rejectedScopes: [],
            rejectedClaims: [],
            resources: {},
            grantedAt: now,
            lastUsedAt: now - n * 1000,
          });
        }),
      );

      const browser = await console(ana);
      const first = await browser.open(path);
      expect(first.words).toContain('27 applications');
      const next = /href="([^"]*after=[^"]*)"/.exec(first.html)?.[1]?.replaceAll('&amp;', '&') ?? '';
      const second = await browser.open(next);
      const names = [...namesOn(first), ...namesOn(second)];
      expect(names).toEqual(['Account console', ...Array.from({ length: 25 }, (_, n) => `Chess ${n}`), 'Portal']);

      const found = await browser.submit(first, { search: 'CHESS 2' }, { form: path });
      expect(namesOn(found)).toEqual(['Chess 2', 'Chess 20', 'Chess 21', 'Chess 22', 'Chess 23', 'Chess 24']);
      expect((await browser.open(`${path}?search=nothing`)).words).toContain(
        'No application of yours has a name with “nothing”',
      );
      expect((await browser.get(`${path}?after=nonsense`)).status).toBe(400);
    });
  });
}
