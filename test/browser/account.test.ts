import { afterAll, beforeAll, test } from '@jest/globals';

import { openConsole } from '../account/console.ts';
import { expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';

describeWith('chromium', 'the account console, as it looks', () => {
  let chromium: Chromium;

  beforeAll(async () => {
    chromium = await startChromium();
  });

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
  });

  test(
    'personal information: as it is, saved, and with problems',
    async () => {
      const claims = {
        website: 'https://ana.example.com/about-me',
        address: { street_address: 'Kai 1', locality: 'Kiel' },
      };
      await using site = await openConsole(
        { claims, phone: { number: '+4915112345678', verified: false }, task: 'Payroll' },
        ['website', 'address'],
      );
      const page = await chromium.open();

      await page.goto(site.origin);
      await expectPresentable(page, 'personal-information');

      await page.getByLabel('Language').selectOption('de');
      await page.getByRole('button', { name: 'Save changes' }).click();
      await page.getByText('Ihre Änderungen sind gespeichert.').waitFor();
      await expectPresentable(page, 'personal-information-saved');

      site.problems.push(
        { path: 'displayName', key: 'problem.tooLong', values: { max: 20 } },
        { path: 'task', key: 'problem.controlCharacters' },
      );
      await page.getByRole('button', { name: 'Änderungen speichern' }).click();
      await page.getByText('höchstens 20 Zeichen').first().waitFor();
      await expectPresentable(page, 'personal-information-wrong');
    },
    patience,
  );

  test(
    'sign-in & security: as it is, with problems, during a wait, and changed; blocked tries in the activity',
    async () => {
      await using site = await openConsole();
      const page = await chromium.open();
      const change = async (current: string, next: string) => {
        await page.getByLabel('Current password').fill(current);
        await page.getByLabel('New password', { exact: true }).fill(next);
        await page.getByLabel('Confirm new password').fill(next);
        await page.getByRole('button', { name: 'Change password' }).click();
      };

      await page.goto(`${site.origin}/account/sign-in-and-security`);
      await expectPresentable(page, 'sign-in-and-security');

      site.security.tries = {
        count: 200,
        more: true,
        lastAt: site.clock.now() - 7_200_000,
        userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
        ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
      };
      await page.goto(`${site.origin}/account/activity`);
      await page.getByText('200 or more').waitFor();
      await expectPresentable(page, 'activity-tries');
      await page.goto(`${site.origin}/account/sign-in-and-security`);

      await change('a wrong one', 'nine herons judge the moor');
      await page.getByText('not your current password').first().waitFor();
      await expectPresentable(page, 'sign-in-and-security-wrong');

      const { admission } = site.security;
      site.security.admission = { allowed: false, reason: 'pair', retryAfter: 40 };
      await change(site.security.password, 'nine herons judge the moor');
      await page.getByText('Wait 40 seconds').waitFor();
      await expectPresentable(page, 'sign-in-and-security-wait');

      site.security.admission = admission;
      await change(site.security.password, 'nine herons judge the moor');
      await page.getByText('Your password is changed').waitFor();
      await expectPresentable(page, 'sign-in-and-security-changed');
    },
    patience,
  );

  test(
    'signed out, and a sign-in that did not finish',
    async () => {
      await using site = await openConsole();
      const page = await chromium.open();

      await page.goto(`${site.origin}/signed-out`);
      await expectPresentable(page, 'signed-out');

      await page.goto(`${site.origin}/account/signed-in?error=server_error&state=checked`);
      await expectPresentable(page, 'not-signed-in');
    },
    patience,
  );
});
