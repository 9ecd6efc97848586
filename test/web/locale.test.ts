import { expect, test } from '@jest/globals';

import { openSite, signedIn } from './site.ts';
import type { Site } from './site.ts';

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
