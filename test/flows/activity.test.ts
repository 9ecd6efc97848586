import { afterAll, beforeAll, expect, test } from '@jest/globals';

import type { Account } from '../../src/domain/account.ts';
import { signIn } from '../security/web/visits.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser, type Browser, type Page } from '../support/browser.ts';
import { describeWith } from '../support/need.ts';
import { relyingParty } from '../support/relying-party.ts';
import { needsOf, openPair, eachStore, type PairPlace } from '../support/storage.ts';

const path = '/account/activity';
const firefox = { headers: { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0' } };

/** What stands in the rows of the list, one text a row. */
function rowsOf({ html }: Page): string[] {
  const [, list = ''] = html.split('<section class="card" aria-label="Activity">');

  return list
    .split('<div class="row">')
    .slice(1)
    .map((row) => row.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' '));
}

function linkTo({ html }: Page, words: string): string {
  const [, href] = new RegExp(`<a [^>]*href="([^"]*)"[^>]*>${words}<`).exec(html) ?? [];
  if (href === undefined) throw new Error(`no link ${words}`);

  return href.replaceAll('&amp;', '&');
}

/** Section 5 of what an account holder is shown: every security event in words. */
for (const pair of eachStore) {
  describeWith(needsOf(pair), `Activity on ${pair}`, () => {
    let place: PairPlace;
    let app: TestApp;

    beforeAll(async () => {
      place = await openPair(pair);
      app = await startTestApp({ env: place.env });
    }, 60_000);

    afterAll(async () => {
      await app[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    test('S113: what a person did, and what others tried, stands there in words, newest first', async () => {
      const ana = await app.account({ claims: { zoneinfo: 'Asia/Tokyo' } });
      const stranger = openBrowser(app.url, { headers: { 'user-agent': 'curl/8.0' } });
      await stranger.submit(await stranger.open('/account'), { email: ana.email, password: 'a wrong one of hers' });
      const metadata = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] };
      const wiki = await relyingParty(app, await app.client('web', metadata));
      const browser = openBrowser(app.url, firefox);
      await wiki.signIn(ana, { browser });
      await app.services.locking.lock(ana.id, { reason: 'Lost' }, { actor: 'command-line' });
      await app.services.locking.unlock(ana.id, { actor: 'command-line' });
      const owner = await signIn(app, ana, firefox);

      const page = await owner.open(path);
      const rows = rowsOf(page);

      expect(page.title).toBe('Activity · Gatehouse');
      expect(rows.map((row) => row.trim().split(/ When /)[0])).toEqual([
        'Signed in',
        'Account enabled again',
        'A browser was signed out',
        'Account disabled',
        'App connected',
        'App allowed',
        'Signed in',
        'Wrong password',
        'Account created',
      ]);
      expect(rows[0]).toMatch(
        /App Account console With Password Device Firefox on Windows IP address (127\.0\.0\.1|::1)/,
      );
      expect(rows.find((row) => row.includes('Account disabled'))).toContain('By Whoever runs this service');
      expect(rows.find((row) => row.includes('App connected'))).toContain('App Wiki Device The app’s own server');
      expect(rows.find((row) => row.includes('App allowed'))).toContain(
        'What Your e-mail address · Know who you are · Your profile',
      );
      expect(page.words).toMatch(/Blocked tries 1 .*A program that doesn’t say what it is/);
      expect(page.html).toMatch(/<time datetime="[^"]+Z" title="[^"]*GMT\+9">just now<\/time>/);
    });

    test('is filtered by links, page by page, each row once', async () => {
      const ana = await app.account();
      const owner = await signIn(app, ana);
      for (let n = 0; n < 60; n += 1) {
        app.clock.advance(1000);
        await app.services.events.write(n % 20 === 0 ? 'password.set' : 'sign_out', { actor: ana.id, account: ana });
      }

      let page = await owner.open(linkTo(await owner.open(path), 'Sign-ins'));
      const seen: number[] = [];
      for (;;) {
        expect(new Set(rowsOf(page).map((row) => row.trim().split(' When')[0]))).not.toContain('Password set');
        seen.push(rowsOf(page).length);
        if (!page.words.includes('Show older')) break;
        page = await owner.open(linkTo(page, 'Show older'));
      }
      expect(seen).toEqual([25, 25, 8]);
      expect(page.html).toMatch(/aria-current="true">Sign-ins</);

      const changes = await owner.open(linkTo(page, 'Security changes'));
      expect(rowsOf(changes).map((row) => row.trim().split(' When')[0])).toEqual([
        'Password set',
        'Password set',
        'Password set',
        'Account created',
      ]);
      expect((await owner.open(linkTo(page, 'Back to the newest'))).words).not.toContain('Back to the newest');
      expect((await owner.open(linkTo(page, 'Messages'))).words).toContain('Nothing of this kind has happened yet.');
    });

    test('what is asked for that is not there is told so, and somebody else’s event is not there', async () => {
      const [ana, ben] = [await app.account(), await app.account()];
      const owner = await signIn(app, ana);
      const bens = await idsOf(ben);
      const status = async (browser: Browser, address: string) => (await browser.get(address)).status;

      expect(await status(owner, `${path}?show=nothing`)).toBe(404);
      expect(await status(owner, `${path}?after=%00`)).toBe(400);
      expect(await status(owner, `${path}?after=bm90aGluZw`)).toBe(400);
      expect(await status(owner, `${path}?show=security&show=messages`)).toBe(400);
      expect(await status(owner, `${path}/nothing`)).toBe(404);
      expect(bens.length).toBeGreaterThan(0);
      for (const id of bens) expect(await status(owner, `${path}/${id}`)).toBe(404);
      for (const id of await idsOf(ana)) expect(await status(owner, `${path}/${id}`)).toBe(200);
    });

    const idsOf = async (person: Account) => (await app.services.activity.list(person)).events.map(({ id }) => id);
  });
}
