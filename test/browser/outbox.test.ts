import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { locales, type Locale } from '../../src/domain/account.ts';
import type { MailName, Mails } from '../../src/messages/catalogue.ts';
import { mailSamples } from '../messages/samples.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { expectPresentable, patience, startChromium, type Chromium } from '../support/chromium.ts';
import { describeWith } from '../support/need.ts';

const ana = 'ana.lindqvist@example.com';

describeWith('chromium', 'the outbox and the mails in it, as they look', () => {
  let chromium: Chromium;
  let app: TestApp;

  beforeAll(async () => {
    chromium = await startChromium();
    app = await startTestApp({ env: { GATEHOUSE_BRANDING_LINKS_HELP: 'https://northwind.example/help' } });
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await chromium[Symbol.asyncDispose]();
  });

  async function write<Name extends MailName>(
    name: Name,
    locale: Locale = 'en',
    data: Mails[Name] = mailSamples[name],
  ) {
    const { records, messages } = app.services;

    await records.write(messages.compose(name, { to: ana, locale, data }));
    app.clock.advance(1000);
  }

  test(
    'empty, full, a mail and a text message',
    async () => {
      const page = await chromium.open();

      await page.goto(`${app.url}/dev/outbox`);
      await expectPresentable(page, 'outbox-empty');

      for (const name of ['verify-email', 'new-device', 'reset-password'] as const) await write(name);
      const { records, messages } = app.services;
      const allowed = await messages.allowText({ number: '+4915112345678', ip: '203.0.113.9' });
      if (!allowed.allowed) throw new Error(allowed.reason);
      const data = { code: '271828', lives: 600 };
      await records.write(messages.composeText('sign-in-code-text', { to: allowed.to, locale: 'en', data }));

      await page.reload();
      await expectPresentable(page, 'outbox');

      await page.getByRole('link', { name: 'Choose a new password' }).click();
      const mail = page.frameLocator('iframe');
      await mail.getByRole('heading', { name: 'Choose a new password' }).waitFor();
      await expectPresentable(page, 'outbox-mail');

      await page.goto(`${app.url}/dev/outbox`);
      await page.getByRole('link', { name: /271828 is your code/ }).click();
      await expectPresentable(page, 'outbox-text');
    },
    patience,
  );

  test(
    'a link in a mail that is shown opens our page in a tab of its own',
    async () => {
      await write('address-tried');
      const page = await chromium.open();

      await page.goto(`${app.url}/dev/outbox`);
      await page.getByRole('link', { name: 'You already have an account' }).first().click();
      const popup = page.waitForEvent('popup');
      await page.frameLocator('iframe').getByRole('link', { name: 'Sign in' }).click();

      const opened = await popup;
      await opened.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(new URL(opened.url()).origin).toBe(app.url);
    },
    patience,
  );

  test(
    'mails, in every scheme and at every width',
    async () => {
      const page = await chromium.open();

      // Between them, these have everything that a mail can have.
      for (const name of ['recovery-code-used', 'sign-in-code', 'recovery-codes-low'] as const) {
        await write(name);
        const { id } = await app.mail.to(ana, name);
        await page.goto(`${app.url}/dev/outbox/${id}/html`);
        await expectPresentable(page, `mail-${name}`);
      }
    },
    patience,
  );

  test(
    'no mail in any language is wider than a phone',
    async () => {
      const page = await chromium.open({ viewport: { width: 390, height: 900 } });

      for (const name of Object.keys(mailSamples) as MailName[]) {
        for (const locale of locales) {
          await write(name, locale);
          const { id } = await app.mail.to(ana, name);
          await page.goto(`${app.url}/dev/outbox/${id}/html`);
          const width = await page.evaluate('document.documentElement.scrollWidth');
          expect({ name, locale, width }).toEqual({ name, locale, width: 390 });
        }
      }
    },
    patience,
  );
});
