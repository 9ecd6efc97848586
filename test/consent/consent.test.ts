import { describe, expect, test } from '@jest/globals';

import { ana, stepAt, uid, wiki } from '../support/interactions.ts';
import { email, files, item, offline, openConsent, openid, profile } from './page.ts';

const path = `/consent/${uid}`;

describe('what is asked', () => {
  test('S20, S21: names the app, its host, its terms, and who is asked', async () => {
    await using site = await openConsent([openid]);

    const page = await site.browser().get(path);

    expect(page.title).toBe('Allow Wiki to use your account? · Northwind ID');
    expect(page.words).toContain('Wiki , at wiki.example.net, is run by somebody else.');
    expect(page.words).toContain('Signed in as ana@example.com.');
    expect(page.html).toContain('href="https://wiki.example.net/privacy" rel="noreferrer"');
    expect(page.headers['content-security-policy']).toContain("form-action 'self' https:;");
  });

  test('says it in words with the values that would be shared now', async () => {
    await using site = await openConsent([
      openid,
      profile,
      email,
      files,
      item('claim:birthdate', { claim: 'birthdate' }),
      item('scope:phone'),
    ]);

    const { words, html } = await site.browser().get(path);

    expect(words).toContain('Your profile Name Ana Lindqvist Language German');
    expect(words).toContain('Your e-mail address ana@example.com');
    expect(words).toContain('Read your files At Files');
    expect(words).toContain('Birthday Nothing is stored here yet.');
    expect(words).toContain('Your phone number Nothing is stored here yet.');
    expect(html.match(/type="checkbox"/g)).toHaveLength(6);
  });

  test('ticks what is asked for but offline access, and holds fast what signing in needs', async () => {
    await using site = await openConsent([openid, offline, email]);

    const { html, forms } = await site.browser().get(path);

    expect(html).toMatch(/name="allow scope:openid"[^>]* checked disabled/);
    expect(forms[0]?.fields).toHaveProperty('allow scope:email');
    expect(forms[0]?.fields).not.toHaveProperty('allow scope:offline_access');
    // Apart from the rest, at the end.
    expect(html.indexOf('allow scope:offline_access')).toBeGreaterThan(html.indexOf('allow scope:email'));
  });

  test('offers no other language, which would undo what was unticked', async () => {
    await using site = await openConsent([openid, email]);

    const { forms } = await site.browser().get(path);

    expect(forms.map(({ action }) => action)).not.toContain('/language');
  });

  test('shows what was allowed before as such', async () => {
    await using site = await openConsent([openid, { ...offline, allowed: true }, email]);

    const { words, forms } = await site.browser().get(path);

    expect(words).toContain('Allowed before');
    expect(forms[0]?.fields).toHaveProperty('allow scope:offline_access');
  });

  test('warns of an app that any program could claim to be', async () => {
    const client = { ...wiki, impersonable: true, host: 'localhost:4711', onThisComputer: true };
    await using site = await openConsent([openid], stepAt('consent', { client, account: ana }));

    const { words } = await site.browser({ headers: { 'accept-language': 'de' } }).get(path);

    expect(words).toContain('auf diesem Computer');
    expect(words).toContain('wenn Sie Wiki gerade selbst gestartet haben');
  });
});

describe('the answer', () => {
  test('allows what is ticked and what is required, and nothing else', async () => {
    await using site = await openConsent([openid, profile, email, offline]);
    const browser = site.browser();

    const page = await browser.get(path);
    const csrf = page.forms[0]?.fields['csrf'] ?? '';
    await browser.post(path, { csrf, answer: 'allow', 'allow scope:email': 'on', 'allow scope:admin': 'on' });

    expect(site.played.calls).toEqual([['consented', uid, ['scope:openid', 'scope:email']]]);
  });

  test('as the page stands: all but offline access', async () => {
    await using site = await openConsent([openid, profile, email, offline]);
    const browser = site.browser();

    await browser.submit(await browser.get(path), {}, { button: 'Allow', follow: false });

    expect(site.played.calls).toEqual([['consented', uid, ['scope:openid', 'scope:profile', 'scope:email']]]);
  });

  test('no: the app is told', async () => {
    await using site = await openConsent([openid, email]);
    const browser = site.browser();

    await browser.submit(await browser.get(path), {}, { button: 'Don’t allow', follow: false });

    expect(site.played.calls).toEqual([['refused', uid]]);
  });

  test('"Not you?" leads to signing in as somebody else', async () => {
    await using site = await openConsent([openid]);
    const browser = site.browser();

    await browser.submit(await browser.get(path), {}, { form: 'switch', follow: false });

    expect(site.played.calls).toEqual([['selected', uid, 'another']]);
  });

  test('without the token of this browser nothing is allowed', async () => {
    await using site = await openConsent([openid]);

    const page = await site.browser().post(path, { answer: 'allow' });

    expect(page.status).toBe(403);
    expect(page.words).toContain('Allow Wiki to use your account?');
    expect(site.played.calls).toEqual([]);
  });
});

describe('when it is not the time', () => {
  test('leads to the step that it is', async () => {
    await using site = await openConsent([openid], stepAt('login'));

    expect((await site.browser().get(path)).location).toBe(`${site.origin}/sign-in/${uid}`);
  });

  test('a step that has ended says so, also to what is sent to it', async () => {
    await using site = await openConsent([openid]);
    const browser = site.browser();
    const page = await browser.get(path);

    site.played.now = { ended: 'finished', client: wiki, restartable: true };

    for (const form of [0, 'switch']) {
      const { status, words, html } = await browser.submit(page, {}, { form });

      expect(status).toBe(410);
      expect(words).toContain('This step is finished already');
      expect(html).toContain(`href="/sign-in/${uid}/restart"`);
    }

    expect(site.played.calls).toEqual([]);
  });
});
