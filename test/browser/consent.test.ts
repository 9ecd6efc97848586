import { afterAll, beforeAll, test } from '@jest/globals';

import { email, files, item, offline, openConsent, openid, profile } from '../consent/page.ts';
import { expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { ana, stepAt, uid, wiki } from '../support/interactions.ts';
import { describeWith } from '../support/need.ts';

describeWith('chromium', 'the consent page, as it looks', () => {
  let chromium: Chromium;

  beforeAll(async () => {
    chromium = await startChromium();
  });

  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
  });

  const everything = [
    openid,
    profile,
    { ...email, allowed: true },
    item('claim:birthdate', { claim: 'birthdate' }),
    files,
    offline,
  ];

  test(
    'everything that can be asked',
    async () => {
      await using site = await openConsent(everything);
      const page = await chromium.open();

      await page.goto(`${site.origin}/consent/${uid}`);
      await expectPresentable(page, 'consent');
    },
    patience,
  );

  test(
    'in German, by a program that calls itself something',
    async () => {
      const client = { ...wiki, impersonable: true, host: 'localhost:4711', onThisComputer: true };
      await using site = await openConsent(
        everything,
        stepAt('consent', { client, account: { ...ana, locale: 'de' } }),
      );
      const page = await chromium.open({ locale: 'de-DE' });

      await page.goto(`${site.origin}/consent/${uid}`);
      await expectPresentable(page, 'consent-de');
    },
    patience,
  );
});
