import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { action, page, show, to, view, type Outcome } from '../../src/web/route.ts';
import { openSite, profileRoutes, profileView } from './site.ts';

const filled = {
  displayName: 'Ana L',
  about: 'Two\nlines',
  language: 'en',
  password: 'correct horse battery',
  news: 'on',
};

test('a page is framed and in no cache', async () => {
  await using site = await openSite();
  const page = await site.browser().get('/profile');

  expect(page.status).toBe(200);
  expect(page.title).toBe('Something went wrong · Northwind ID');
  expect(page.html).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page.headers['content-language']).toBe('en');
  expect(page.headers['cache-control']).toBe('no-store');
});

test('what a view is given is put out as text', async () => {
  await using site = await openSite();
  const page = await site.browser().get('/profile');

  expect(page.html).toContain('Hello &lt;b&gt;you&lt;/b&gt;');
  expect(page.html).not.toContain('javascript:');
});

test('an action ends with 303 and a notice that stands once', async () => {
  await using site = await openSite();
  const browser = site.browser();
  const answer = await browser.submit(await browser.get('/profile'), filled, { follow: false });

  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/profile');
  expect(site.saved).toEqual([filled]);

  const next = await browser.follow(answer);

  expect(next.html).toContain('<div class="notice good" role="status"><span>Skip to content</span></div>');
  expect((await browser.get('/profile')).html).not.toContain('role="status"');
});

test('a notice is a text of ours, whatever the cookie says', async () => {
  await using site = await openSite();
  const browser = site.browser();

  for (const notice of ['good-constructor', 'evil-frame.skip', 'good-call.555']) {
    await browser.jar.setCookie(`notice=${notice}`, site.origin);
    expect((await browser.get('/profile')).html).not.toContain('role="status"');
  }
});

describe('no page drops what is wrong with what was sent to it', () => {
  const data = { greeting: 'Hi', displayName: 'Stored', at: 0, link: '/' };
  const otherView = { ...profileView, title: 'error.back' as const };
  const form = z.object({ displayName: z.string().max(3, 'problem.tooLong'), about: z.string().optional() });
  const send = async (answer: () => Outcome, fields: Record<string, string>) => {
    await using site = await openSite({
      routes: [
        ...profileRoutes([]),
        page('/step', profileView, answer),
        action('/step', form, async (_ask, _input, wrong) => wrong({ form: 'error.forbidden' })),
      ],
    });
    const browser = site.browser();
    const { csrf = '' } = (await browser.get('/profile')).forms[0]?.fields ?? {};
    const sent = await browser.post('/step', { ...fields, csrf });

    return { sent, shown: await browser.follow(sent) };
  };

  test('also where the page shows another view than the one that it is declared with', async () => {
    const { sent } = await send(() => show(otherView, data), { displayName: 'Anastasia' });

    expect(sent.status).toBe(422);
    expect(sent.words).toContain('At most 3 characters');
    expect(sent.forms[0]?.fields['displayName']).toBe('Anastasia');
  });

  test('or leads elsewhere: then it is said there', async () => {
    const whole = await send(() => to('/profile'), { displayName: 'Ana' });
    expect(whole.shown.html).toContain('notice warn');
    expect(whole.shown.words).toContain('You may not do this');

    const field = await send(() => to('/profile'), { displayName: 'Anastasia' });
    expect(field.shown.words).toContain('Nothing was changed: the page that you sent was over by then.');
  });

  test('but where the step is over, that is what is wrong', async () => {
    const { sent } = await send(() => show(otherView, data, { status: 410 }), { displayName: 'Anastasia' });

    expect(sent.status).toBe(410);
    expect(sent.words).not.toContain('At most 3 characters');
    expect(sent.html).not.toContain('Anastasia');
  });
});

describe('a button that is sent with what no page of ours sends', () => {
  test.each([
    ['en', 'This request can’t be understood'],
    ['de', 'Diese Anfrage ist nicht zu verstehen'],
  ])('is refused in words (%s), and nobody is woken for it', async (language, words) => {
    await using site = await openSite({
      routes: [
        ...profileRoutes([]),
        action('/button', z.object({ method: z.enum(['email', 'text']) }), async () => to('/profile')),
      ],
    });
    const browser = site.browser();
    const { csrf = '' } = (await browser.get('/profile')).forms[0]?.fields ?? {};

    for (const fields of [{ method: 'smoke' }, { method: '' }, {}]) {
      const page = await browser.post('/button', { ...fields, csrf }, { 'accept-language': language });

      expect([page.status, page.words]).toEqual([400, expect.stringContaining(words)]);
      expect(page.html).toContain(`<html lang="${language}">`);
    }

    expect((await site.logged(4)).filter(({ level }) => level !== 'info')).toEqual([]);
  });
});

test('what is wrong stands beside its field, summed up on top, with what was typed', async () => {
  await using site = await openSite();
  const browser = site.browser();
  const typed = { ...filled, displayName: 'x'.repeat(21), about: '<script>alert(1)</script>' };
  const page = await browser.submit(await browser.get('/profile'), typed);

  expect(page.status).toBe(422);
  expect(page.title).toBe('Problem: Something went wrong · Northwind ID');
  expect(page.html).toMatch(
    /role="alert">.*<a href="#field-displayName">Display name<\/a> – At most 20 characters, please\./s,
  );
  expect(page.html).toContain(
    'id="field-displayName" name="displayName" autofocus aria-describedby="field-displayName-hint field-displayName-problem" aria-invalid="true"',
  );
  expect(page.forms[0]?.fields).toMatchObject({ displayName: typed.displayName, about: typed.about, language: 'en' });
  expect(site.saved).toEqual([]);
});

test('what the action itself finds wrong is shown in the same way', async () => {
  await using site = await openSite();
  const browser = site.browser();
  const page = await browser.submit(await browser.get('/profile'), { ...filled, displayName: 'taken' });

  expect(page.status).toBe(422);
  expect(page.html).toContain('<a href="#field-displayName">Display name</a> – Somebody was faster');
  expect(page.forms[0]?.fields['displayName']).toBe('taken');
});

test('several problems are listed as the page has its fields', async () => {
  await using site = await openSite({
    routes: [
      page('/two', profileView, () => ({ greeting: '', displayName: '', at: 0, link: '/' })),
      action('/two', z.object({ displayName: z.string(), password: z.string() }), async (_ask, _input, wrong) =>
        wrong({ password: 'problem.invalid', displayName: 'problem.required', form: 'problem.sendAgain' }),
      ),
    ],
  });
  const browser = site.browser();
  const shown = await browser.submit(await browser.get('/two'), {});

  expect(shown.html).toContain('<strong>3 things need your attention</strong>');
  expect([...shown.html.matchAll(/<li>(?:<a href="#field-(\w+)">)?/g)].map(([, name]) => name)).toEqual([
    undefined,
    'displayName',
    'password',
  ]);
  expect([...shown.html.matchAll(/id="field-(\w+)"[^>]* autofocus/g)].map(([, name]) => name)).toEqual(['displayName']);
});

test('a password never comes back', async () => {
  await using site = await openSite();
  const browser = site.browser();
  const page = await browser.submit(await browser.get('/profile'), { ...filled, displayName: '' });

  expect(page.status).toBe(422);
  expect(page.words).toContain('This is needed.');
  expect(page.html).not.toContain('correct horse');
});

test('a box that was unticked stays unticked', async () => {
  await using site = await openSite();
  const browser = site.browser();
  const page = await browser.submit(await browser.get('/profile'), { ...filled, displayName: '', news: undefined });

  expect(page.html).not.toContain('checked');
});

test('HEAD answers like GET, without the page', async () => {
  await using site = await openSite();
  const page = await site.browser().send('HEAD', '/profile');

  expect(page.status).toBe(200);
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.html).toBe('');
});

test.each([
  ['PUT', '/profile', 'GET, HEAD, POST'],
  ['OPTIONS', '/profile', 'GET, HEAD, POST'],
  ['GET', '/own/button', 'POST'],
  ['POST', '/item/1', 'GET, HEAD'],
])('%s %s is answered 405 with what is allowed', async (method, path, allowed) => {
  await using site = await openSite();
  const page = await site.browser().send(method, path);

  expect(page.status).toBe(405);
  expect(page.headers.allow).toBe(allowed);
});

test('path parameters are bounded', async () => {
  await using site = await openSite();
  const browser = site.browser();

  expect((await browser.get('/item/Ab-1')).words).toContain('Ab-1');
  expect((await browser.get(`/item/${'x'.repeat(201)}`)).status).toBe(404);
  expect((await browser.get('/item/a%00b')).status).toBe(404);
  expect((await browser.get('/item/%E0%A4%A')).status).toBeLessThan(500);
});

test('S24: a doubled query parameter is refused', async () => {
  await using site = await openSite();
  const browser = site.browser();

  expect((await browser.get('/profile?a=1&b=2')).status).toBe(200);
  expect((await browser.get('/profile?a=1&a=2')).status).toBe(400);
  expect((await browser.get('/profile?a[]=1')).status).toBe(400);
  expect((await browser.get('/profile?a=%ff')).status).toBe(400);
});

test('a page may answer another view, or lead elsewhere', async () => {
  const other = view<object>('tests/empty', 'shell', 'frame.help');
  await using site = await openSite({
    routes: [
      page('/other', profileView, () => show(other, {}, { status: 410, formAction: ['https:', 'com.example.app:'] })),
      page('/away', profileView, () => to('/other')),
      page('/outside', profileView, () => to('//evil.example/' as '/')),
      page('/scheme', profileView, () => ({ kind: 'leave', url: 'javascript:alert(1)' })),
      page('/app', profileView, () => ({ kind: 'leave', url: 'com.example.app:/cb?code=1' })),
    ],
  });
  const browser = site.browser();
  const shown = await browser.open('/away');

  expect(shown.status).toBe(410);
  expect(shown.title).toBe('Help · Northwind ID');
  expect(shown.headers['content-security-policy']).toContain("form-action 'self' https: com.example.app:;");
  expect((await browser.get('/outside')).status).toBe(500);
  expect((await browser.get('/scheme')).status).toBe(500);
  expect((await browser.get('/app')).headers.location).toBe('com.example.app:/cb?code=1');
});
