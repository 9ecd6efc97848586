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
