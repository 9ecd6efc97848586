import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { isSignedIn } from '../security/web/visits.ts';
import { recoveryAt, wanted } from './recovery.ts';

/** Whose password is forgotten, and what is typed in its place. */
describe('the page of a new password', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { GATEHOUSE_LIMITS_RECOVERY_PER_ADDRESS: '1000' } });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  const { ask, linkTo, reset, signsIn } = recoveryAt(() => app);

  test('a link that nobody was sent, and half of one, lead to a page with a way on', async () => {
    for (const token of ['', '0', '7'.repeat(26), '%00', 'a'.repeat(5000)]) {
      const page = await openBrowser(app.url).open(`/reset-password?token=${token}`);

      expect([400, 410]).toContain(page.status);
      if (page.status === 410) expect(page.html).toContain('href="/forgot-password"');
    }

    const page = await openBrowser(app.url).open('/reset-password');
    expect(page.title).toContain('Enter the code');
  });

  test('what is wrong stands beside its field, with how strong the password is; nothing is used up', async () => {
    const ana = await app.account({ firstName: 'Zyxandra' });
    await ask(ana.email);
    const path = await linkTo(ana);
    const cases: [Record<string, string>, RegExp][] = [
      [{ newPassword: 'short', confirmPassword: 'short' }, /at least 15 characters.*Strength: Very weak/],
      [{ newPassword: wanted, confirmPassword: `${wanted}!` }, /differs from the new password.*Strength: Strong/],
      [
        { newPassword: 'zyxandra 8462951', confirmPassword: 'zyxandra 8462951' },
        /leave out your name.*It holds your name/,
      ],
    ];

    for (const [fields, words] of cases) {
      const page = await reset(path, openBrowser(app.url), fields);

      expect([page.status, page.words]).toEqual([422, expect.stringMatching(words)]);
      expect(page.html).not.toContain(fields['newPassword'] ?? '');
    }

    expect((await reset(path)).words).toContain('Your new password is set');
  });

  test('S75: a second factor stays, and is asked for after it', async () => {
    const ana = await app.account({ administrator: true });
    const phone = { number: '+4915112345678', verified: true };
    await app.services.records.accounts.update(ana.id, (old) => ({ ...old, phone }));
    await app.services.records.factors.create({
      id: ana.id,
      version: 1,
      authenticators: [],
      passkeys: [],
      text: { addedAt: 1 },
      changedAt: 1,
    });
    const before = await app.services.factors.of(ana.id);
    await ask(ana.email);
    const browser = openBrowser(app.url);
    const form = await browser.open(await linkTo(ana));
    expect(form.words).toContain('At least 8 characters');

    const eight = { newPassword: 'k7#vPq2m', confirmPassword: 'k7#vPq2m' };
    const page = await browser.submit(form, eight);
    expect(page.words).toContain('Your new password is set');
    const { version, ...left } = before;
    expect(await app.services.factors.of(ana.id)).toEqual({ ...left, version: version + 1, shortPassword: true });

    const after = await browser.submit(page, { email: ana.email, password: 'k7#vPq2m' });
    expect(new URL(after.url).pathname).toMatch(/\/second-factor$/);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('an account without a password gets one', async () => {
    const made = await app.services.accounts.create(
      { email: 'wordless@example.com', emailVerified: true },
      { actor: 'command-line' },
    );
    if (!made.ok) throw new Error('no account');

    await ask('Wordless@Example.com ');
    await reset(await linkTo(made.value));
    expect(await signsIn({ email: 'wordless@example.com', password: wanted })).toBe(true);
  });

  test('S80: an address that was never proved is proved by it, and what a stranger left there is gone', async () => {
    const ana = await app.account({ emailVerified: false });
    await app.services.records.factors.create({
      id: ana.id,
      version: 1,
      authenticators: [],
      passkeys: ['a-strangers'],
      email: { addedAt: 1 },
      changedAt: 1,
    });

    await ask(ana.email);
    await reset(await linkTo(ana));

    expect(await app.services.records.factors.get(ana.id)).toBeUndefined();
    expect(await signsIn({ ...ana, password: wanted })).toBe(true);
    expect(await signsIn(ana)).toBe(false);
  });
});
