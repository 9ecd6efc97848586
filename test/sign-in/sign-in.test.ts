import { describe, expect, test } from '@jest/globals';

import { Unavailable } from '../../src/domain/errors.ts';
import { ana, stepAt, uid, wiki } from '../support/interactions.ts';
import { openDoor } from './door.ts';

const path = `/sign-in/${uid}`;
const right = { email: 'ana@example.com', password: 'quiet-marble-otter-47-lantern' };

describe('the sign-in page', () => {
  test('asks for e-mail and password on one page, says for which app, and fills in the hint', async () => {
    await using door = await openDoor(stepAt('login', { loginHint: 'ana@example.com' }));

    const page = await door.browser().get(path);

    expect(page.status).toBe(200);
    expect(page.words).toContain('Sign in to go on to Payroll');
    expect(page.forms[0]?.fields).toMatchObject({ email: 'ana@example.com', password: '' });
    expect(page.html).toMatch(/<input type="email"[^>]*autocomplete="username webauthn"[^>]*inputmode="email"/);
    expect(page.html).toMatch(/<input type="password"[^>]*autocomplete="current-password"/);
  });

  test('S21: what an app says about itself stands there inertly, its host beside its name', async () => {
    const client = { ...wiki, name: '<script>alert(1)</script>', policyUri: 'javascript:alert(1)' };
    await using door = await openDoor(
      stepAt('login', { client: { ...client, logoUri: 'https://wiki.example.net/i.png' } }),
    );

    const page = await door.browser().get(path);

    expect(page.words).toContain('<script>alert(1)</script> at wiki.example.net');
    expect(page.html).not.toMatch(/<script>|href="javascript:/);
    expect(page.html).toContain('src="https://wiki.example.net/i.png" alt=""');
    expect(page.headers['content-security-policy']).toContain("img-src 'self' https://wiki.example.net");
    expect(page.html).toContain('href="https://wiki.example.net/terms" rel="noreferrer"');
  });

  test('lets its form end at the app, and nowhere else', async () => {
    await using door = await openDoor(stepAt('login', { formAction: ['https:', 'http://127.0.0.1:8912'] }));

    const page = await door.browser().get(path);

    expect(page.headers['content-security-policy']).toContain("form-action 'self' https: http://127.0.0.1:8912;");
  });

  test('goes on with the right password: one factor, one event, the failure taken back', async () => {
    await using door = await openDoor(stepAt('login'));
    const browser = door.browser();

    const done = await browser.submit(await browser.get(path), right, { follow: false });

    expect(done.location).toBe(`${door.origin}/done`);
    expect(door.played.calls).toEqual([
      ['signedIn', uid, { accountId: 'a1', amr: ['pwd'], acr: 'urn:gatehouse:acr:1', at: expect.any(Number) }],
    ]);
    expect(door.steps).toEqual(['admit', 'verify a1', 'succeeded a1']);
    expect(door.events).toMatchObject([
      { kind: 'sign_in.succeeded', facts: { actor: 'a1', clientId: 'payroll', details: { amr: ['pwd'] } } },
    ]);
  });

  test('S23: a form without the token of this browser signs nobody in, and is shown again to be sent', async () => {
    await using door = await openDoor(stepAt('login'));
    const browser = door.browser();

    const page = await browser.post(path, right);

    expect(page.status).toBe(403);
    expect(page.forms[0]?.fields).toMatchObject({ email: right.email, password: '' });
    expect(door.played.calls).toEqual([]);
    expect(door.steps).toEqual([]);
  });

  test('says what is missing beside the field and on top, and keeps the e-mail', async () => {
    await using door = await openDoor(stepAt('login'));
    const browser = door.browser();

    const page = await browser.submit(await browser.get(path), { email: 'ana@', password: '' });

    expect(page.status).toBe(422);
    expect(page.forms[0]?.fields).toMatchObject({ email: 'ana@' });
    expect(page.html).toContain('<a href="#field-password">Password</a> – Enter your password.');
    expect(page.html).toMatch(/id="field-password"[^>]*aria-invalid="true"/);
    expect(door.steps).toEqual([]);
  });
});

describe('a wrong e-mail or password', () => {
  test('S71: unknown, wrong and closed get the same page, after the same work', async () => {
    await using door = await openDoor(stepAt('login'));
    door.people = [ana, { ...ana, id: 'a2', emailKey: 'bo@example.com', status: 'closing' }];

    const tries = [
      { email: 'nobody@example.com', password: right.password },
      { email: 'ana@example.com', password: 'wrong' },
      { email: 'bo@example.com', password: right.password },
    ];
    const seen: { status: number; words: string }[] = [];

    for (const { email, password } of tries) {
      const browser = door.browser();
      const { status, words } = await browser.submit(await browser.get(path), { email, password });
      seen.push({ status, words });
    }

    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(seen[0]?.words).toContain('That e-mail and password don’t match.');
    expect(door.steps).toEqual(['nobody', 'a1', 'a2'].flatMap((who) => ['admit', `verify ${who}`, 'failed']));
    expect(door.events.map(({ kind, facts }) => [kind, facts['details']])).toEqual([
      ['sign_in.failed', { known: false }],
      ['sign_in.failed', { known: true }],
      ['sign_in.failed', { known: true }],
    ]);
    expect(door.played.calls).toEqual([]);
  });

  test('never shows the password again', async () => {
    await using door = await openDoor(stepAt('login'));
    const browser = door.browser();

    const page = await browser.submit(await browser.get(path), {
      email: 'ana@example.com',
      password: 'hunter-two-canary',
    });

    expect(page.html).not.toContain('hunter-two-canary');
    expect(page.forms[0]?.fields).toMatchObject({ email: 'ana@example.com' });
  });

  test('a password that could not be looked at does not count', async () => {
    await using door = await openDoor(stepAt('login'));
    door.broken = new Unavailable('the queue is full');
    const browser = door.browser();

    const page = await browser.submit(await browser.get(path), right);

    expect(page.status).toBe(503);
    expect(door.steps).toEqual(['admit', 'verify a1', 'withdrawn']);
  });
});

describe('a wait after wrong guesses', () => {
  test('S86: looks at no password, says how long, the same for known and unknown', async () => {
    await using door = await openDoor(stepAt('login'));
    door.refusal = { allowed: false, retryAfter: 20, reason: 'pair' };
    const seen: string[] = [];

    for (const email of ['ana@example.com', 'nobody@example.com']) {
      const browser = door.browser();
      const page = await browser.submit(await browser.get(path), { ...right, email });

      expect([page.status, page.headers['retry-after']]).toEqual([429, '20']);
      expect(page.forms[0]?.fields).toMatchObject({ email });
      seen.push(page.words);
    }

    expect(seen[0]).toContain('Wait 20 seconds, then try again.');
    expect(seen[1]).toBe(seen[0]);
    expect(door.steps).toEqual(['admit', 'admit']);
    expect(door.events[0]).toMatchObject({
      kind: 'sign_in.blocked',
      facts: { details: { reason: 'pair', retryAfter: 20 } },
    });
  });

  test.each([
    [1, 'en', 'Wait 1 second,'],
    [60, 'en', 'Wait 1 minute,'],
    [61, 'en', 'Wait 2 minutes,'],
    [86_400, 'en', 'Wait 24 hours,'],
    [20, 'de', 'Versuchen Sie es in 20 Sekunden noch einmal.'],
  ])('%i seconds in %s', async (retryAfter, language, words) => {
    await using door = await openDoor(stepAt('login'));
    door.refusal = { allowed: false, retryAfter, reason: 'account' };
    const browser = door.browser({ headers: { 'accept-language': language } });

    expect((await browser.submit(await browser.get(path), right)).words).toContain(words);
  });
});

test('S84: after a hundred failures in a row a new browser is told what helps instead', async () => {
  await using door = await openDoor(stepAt('login'));
  door.refusal = { allowed: false, retryAfter: 31_536_000, reason: 'locked' };
  const seen: string[] = [];

  for (const email of ['ana@example.com', 'nobody@example.com']) {
    const browser = door.browser();
    const page = await browser.submit(await browser.get(path), { ...right, email });

    expect(page.status).toBe(429);
    seen.push(page.words);
  }

  expect(seen[0]).toContain('First, a code from your mailbox');
  expect(seen[0]).toContain('Browsers in which you have signed in before, and passkeys, go on working.');
  expect(seen[1]).toBe(seen[0]);
  expect(door.steps).toEqual(['admit', 'admit']);
});

describe('somebody who is signed in already', () => {
  test('S19: is asked again by name, and may say that they are somebody else', async () => {
    await using door = await openDoor(
      stepAt('login', { account: ana, reasons: ['max_age'], loginHint: 'bo@example.com' }),
    );
    const browser = door.browser();

    const page = await browser.get(path);

    expect(page.words).toContain('Confirm that it’s you Payroll asks you to sign in again.');
    expect(page.forms[0]?.fields).toMatchObject({ email: 'ana@example.com' });
    expect(page.html).toMatch(/name="email"[^>]* readonly/);

    const other = await browser.get(`${path}?as=another`);

    expect(other.forms[0]?.fields).toMatchObject({ email: '' });
    expect(other.html).not.toContain('readonly');

    const wrong = await browser.submit(other, { email: 'bo@example.com', password: 'wrong' });
    expect(wrong.forms[0]?.fields).toMatchObject({ email: 'bo@example.com' });
    expect(wrong.html).not.toContain('readonly');
  });
});

describe('somebody who would rather not', () => {
  test('tells the app so', async () => {
    await using door = await openDoor(stepAt('login', { client: wiki }));
    const browser = door.browser();

    await browser.submit(await browser.get(path), {}, { form: 'refuse', button: 'Go back to Wiki', follow: false });

    expect(door.played.calls).toEqual([['refused', uid]]);
  });

  test('is not asked where the app may not be told', async () => {
    await using door = await openDoor(stepAt('login', { mayRefuse: false }));
    const browser = door.browser();
    const page = await browser.get(path);

    expect(page.forms.map(({ action }) => action)).not.toContainEqual(expect.stringContaining('refuse'));

    const csrf = page.forms[0]?.fields['csrf'] ?? '';
    expect((await browser.post(`${path}/refuse`, { csrf })).location).toBe(door.origin + path);
    expect(door.played.calls).toEqual([]);
  });
});
