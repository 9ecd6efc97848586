import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openBrowser, type Page } from '../../support/browser.ts';
import { tickAll } from '../../support/relying-party.ts';
import { claimsIn } from './assertions.ts';
import { answerAt, openGround, type Fields, type Ground, type Party } from './ground.ts';

const names = [
  ['an image', '<img src=x onerror=alert(1)>'],
  ['a script', '</title><script>alert(1)</script>'],
  ['a link', '"><a href="https://evil.example">Bank</a>'],
  ['a template', '<%= process.env %>'],
  ['another template', '{{7*7}}${7*7}'],
  ['turned around', 'Bank\u202egnisihp\u202c'],
  ['invisible characters', 'Ba\u200bnk\u2066\u0000\u0007'],
  ['three lines', 'two\r\nlines\u2028three'],
  ['50,000 letters', 'x'.repeat(50_000)],
  ['30,000 wide letters', '𝕏'.repeat(30_000)],
  ['nothing to see', '\u200b\u3164'],
] as const;

/** When people are asked, and what they are told. */
describe('being asked', () => {
  let ground: Ground;
  let first: Party;
  let third: Party;

  beforeAll(async () => {
    ground = await openGround();
    first = await ground.party('web', { first_party: true });
    third = await ground.party('web', { client_name: 'Wiki' });
  });

  afterAll(() => ground[Symbol.asyncDispose]());

  const isAt = (page: Page, path: string) => page.location === undefined && new URL(page.url).pathname.startsWith(path);
  const authTime = async (party: Party, location = '') => {
    const code = new URL(location).searchParams.get('code') ?? '';

    return Number(claimsIn(String((await party.redeem(code)).body['id_token']))['auth_time']);
  };

  describe('S19: prompt=none shows no page', () => {
    const requests: [string, Fields, string][] = [
      ['and max_age is over', { max_age: '0' }, 'login_required'],
      ['and an acr is essential that another sign-in could reach', { claims: acrClaim() }, 'login_required'],
      ['and somebody else is meant', { claims: '{"id_token":{"sub":{"value":"somebody"}}}' }, 'login_required'],
      ['together with login', { prompt: 'none login' }, 'invalid_request'],
      ['together with consent', { prompt: 'none consent' }, 'invalid_request'],
    ];

    test.each(requests)('%s', async (_, more, error) => {
      const page = await ground.browser.open(first.url({ prompt: 'none', ...more }));

      expect(answerAt(page)).toMatchObject({ error, state: 'state-1', iss: ground.app.url });
    });

    test('and nobody is signed in, or nothing was allowed yet', async () => {
      const nobody = openBrowser(ground.app.url);

      expect(answerAt(await nobody.open(first.url({ prompt: 'none' })))).toMatchObject({ error: 'login_required' });
      expect(answerAt(await ground.browser.open(third.url({ prompt: 'none' })))).toMatchObject({
        error: 'consent_required',
      });
      expect(answerAt(await ground.browser.open(first.url({ prompt: 'none' })))).toHaveProperty('code');
    });
  });

  test.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
    ['max_age=60 a minute later', { max_age: '60' }],
  ])('S19: %s takes a new proof and gives a new auth_time', async (_, more) => {
    const browser = await ground.signedIn(ground.ana);
    const before = await authTime(first, (await browser.open(first.url())).location);
    ground.app.clock.advance(61_000);

    const page = await browser.open(first.url(more));
    expect(isAt(page, '/sign-in/')).toBe(true);

    const wrong = await browser.submit(page, { password: 'not-the-password-at-all' });
    expect(isAt(wrong, '/sign-in/')).toBe(true);

    const after = await browser.submit(wrong, { password: ground.ana.password });
    expect((await authTime(first, after.location)) - before).toBeGreaterThanOrEqual(61);
  });

  test('S19: the page of prompt=login can’t be got round', async () => {
    const browser = await ground.signedIn(ground.ana);
    const page = await browser.open(first.url({ prompt: 'login' }));
    const uid = new URL(page.url).pathname.split('/')[2] ?? '';

    // The way back without the proof, the page of another step, and the proof of another request.
    for (const path of [`/oauth/authorize/${uid}`, `/consent/${uid}`, `/choose-account/${uid}`]) {
      expect((await browser.open(path)).location ?? '').not.toContain('code=');
    }

    for (const path of [`/consent/${uid}`, `/choose-account/${uid}`]) {
      const csrf = page.forms[0]?.fields['csrf'] ?? '';
      expect(
        (await browser.follow(await browser.post(path, { csrf, choice: 'current' }))).location ?? '',
      ).not.toContain('code=');
    }

    await browser.open(first.url());
    expect((await browser.open(`/oauth/authorize/${uid}`)).location ?? '').not.toContain('code=');
  });

  test('S19: max_age is not widened by what else is asked', async () => {
    const browser = await ground.signedIn(ground.ana);
    ground.app.clock.advance(120_000);

    for (const more of [{ max_age: '100' }, { max_age: '100', id_token_hint: '' }, { max_age: '00100' }]) {
      expect((await browser.open(first.url({ prompt: 'none', ...more }))).location ?? '').not.toContain('code=');
    }
  });

  test('S20: a third-party client is allowed nothing until the person says so, and then what they said', async () => {
    const browser = await ground.signedIn(await ground.app.account());
    const page = await browser.open(third.url());
    expect(isAt(page, '/consent/')).toBe(true);

    const some = await browser.submit(page, { 'allow scope:email': undefined }, { button: 'Allow' });
    const code = new URL(some.location ?? '').searchParams.get('code') ?? '';
    const { body } = await third.redeem(code);
    expect(String(body['scope']).split(' ')).not.toContain('email');
    expect(body).not.toHaveProperty('refresh_token');
    expect((await ground.userinfo(String(body['access_token']))).body).not.toHaveProperty('email');

    expect(answerAt(await browser.open(third.url({ scope: 'openid profile' })))).toHaveProperty('code');
  });

  test('S20: ticking what was not asked gives nothing more', async () => {
    const browser = await ground.signedIn(await ground.app.account());
    const page = await browser.open(third.url({ scope: 'openid' }));
    const after = await browser.submit(
      page,
      { ...tickAll(page), 'allow scope:email': 'on', 'allow claim:email': 'on', 'allow scope:offline_access': 'on' },
      { button: 'Allow', form: 0 },
    );
    const { body } = await third.redeem(new URL(after.location ?? '').searchParams.get('code') ?? '');

    expect(body['scope']).toBe('openid');
    expect((await ground.userinfo(String(body['access_token']))).body).toEqual({ sub: expect.any(String) });
    expect((await browser.open(third.url({ prompt: 'none' }))).location).toContain('consent_required');
  });

  test.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.1:5000/cb'],
    ['http://localhost/cb', 'http://localhost:5000/cb'],
    ['com.example.app:/cb', 'com.example.app:/cb'],
  ])('S20: a public client at %s is asked about every time', async (registered, used) => {
    const native = await ground.party('native', { redirect_uris: [registered] });

    for (let time = 0; time < 3; time += 1) {
      const page = await ground.browser.open(native.url({ redirect_uri: used }));
      expect(isAt(page, '/consent/')).toBe(true);

      const after = await ground.browser.submit(page, tickAll(page), { button: 'Allow' });
      expect(answerAt(after)).toHaveProperty('code');
    }

    expect(answerAt(await ground.browser.open(native.url({ redirect_uri: used, prompt: 'none' })))).toMatchObject({
      error: expect.stringMatching(/^(interaction|consent)_required$/),
    });
  });

  test('S21: the page names the app, where it is, what it gets and for how long', async () => {
    const browser = await ground.signedIn(ground.ana);
    const wiki = await ground.party('web', {
      client_name: 'Ana’s Wiki',
      redirect_uris: ['https://wiki.example.net/cb'],
    });
    const { words } = await browser.open(wiki.url());

    for (const word of ['Ana’s Wiki', 'wiki.example.net', ground.ana.email, 'Ana Lind', '90 days', '30 days']) {
      expect(words).toContain(word);
    }
  });

  test.each(names)('S21: a name is text, one line and short: %s', async (_, name) => {
    const party = await ground.party('web');
    const hostile = {
      client_name: name,
      logo_uri: 'https://wiki.example.net/"onerror="alert(1)',
      policy_uri: "https://wiki.example.net/'onmouseover='alert(1)",
      tos_uri: 'https://wiki.example.net/><script>alert(1)</script>',
    };
    // Past the rules of registration, as if an older version had let it in.
    await ground.app.services.records.clients.update(party.id, (old) => ({
      ...old,
      metadata: { ...old.metadata, ...hostile },
      version: old.version + 1,
    }));
    ground.app.clock.advance(5_000);

    const consent = await ground.browser.open(party.url());
    const signIn = await ground.browser.open(party.url({ prompt: 'login' }));

    for (const { html, words, title, url } of [consent, signIn]) {
      expect(new URL(url).pathname).toMatch(/^\/(consent|sign-in)\//);
      expect(html.length).toBeLessThan(30_000);
      expect(html).not.toMatch(/<script>|<img src=x|["'] ?on(error|mouseover)=|<a href="https:\/\/evil/);
      expect(html).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}]/u);
      expect(words).not.toContain('49');
      expect(title.length).toBeLessThan(200);
    }
  });

  test('S21: registration refuses a name that is long or more than a line', async () => {
    for (const name of ['x'.repeat(61), 'x'.repeat(50_000), 'two\nlines', 'a\u202eb', '']) {
      const made = await ground.app.services.clients.create(
        { client_name: name, redirect_uris: ['https://a.example.com/'] },
        { actor: 'command-line' },
        { kind: 'web' },
      );

      expect({ name: name.slice(0, 10), ...made }).toMatchObject({ ok: false });
    }
  });
});

function acrClaim(): string {
  return JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:gatehouse:acr:2' } } });
}
