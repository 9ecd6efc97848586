import { expect, test } from '@jest/globals';

import { page } from '../../src/web/route.ts';
import { openSite, profileView, signedIn } from './site.ts';
import type { Site } from './site.ts';

const data = { greeting: 'Hello', displayName: 'Ana', at: 0, link: '/' };

async function language(site: Site, header: string, path = '/profile'): Promise<unknown> {
  return (await site.browser({ headers: { 'accept-language': header } }).get(path)).headers['content-language'];
}

test('the browser says which languages it prefers', async () => {
  await using site = await openSite();

  expect(await language(site, 'de-AT')).toBe('de');
  expect(await language(site, 'it, de;q=0.5, en;q=0.7')).toBe('en');
  expect(await language(site, 'de;q=0, en')).toBe('en');
  expect(await language(site, 'it')).toBe('en');
  expect(await language(site, 'ko-KR, en;q=0.8')).toBe('ko');
  expect(await language(site, `${'x,'.repeat(5000)}de`)).toBe('en');
});

test('what the app asks for goes before it', async () => {
  await using site = await openSite();

  expect(await language(site, 'en', '/profile?ui_locales=it%20de-DE%20en')).toBe('de');
});

test('a choice at the foot of the page goes before both, keeps the query, and is no GET', async () => {
  await using site = await openSite();
  const browser = site.browser({ headers: { 'accept-language': 'en' } });
  const page = await browser.get('/profile?ui_locales=en&x=1');
  const german = await browser.submit(page, {}, { form: '/language', button: 'Deutsch' });

  expect(german.url).toBe(`${site.origin}/profile?ui_locales=en&x=1`);
  expect(german.headers['content-language']).toBe('de');
  expect((await browser.get('/language')).status).toBe(405);
});

test('what an app asks for holds for the pages below, and for no other', async () => {
  await using site = await openSite({
    routes: [
      page('/profile', profileView, () => data),
      page('/step/:uid', profileView, () => data),
      page('/step/:uid/next', profileView, () => data),
    ],
  });
  const browser = site.browser({ headers: { 'accept-language': 'en' } });
  const spoken = async (path: string) => (await browser.get(path)).headers['content-language'];

  expect(await spoken('/step/one?ui_locales=de')).toBe('de');
  expect([await spoken('/step/one/next'), await spoken('/step/one')]).toEqual(['de', 'de']);
  expect([await spoken('/step/two'), await spoken('/profile')]).toEqual(['en', 'en']);

  // What the person chose goes before it.
  await browser.submit(await browser.get('/step/one'), {}, { form: '/language', button: 'English' });
  expect(await spoken('/step/one/next')).toBe('en');
});

test('S105: it is kept in a cookie that goes no further than these pages', async () => {
  await using site = await openSite({
    issuer: 'https://id.example.com',
    routes: [page('/step/:uid', profileView, () => data)],
  });
  const { headers } = await site.browser().get('/step/one?ui_locales=de');
  const cookie = headers['set-cookie']?.find((line) => line.includes('ui-locale'));

  expect(cookie).toBe('__Secure-ui-locale=de; path=/step/one; samesite=lax; secure; httponly');
});

test('pages that say what went wrong offer it, too, at the address that was asked for', async () => {
  await using site = await openSite();
  const browser = site.browser({ headers: { 'accept-language': 'en' } });
  const missing = await browser.get('/nowhere?x=1');
  const german = await browser.submit(missing, {}, { form: '/language', button: 'Deutsch' });

  expect([german.url, german.status]).toEqual([`${site.origin}/nowhere?x=1`, 404]);
  expect(german.words).toContain('Diese Seite gibt es nicht');
  const long = await browser.get(`/nowhere?x=${'y'.repeat(2000)}`);
  expect(long.forms.some(({ action }) => action === '/language')).toBe(false);
});

test('the switch leads nowhere else', async () => {
  await using site = await openSite();
  const browser = site.browser();
  const page = await browser.get('/profile');

  for (const here of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/\t/evil.example',
    'javascript:1',
  ]) {
    const answer = await browser.submit(page, { here }, { form: '/language', follow: false });

    expect(answer.headers.location).toBe('/own');
  }
});

test('a person’s own language goes before everything, also on the pages of the next sign-in', async () => {
  await using site = await openSite();
  const browser = site.browser({ headers: { 'accept-language': 'en' } });

  site.session = signedIn(site.clock, { locale: 'de' });

  const page = await browser.get('/own?ui_locales=en');

  expect(page.headers['content-language']).toBe('de');
  expect(page.forms.some(({ action }) => action === '/language')).toBe(false);
  expect((await browser.get('/profile')).headers['content-language']).toBe('de');
});
