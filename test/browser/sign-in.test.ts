import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { openDoor } from '../sign-in/door.ts';
import { expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { ana, stepAt, uid, wiki } from '../support/interactions.ts';
import { describeWith } from '../support/need.ts';

describeWith('chromium', 'the pages of signing in, as they look', () => {
  let chromium: Chromium;

  beforeAll(async () => {
    chromium = await startChromium();
  });

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
  });

  const path = `/sign-in/${uid}`;

  test(
    'e-mail and password',
    async () => {
      await using door = await openDoor(stepAt('login', { client: wiki }));
      const page = await chromium.open();

      await page.goto(door.origin + path);
      await expectPresentable(page, 'sign-in');

      await page.getByLabel('E-mail').fill('ana@example.com');
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('don’t match').waitFor();
      await expectPresentable(page, 'sign-in-wrong');

      door.refusal = { allowed: false, retryAfter: 20, reason: 'pair' };
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Wait 20 seconds').waitFor();
      await expectPresentable(page, 'sign-in-wait');
    },
    patience,
  );

  test(
    'again, in German, with a long name',
    async () => {
      const client = { ...wiki, name: 'Arbeitszeiterfassungsverwaltungsgesellschaftsportal Hamburg' };
      await using door = await openDoor(stepAt('login', { client, account: ana }));
      const page = await chromium.open({ locale: 'de-DE' });

      await page.goto(door.origin + path);
      await expectPresentable(page, 'sign-in-again-de');
    },
    patience,
  );

  test(
    'the account picker',
    async () => {
      await using door = await openDoor(stepAt('select_account', { account: ana }));
      const page = await chromium.open();

      await page.goto(`${door.origin}/choose-account/${uid}`);
      await expectPresentable(page, 'choose-account');
    },
    patience,
  );

  test(
    'a step that has ended',
    async () => {
      await using door = await openDoor({ ended: 'expired', client: wiki, restartable: true });
      const page = await chromium.open();

      await page.goto(door.origin + path);
      await expectPresentable(page, 'ended');

      door.played.now = { ended: 'elsewhere', restartable: false };
      await page.goto(door.origin + path);
      await expectPresentable(page, 'ended-gone');
    },
    patience,
  );

  test(
    'a forgotten password',
    async () => {
      await using door = await openDoor(stepAt('login', { client: wiki, loginHint: 'ana@example.com' }));
      door.links.set('t', { account: ana, secondFactor: false, apiKeys: 0 });
      const page = await chromium.open();

      await page.goto(door.origin + path);
      await page.getByRole('link', { name: 'Forgot password?' }).click();
      await expectPresentable(page, 'forgot-password');

      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByText('If there is an account').waitFor();
      expect(door.asked).toEqual(['ana@example.com']);
      await expectPresentable(page, 'recovery-sent');

      await page.getByLabel('Code').fill('nothing');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('not right').first().waitFor();
      await expectPresentable(page, 'recovery-code-wrong');

      await page.getByLabel('Code').fill('t');
      await page.getByRole('button', { name: 'Go on' }).click();
      await expectPresentable(page, 'reset-password');

      await page.getByLabel('New password', { exact: true }).fill('monday monday 12');
      await page.getByLabel('Confirm new password').fill('monday monday 13');
      await page.getByRole('button', { name: 'Save the new password' }).click();
      await page.getByText('Strength:').waitFor();
      await expectPresentable(page, 'reset-password-wrong');

      await page.goto(`${door.origin}/reset-password?token=used`);
      await expectPresentable(page, 'reset-ended');

      door.mayAsk = false;
      await page.goto(`${door.origin}/forgot-password`);
      await page.getByLabel('E-mail').fill('ana@example.com');
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByText('too many requests').first().waitFor();
      await expectPresentable(page, 'forgot-password-too-many');
    },
    patience,
  );

  test(
    'a code from the mailbox, after too many wrong passwords',
    async () => {
      await using door = await openDoor(stepAt('login', { client: wiki }));
      door.refusal = { allowed: false, retryAfter: 300, reason: 'locked' };
      const page = await chromium.open();

      await page.goto(door.origin + path);
      await page.getByLabel('E-mail').fill('ana@example.com');
      await page.getByLabel('Password').fill('whatever it was');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('First, a code').waitFor();
      expect(await page.getByLabel('E-mail').inputValue()).toBe('ana@example.com');
      await expectPresentable(page, 'mailbox');

      await page.getByRole('button', { name: 'Send code' }).click();
      await page.getByLabel('Code').fill('000000');
      await expectPresentable(page, 'mailbox-sent');

      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('Tries left: 2').first().waitFor();
      await expectPresentable(page, 'mailbox-wrong');

      await page.getByLabel('Code').fill('012 345');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('Now sign in with your password').waitFor();
    },
    patience,
  );

  test(
    'this wasn’t me',
    async () => {
      await using door = await openDoor(stepAt('login'));
      door.links.set('t', { account: ana, secondFactor: false, apiKeys: 0 });
      const page = await chromium.open();

      await page.goto(`${door.origin}/wasnt-me`);
      await page.getByLabel('Code').fill('t');
      await expectPresentable(page, 'wasnt-me-code');

      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('This wasn’t you?').waitFor();
      await expectPresentable(page, 'wasnt-me');

      await page.getByRole('button', { name: 'Sign everybody out' }).click();
      await page.getByText('Everybody is signed out').first().waitFor();
      await expectPresentable(page, 'wasnt-me-done');

      await page.goto(`${door.origin}/wasnt-me?token=used`);
      await expectPresentable(page, 'wasnt-me-ended');
    },
    patience,
  );

  test(
    'how strong a new password is, said while it is typed',
    async () => {
      await using door = await openDoor(stepAt('login'));
      door.links.set('t', { account: ana, secondFactor: false, apiKeys: 0 });
      const page = await chromium.open({ javaScriptEnabled: true, locale: 'de-DE' });
      const strength = page.getByRole('status');

      await page.goto(`${door.origin}/reset-password?token=t`);
      expect(await strength.isVisible()).toBe(false);

      const field = page.getByLabel('Neues Passwort', { exact: true });
      await field.fill('monday12');
      await page.getByText('Sehr schwach').waitFor();
      expect(await strength.getAttribute('data-score')).toBe('0');

      await field.fill('nine herons judge the moor');
      await page.getByText('Stark', { exact: true }).waitFor();

      await field.fill('');
      expect(await strength.isVisible()).toBe(false);

      await field.fill('lindqvist 20');
      await page.getByText('Es enthält Ihren Namen').waitFor();
      await expectPresentable(page, 'password-strength-de');
    },
    patience,
  );

  test(
    'setting up',
    async () => {
      await using door = await openDoor(stepAt('login'));
      door.open.add('t');
      door.problems = [
        { path: 'password', key: 'problem.passwordCommon' },
        { path: 'email', key: 'problem.emailTaken' },
      ];
      const page = await chromium.open();

      await page.goto(`${door.origin}/setup?token=t`);
      await expectPresentable(page, 'setup');

      await page.getByLabel('E-mail').fill('ana@example.com');
      await page.getByLabel('Display name').fill('Ana');
      await page.getByLabel('Password').fill('passwordpassword');
      await page.getByRole('button', { name: 'Create the administrator' }).click();
      await page.getByText('tried first').first().waitFor();
      await expectPresentable(page, 'setup-wrong');

      await page.goto(`${door.origin}/setup?token=used`);
      expect(await page.getByRole('heading').textContent()).toContain('doesn’t work any more');
      await expectPresentable(page, 'setup-closed');
    },
    patience,
  );
});
