import { describe, expect, test } from '@jest/globals';

import { openSite, signedIn } from './site.ts';

const filled = { displayName: 'Ana', password: 'correct horse battery' };

describe('S23: a form counts only in the browser that got it', () => {
  test.each([
    ['no token', { ...filled }],
    ['an empty token', { ...filled, csrf: '' }],
    ['a made-up token', { ...filled, csrf: 'x'.repeat(43) }],
  ])('%s: the same page again', async (_case, fields) => {
    await using site = await openSite();
    const browser = site.browser();
    await browser.get('/profile');

    const page = await browser.post('/profile', fields);

    expect(page.status).toBe(403);
    expect(page.words).toContain('Please check it and send it again.');
    expect(page.forms[0]?.fields['displayName']).toBe('Ana');
    expect(page.html).not.toContain('correct horse');
    expect(site.saved).toEqual([]);
  });

  test('the token of another browser', async () => {
    await using site = await openSite();
    const [mine, theirs] = [site.browser(), site.browser()];
    const csrf = (await theirs.get('/profile')).forms[0]?.fields['csrf'] ?? '';
    await mine.get('/profile');

    expect((await theirs.post('/profile', { ...filled, csrf })).status).toBe(303);
    expect((await mine.post('/profile', { ...filled, csrf })).status).toBe(403);
    expect(site.saved).toHaveLength(1);
  });

  test('cleared cookies are no dead end: what was typed can be sent again', async () => {
    await using site = await openSite();
    const browser = site.browser();
    const page = await browser.get('/profile');
    await browser.jar.removeAllCookies();

    const again = await browser.submit(page, filled);

    expect(again.status).toBe(403);
    expect(again.forms[0]?.fields['displayName']).toBe('Ana');
    expect((await browser.submit(again, {}, { follow: false })).status).toBe(303);
  });

  test('a button without a page of its own leads to the page above it', async () => {
    await using site = await openSite();
    const browser = site.browser();
    site.session = signedIn(site.clock);

    const page = await browser.follow(await browser.post('/own/button', {}));

    expect(new URL(page.url).pathname).toBe('/own');
    expect(page.html).toContain('notice warn');
    expect(site.saved).toEqual([]);
  });
});

describe('S23: a form counts only for the account that it was shown to', () => {
  const bo = { id: 'a2', email: 'bo@example.com' };

  test.each(['/own', '/careful'])(
    'sent from %s under another account nothing is changed, and that is said',
    async (path) => {
      await using site = await openSite();
      site.session = signedIn(site.clock, bo);
      const browser = site.browser();
      const page = await browser.get(path);

      site.session = signedIn(site.clock);
      const answer = await browser.submit(page, filled);

      expect(answer.status).toBe(409);
      expect(answer.words).toContain('You are signed in as somebody else now');
      expect(answer.words).toContain('nothing was changed');
      expect(answer.html).toContain('href="/own"');
      expect(answer.html).not.toContain('Ana');
      expect(site.saved).toEqual([]);

      site.session = signedIn(site.clock, bo);
      expect((await browser.submit(page, filled, { follow: false })).status).toBe(303);
    },
  );

  test('so it is where the last proof is too old: nobody proves anything for it', async () => {
    await using site = await openSite();
    site.session = signedIn(site.clock, bo);
    const browser = site.browser();
    const page = await browser.get('/careful');

    site.session = signedIn(site.clock);
    site.clock.time += 301_000;

    expect((await browser.submit(page, filled)).status).toBe(409);
  });

  test('also in a browser that has lost its cookies since', async () => {
    await using site = await openSite();
    site.session = signedIn(site.clock, bo);
    const browser = site.browser();
    const page = await browser.get('/own');
    await browser.jar.removeAllCookies();

    site.session = signedIn(site.clock);
    const answer = await browser.submit(page, filled);

    expect([answer.status, answer.html.includes('Ana')]).toEqual([409, false]);
  });

  test('a form that was shown to nobody in particular is looked at again first', async () => {
    await using site = await openSite();
    site.session = signedIn(site.clock);
    const browser = site.browser();
    const { csrf = '' } = (await browser.get('/profile')).forms[0]?.fields ?? {};

    expect((await browser.post('/own', { ...filled, csrf })).status).toBe(403);
    expect(site.saved).toEqual([]);
  });

  test('another session of the same person changes nothing about it', async () => {
    await using site = await openSite();
    const session = signedIn(site.clock, bo);
    site.session = session;
    const browser = site.browser();
    const page = await browser.get('/own');

    site.session = { ...session, session: { ...session.session, uid: 's2', amr: ['pwd', 'otp', 'mfa'] } };

    expect((await browser.submit(page, filled, { follow: false })).status).toBe(303);
    expect(site.saved).toHaveLength(1);
  });
});

describe('a form from another site', () => {
  test.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site', { 'sec-fetch-site': 'same-site' }],
    ['an old browser that names the origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
  ])('%s: is refused, also with the right token', async (_case, headers) => {
    await using site = await openSite();
    const browser = site.browser();
    const csrf = (await browser.get('/profile')).forms[0]?.fields['csrf'] ?? '';

    const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
    const page = await browser.send('POST', '/profile', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...sent },
      body: new URLSearchParams({ ...filled, csrf }).toString(),
    });

    expect(page.status).toBe(403);
    expect(page.html).not.toContain('Ana');
    expect(site.saved).toEqual([]);
  });

  test('a browser that says nothing of the origin needs the token, and is not shown what was sent', async () => {
    await using site = await openSite();
    const browser = site.browser();
    const csrf = (await browser.get('/profile')).forms[0]?.fields['csrf'] ?? '';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };

    const without = await browser.send('POST', '/profile', { headers, body: 'displayName=Planted' });
    const withIt = await browser.send('POST', '/profile', { headers, body: `displayName=Ana&csrf=${csrf}` });

    expect(without.status).toBe(403);
    expect(without.html).not.toContain('Planted');
    expect(withIt.status).toBe(303);
  });

  test('our own origin in the old way', async () => {
    await using site = await openSite();
    const browser = site.browser();
    const csrf = (await browser.get('/profile')).forms[0]?.fields['csrf'] ?? '';
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: site.origin };

    expect((await browser.send('POST', '/profile', { headers, body: `displayName=Ana&csrf=${csrf}` })).status).toBe(
      303,
    );
  });
});
