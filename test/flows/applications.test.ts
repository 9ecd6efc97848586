import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openBrowser } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { tickAll } from '../support/relying-party.ts';
import { needsOf, eachStore } from '../support/storage.ts';
import { detailsOf, files, namesOn, openApplications, path, scope, type ApplicationRoom } from './application-room.ts';

/** What may use somebody's account, and how it is found. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `applications on ${pair}`, () => {
    let room: ApplicationRoom;

    beforeAll(async () => {
      room = await openApplications(pair);
    });

    afterAll(async () => {
      await room[Symbol.asyncDispose]();
    });

    test('the console and the portal stand there from the start, and say why they can’t be removed', async () => {
      const browser = await room.console(await room.app.account());

      const page = await browser.open(path);
      expect(namesOn(page)).toEqual(['Account console', 'Portal']);
      expect(page.words).toContain('Account console In use');
      expect(page.words).toContain('Portal Not in use');
      expect(page.words).toContain('can’t be removed');
      expect(page.words).toContain('Apps of others that you let use your account will stand here');
      expect((await browser.open(detailsOf(room.portal))).words).toContain('It has not asked for anything yet.');
      expect((await browser.open(`${path}/account-console`)).words).toContain('Everything in your account');
    });

    test('an app stands there in words, the last used first', async () => {
      const ana = await room.app.account();
      const wiki = await room.newClient('Wiki', {
        client_uri: 'https://wiki.example.net/',
        logo_uri: 'https://wiki.example.net/l.png',
      });
      const { browser } = await wiki.signIn(ana, { request: { scope } });
      room.app.clock.advance(7_200_000);
      await room.payroll.signIn(ana, { browser });
      room.app.clock.advance(60_000);

      const page = await browser.open(path);
      expect(namesOn(page)).toEqual(['Account console', 'Payroll', 'Wiki', 'Portal']);
      expect(page.words).toContain(
        'Wiki In use Works while you are away Type Run by somebody else May use Your profile · Your e-mail address Allowed 2 hours ago Last used 2 hours ago Address wiki.example.net',
      );
      expect(page.words).toContain(
        'Payroll In use Type Part of this service May use Your profile · Your e-mail address',
      );
      expect(page.headers['content-security-policy']).toContain("img-src 'self' https://wiki.example.net;");
      expect(page.html).toContain('referrerpolicy="no-referrer"');
    });

    test('it is in use as long as a session or a token is alive', async () => {
      const ana = await room.app.account();
      const [short, long] = [await room.newClient('Short'), await room.newClient('Long')];
      const { browser } = await short.signIn(ana);
      await long.signIn(ana, { browser, request: { scope } });
      await browser.submit(await browser.open('/account'), {}, { form: 'sign-out' });

      const { words } = await (await room.console(ana)).open(path);
      expect(words).toContain('Short Not in use');
      expect(words).toContain('Long In use Works while you are away');

      // What it may do while the person is away, and does not.
      await room.app.services.endings.account(ana, { actor: 'command-line', reason: 'signed_out' });
      expect((await (await room.console(ana)).open(path)).words).toContain('Long Not in use Type');
    });

    test('details show each permission with its value, and what was refused', async () => {
      const ana = await room.app.account({ email: `ana.details.${pair.replace('+', '.')}@example.com` });
      const wiki = await room.newClient('Wiki', { policy_uri: 'https://wiki.example.net/privacy' });
      const departure = await wiki.request({ scope: `${scope} files:read`, resource: files });
      const browser = openBrowser(room.app.url);
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

    test('more than ten are searched by name, and paged', async () => {
      const ana = await room.app.account();
      const { consents, clients: all } = room.app.services.records;
      const now = room.app.clock.now();

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

      const browser = await room.console(ana);
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
