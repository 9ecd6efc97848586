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
